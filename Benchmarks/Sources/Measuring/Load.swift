package import CBaseline
import Foundation
import Synchronization

/// Tasks that do the same again and again.
package struct Load: Codable, Sendable {
    package let tasks: Int
    /// How many operations are done between two looks at the clock, which costs too much for the smallest. The times
    /// are then those of so many, divided.
    package var operationsPerCall = 1
    /// In seconds, like ``seconds``: for what the first uses cost.
    package var warmUp = 0.2
    /// For how long it is measured.
    package let seconds: Double

    package init(tasks: Int, operationsPerCall: Int = 1, seconds: Double) {
        self.tasks = tasks
        self.operationsPerCall = operationsPerCall
        self.seconds = seconds
    }

    fileprivate enum Phase {
        static let (warmingUp, measuring, stopped) = (0, 1, 2)
    }

    /// The form of the C programs.
    package var loadOfC: measurement_load {
        measurement_load(
            tasks: Int32(tasks), operations_per_call: Int32(operationsPerCall), warm_up: Int64(warmUp * 1e9),
            duration: Int64(seconds * 1e9))
    }

    /// Runs the tasks on `executor`, nil being the default one. Each call of `operation` does ``operationsPerCall``
    /// operations, and has the random state of its task.
    @concurrent
    package func measure(
        on executor: (any TaskExecutor)? = nil, _ operation: @escaping @Sendable (inout UInt64) async throws -> Void
    ) async throws -> Figures {
        let phase = Phases()
        let records = try (0..<tasks).map { _ in try LatencyRecord() }
        let timing = Timing(self, phase)
        try await withThrowingTaskGroup { group in
            for (index, record) in records.enumerated() {
                group.addTask(on: executor) {
                    // Stops the others too if this one fails.
                    defer { phase.set(Phase.stopped) }
                    var random = 88_172_645_463_325_252 + UInt64(index) * 2_654_435_761
                    var started = measurement_now()
                    while true {
                        let current = phase.current
                        if current == Phase.stopped { return }
                        try await operation(&random)
                        let ended = measurement_now()
                        if current == Phase.measuring { record.add(ended - started, operationsPerCall) }
                        started = ended
                    }
                }
            }
            try await group.waitForAll()
        }
        var result = await timing.result()
        for record in records.dropFirst() { records[0].merge(record) }
        records[0].fill(&result)
        return try Figures(result)
    }

    fileprivate final class Phases: Sendable {
        private let value = Atomic<Int>(Phase.warmingUp)

        var current: Int { value.load(ordering: .relaxed) }
        func set(_ phase: Int) { value.store(phase, ordering: .relaxed) }
        func advance(from old: Int, to new: Int) {
            _ = value.compareExchange(expected: old, desired: new, ordering: .relaxed)
        }
    }
}

extension ThrowingTaskGroup where ChildTaskResult == Void, Failure == any Error {
    /// Adds a task that prefers an executor, or none: to prefer none by `nil` makes each of the task's switches dearer.
    mutating func addTask(
        on executor: (any TaskExecutor)?, _ operation: @escaping @Sendable @isolated(any) () async throws -> Void
    ) {
        if let executor {
            addTask(executorPreference: executor, operation: operation)
        } else {
            addTask(operation: operation)
        }
    }
}

/// Takes the times on a thread of its own: tasks that never suspend may have all threads of the default executor.
private final class Timing: Sendable {
    private let results = AsyncStream<measurement_result>.makeStream()

    init(_ load: Load, _ phase: Load.Phases) {
        let continuation = results.continuation
        Thread.detachNewThread {
            var result = measurement_result()
            Thread.sleep(forTimeInterval: load.warmUp)
            measurement_begin(&result)
            phase.advance(from: Load.Phase.warmingUp, to: Load.Phase.measuring)
            Thread.sleep(forTimeInterval: load.seconds)
            measurement_end(&result)
            phase.set(Load.Phase.stopped)
            continuation.yield(result)
            continuation.finish()
        }
    }

    func result() async -> measurement_result {
        await results.stream.first { _ in true } ?? measurement_result()
    }
}

/// The histogram that the C programs use too.
package final class LatencyRecord: @unchecked Sendable {  // Sound because one task writes it before it is read.
    private let latencies: OpaquePointer

    package init() throws {
        guard let latencies = measurement_latencies_make() else { throw BenchmarkError("there is no memory") }
        self.latencies = latencies
    }

    deinit { measurement_latencies_free(latencies) }

    package func add(_ nanoseconds: Int64, _ operations: Int) {
        measurement_latencies_add(latencies, nanoseconds, Int32(operations))
    }

    package func merge(_ other: LatencyRecord) { measurement_latencies_merge(latencies, other.latencies) }
    package func fill(_ result: inout measurement_result) { measurement_result_set_latencies(&result, latencies) }
}
