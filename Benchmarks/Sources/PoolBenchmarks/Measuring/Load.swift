import CBaseline
import Synchronization

/// Tasks that do the same again and again.
struct Load: Codable, Sendable {
    let tasks: Int
    /// In seconds, like ``seconds``: for what the first uses cost.
    let warmUp: Double
    /// For how long is measured.
    let seconds: Double

    private enum Phase {
        static let (warmingUp, measuring, stopped) = (0, 1, 2)
    }

    /// Runs the tasks on `executor`, nil being the default one. Each call of `operation` has the random state of its task.
    @concurrent
    func measure(
        on executor: (any TaskExecutor)? = nil, _ operation: @escaping @Sendable (inout UInt64) async throws -> Void
    ) async throws -> Measurement {
        let phase = Phases()
        let records = try (0..<tasks).map { _ in try LatencyRecord() }
        var result = measurement_result()
        try await withThrowingTaskGroup { group in
            for (index, record) in records.enumerated() {
                group.addTask(executorPreference: executor) {
                    // Stops the others too if this one fails.
                    defer { phase.set(Phase.stopped) }
                    var random = 88_172_645_463_325_252 + UInt64(index) * 2_654_435_761
                    var started = measurement_now()
                    while true {
                        let current = phase.current
                        if current == Phase.stopped { return }
                        try await operation(&random)
                        let ended = measurement_now()
                        if current == Phase.measuring { record.add(ended - started) }
                        started = ended
                    }
                }
            }
            try await Task.sleep(for: .seconds(warmUp))
            let (processorTime, start) = (measurement_processor_time(), measurement_now())
            phase.advance(from: Phase.warmingUp, to: Phase.measuring)
            try await Task.sleep(for: .seconds(seconds))
            result.processor_time = measurement_processor_time() - processorTime
            result.elapsed = measurement_now() - start
            phase.set(Phase.stopped)
            try await group.waitForAll()
        }
        for record in records.dropFirst() { records[0].merge(record) }
        records[0].fill(&result)
        return try Measurement(result)
    }

    private final class Phases: Sendable {
        private let value = Atomic<Int>(Phase.warmingUp)

        var current: Int { value.load(ordering: .relaxed) }
        func set(_ phase: Int) { value.store(phase, ordering: .relaxed) }
        func advance(from old: Int, to new: Int) {
            _ = value.compareExchange(expected: old, desired: new, ordering: .relaxed)
        }
    }
}

/// The histogram that the C programs use too.
final class LatencyRecord: @unchecked Sendable {  // Sound because one task writes it, and ends before it is read.
    private let latencies: OpaquePointer

    init() throws {
        guard let latencies = measurement_latencies_make() else { throw BenchmarkError("there is no memory") }
        self.latencies = latencies
    }

    deinit { measurement_latencies_free(latencies) }

    func add(_ nanoseconds: Int64) { measurement_latencies_add(latencies, nanoseconds) }
    func merge(_ other: LatencyRecord) { measurement_latencies_merge(latencies, other.latencies) }
    func fill(_ result: inout measurement_result) { measurement_result_set_latencies(&result, latencies) }
}
