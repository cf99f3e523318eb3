import CBaseline
import Foundation
import PoolCore
import PoolTesting
import Synchronization

/// Many tasks that wait for the one connection, and how long it takes until none waits.
struct WaiterRun: Codable {
    /// How the waits end.
    enum End: String, Codable {
        case served, cancelled, timedOut
        /// No pool: each task waits for its own continuation.
        case resumed

        static let allCases: [Self] = [.served, .cancelled, .timedOut]

        var title: String { self == .timedOut ? "timed out" : rawValue }
    }

    let end: End
    let count: Int

    func measure() async throws -> Measurement {
        end == .resumed ? try await measureContinuations() : try await measurePool()
    }

    private func measurePool() async throws -> Measurement {
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
                    guard end == .served else { throw BenchmarkError("a wait was served that was to be \(end.title)") }
                } catch let error as PoolError where error.code == .acquireTimedOut && end == .timedOut {
                } catch is CancellationError where end == .cancelled {}
            }
        }
        while pool.statistics.counts.waiting < count { try await Task.sleep(for: .milliseconds(1)) }
        let stopwatch = Stopwatch(memory: memory, count: count)
        switch end {
        case .served: lease.take()?.release()
        case .cancelled: for task in tasks { task.cancel() }
        case .timedOut: time.advance(by: .seconds(61))
        case .resumed: break
        }
        for task in tasks { try await task.value }
        let measurement = stopwatch.stop()
        lease = nil
        await pool.close(drain: .zero)
        return measurement
    }

    private func measureContinuations() async throws -> Measurement {
        let waiters = Continuations()
        let memory = measurement_resident_memory()
        let tasks = (0..<count).map { _ in
            Task {
                await withCheckedContinuation { continuation in waiters.all.withLock { $0.append(continuation) } }
            }
        }
        while waiters.all.withLock({ $0.count }) < count { try await Task.sleep(for: .milliseconds(1)) }
        let stopwatch = Stopwatch(memory: memory, count: count)
        for waiter in waiters.all.withLock({ $0 }) { waiter.resume() }
        for task in tasks { await task.value }
        return stopwatch.stop()
    }

    private final class Continuations: Sendable {
        let all = Mutex<[CheckedContinuation<Void, Never>]>([])
    }

    /// Begins when all wait.
    private struct Stopwatch {
        private let count: Int
        private let memoryEach: Int64
        private let processorTime = measurement_processor_time()
        private let start = measurement_now()

        init(memory: Int64, count: Int) {
            self.count = count
            memoryEach = max(measurement_resident_memory() - memory, 0) / Int64(count)
        }

        func stop() -> Measurement {
            Measurement(
                operations: Int64(count), elapsed: measurement_now() - start,
                processorTime: measurement_processor_time() - processorTime, memoryEach: memoryEach)
        }
    }
}
