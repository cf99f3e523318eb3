import Foundation
import PoolSQLite
import Synchronization

/// Blocks statements on as many connections as asked, and prints how late a task was that wanted to run every 10 ms. On
/// a busy machine it is late without them, too: it is measured before.
func heartbeat(path: String, blocked: Int, beats: Int) async throws {
    let valve = Valve()
    let block = SQLiteFunction("block", argumentCount: 0) { _ in
        valve.wait()
        return .int(1)
    }
    let pool = try SQLitePool(
        database: SQLiteConfiguration(.path(path), functions: [block]),
        configuration: PoolConfiguration(maximumConnections: blocked + 1, concurrentConnects: blocked))
    let before = try await worstDelay(of: beats, every: .milliseconds(10))
    // One connection at least has to be the writer, which creates the file.
    try await pool.execute("CREATE TABLE item (id INTEGER PRIMARY KEY)")

    try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<blocked {
            group.addTask { _ = try await pool.query("SELECT block()", .readOnly) }
        }
        await valve.hasWaiters(blocked)
        let meanwhile = try await worstDelay(of: beats, every: .milliseconds(10))
        print("beats \(beats)")
        print("blocked \(pool.statistics.counts.leased)")
        valve.open()
        try await group.waitForAll()
        print("microseconds-before \(Int(before / .microseconds(1)))")
        print("microseconds-meanwhile \(Int(meanwhile / .microseconds(1)))")
    }
    try await pool.close()
}

private func worstDelay(of beats: Int, every interval: Duration) async throws -> Duration {
    let clock = ContinuousClock()
    var worst = Duration.zero
    for _ in 0..<beats {
        let due = clock.now + interval
        try await clock.sleep(until: due, tolerance: .zero)
        worst = max(worst, clock.now - due)
    }
    return worst
}

/// Holds threads until it is opened.
final class Valve: Sendable {
    private let condition = NSCondition()
    private let state = Mutex(State())

    fileprivate struct State {
        var waiting = 0
        var isOpen = false
        var expectation: (count: Int, continuation: CheckedContinuation<Void, Never>)?
    }

    /// Blocks the calling thread.
    func wait() {
        condition.lock()
        defer { condition.unlock() }
        let reached = state.withLock { state in
            state.waiting += 1
            return state.takeIfReached()
        }
        reached?.resume()
        while !state.withLock(\.isOpen) { condition.wait() }
    }

    func open() {
        condition.lock()
        state.withLock { $0.isOpen = true }
        condition.broadcast()
        condition.unlock()
    }

    /// Returns once so many threads wait.
    func hasWaiters(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let reached = state.withLock { state in
                state.expectation = (count, continuation)
                return state.takeIfReached()
            }
            reached?.resume()
        }
    }
}

extension Valve.State {
    fileprivate mutating func takeIfReached() -> CheckedContinuation<Void, Never>? {
        guard let (count, continuation) = expectation, waiting >= count else { return nil }
        expectation = nil
        return continuation
    }
}
