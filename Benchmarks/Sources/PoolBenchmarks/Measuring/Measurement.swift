import CBaseline

/// What one contender did in one round.
struct Measurement: Codable, Sendable {
    let operations: Int64
    /// These are nanoseconds, as in C.
    let elapsed: Int64
    let processorTime: Int64
    let p50: Int64
    let p99: Int64
    let p999: Int64

    init(_ result: measurement_result) throws {
        guard result.operations > 0 else { throw BenchmarkError("no operation ended within the time") }
        operations = result.operations
        elapsed = result.elapsed
        processorTime = result.processor_time
        (p50, p99, p999) = (result.p50, result.p99, result.p999)
    }

    /// Operations a second.
    var throughput: Double { Double(operations) / Double(elapsed) * 1e9 }
    /// User plus system time of the process for each operation, in nanoseconds.
    var processorTimePerOperation: Double { Double(processorTime) / Double(operations) }
}

struct BenchmarkError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
