import CBaseline

/// What one contender did in one round.
struct Measurement: Codable, Sendable {
    let operations: Int64
    /// These are nanoseconds, as in C.
    let elapsed: Int64
    let processorTime: Int64
    /// 0 where single operations are not timed.
    let p50: Int64
    let p99: Int64
    let p999: Int64
    /// Bytes that were resident for each of many things at once, where that was measured.
    let memoryEach: Int64?

    init(operations: Int64, elapsed: Int64, processorTime: Int64, memoryEach: Int64? = nil) {
        self.operations = operations
        self.elapsed = elapsed
        self.processorTime = processorTime
        (p50, p99, p999) = (0, 0, 0)
        self.memoryEach = memoryEach
    }

    init(_ result: measurement_result) throws {
        guard result.operations > 0 else {
            throw BenchmarkError("no operation began and ended within the time: give --seconds a larger number")
        }
        operations = result.operations
        elapsed = result.elapsed
        processorTime = result.processor_time
        (p50, p99, p999) = (result.p50, result.p99, result.p999)
        memoryEach = nil
    }

    /// What `program`, one of the C programs, measures.
    ///
    /// - Throws: ``BenchmarkError`` with the program's own words.
    static func ofProgram(
        _ program: (UnsafeMutablePointer<measurement_result>, UnsafeMutablePointer<CChar>, Int) -> Int32
    ) throws -> Measurement {
        var result = measurement_result()
        var message = [CChar](repeating: 0, count: 256)
        guard program(&result, &message, message.count) == 0 else {
            throw BenchmarkError(
                String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
        }
        return try Measurement(result)
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
