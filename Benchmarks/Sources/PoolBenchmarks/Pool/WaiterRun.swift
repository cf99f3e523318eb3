import CBaseline
import Measuring
import PoolCore
import PoolTesting
import Synchronization

/// Many tasks that wait for the one connection, and how long it takes until none waits.
struct WaiterRun: Codable {
    /// How the waits end.
    enum End: String, Codable {
        case served
        case cancelled
        case timedOut = "timed out"
        /// No pool: each task waits for its own continuation.
        case resumed
    }

    let end: End
    let count: Int

    func measure() async throws -> Figures {
        end == .resumed ? try await measureContinuations() : try await measurePool()
    }

    private func measurePool() async throws -> Figures {
        // It stands still until it is stepped, so that no wait ends before all have begun.
        let time = ManualTime()
        let pool = try Pool(
            driver: NoOpDriver(),
            configuration: PoolConfiguration(
                name: "benchmark", maximumConnections: 1, maximumWaiters: count, acquireTimeout: .seconds(60),
                maximumLifetime: nil), environment: PoolEnvironment(time: time))
        var lease: Lease<NoOpDriver>? = try await pool.acquire()
        let memory = measurement_resident_memory()
        let end = end
        // No task group: to take a child out of it costs as much as there are others.
        let tasks = (0..<count).map { _ in
            Task {
                do {
                    try await pool.withConnection { _ in }
                    guard end == .served else {
                        throw BenchmarkError("a wait was served that was to be \(end.rawValue)")
                    }
                } catch let error as PoolError where error.code == .acquireTimedOut && end == .timedOut {
                } catch is CancellationError where end == .cancelled {}
            }
        }
        while pool.statistics.counts.waiting < count { try await Task.sleep(for: .milliseconds(1)) }
        var stopwatch = Stopwatch(memory: memory, count: count)
        switch end {
        case .served: lease.take()?.release()
        case .cancelled: for task in tasks { task.cancel() }
        case .timedOut: time.advance(by: .seconds(61))
        case .resumed: break
        }
        for task in tasks { try await task.value }
        let measurement = try stopwatch.stop()
        lease = nil
        try await pool.close(drain: .zero)
        return measurement
    }

    private func measureContinuations() async throws -> Figures {
        let waiters = Continuations()
        let memory = measurement_resident_memory()
        let tasks = (0..<count).map { _ in
            Task {
                await withUnsafeContinuation { continuation in waiters.all.withLock { $0.append(continuation) } }
            }
        }
        while waiters.all.withLock({ $0.count }) < count { try await Task.sleep(for: .milliseconds(1)) }
        var stopwatch = Stopwatch(memory: memory, count: count)
        for waiter in waiters.all.withLock({ $0 }) { waiter.resume() }
        for task in tasks { await task.value }
        return try stopwatch.stop()
    }

    private final class Continuations: Sendable {
        let all = Mutex<[UnsafeContinuation<Void, Never>]>([])
    }

    /// Begins when all wait.
    private struct Stopwatch {
        private var result = measurement_result()

        init(memory: Int64, count: Int) {
            result.operations = Int64(count)
            result.memory = max(measurement_resident_memory() - memory, 1)
            measurement_begin(&result)
        }

        mutating func stop() throws -> Figures {
            measurement_end(&result)
            return try Figures(result)
        }
    }
}
