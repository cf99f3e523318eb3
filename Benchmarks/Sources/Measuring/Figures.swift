package import CBaseline
import Foundation

/// What one contender did in one round.
package struct Figures: Codable, Sendable {
    package let operations: Int64
    /// These are nanoseconds, as in C.
    package let elapsed: Int64
    package let processorTime: Int64
    /// 0 where single operations are not timed.
    package let p50: Int64
    package let p99: Int64
    package let p999: Int64
    /// How often memory was allocated, where that was counted.
    package let allocations: Int64?
    /// Bytes that were resident for all operations together, where that was measured.
    package var memory: Int64?

    package init(_ result: measurement_result) throws {
        guard result.operations > 0 else {
            throw BenchmarkError("no operation began and ended within the time: give --seconds a larger number")
        }
        operations = result.operations
        elapsed = result.elapsed
        processorTime = result.processor_time
        (p50, p99, p999) = (result.p50, result.p99, result.p999)
        allocations = measurement_counts_allocations() ? result.allocations : nil
        memory = result.memory != 0 ? result.memory : nil
    }

    /// What `program`, one of the C programs, measures.
    ///
    /// - Throws: ``BenchmarkError`` with the program's own words.
    package static func ofProgram(
        _ program: (UnsafeMutablePointer<measurement_result>, UnsafeMutablePointer<CChar>, Int) -> Int32
    ) throws -> Figures {
        var result = measurement_result()
        var message = [CChar](repeating: 0, count: 256)
        guard program(&result, &message, message.count) == 0 else {
            throw BenchmarkError(
                String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
        }
        return try Figures(result)
    }

    /// Operations a second.
    package var throughput: Double { Double(operations) / Double(elapsed) * 1e9 }
    /// User plus system time of the process for each operation, in nanoseconds.
    package var processorTimeEach: Double { Double(processorTime) / Double(operations) }
    package var allocationsEach: Double? { allocations.map { Double($0) / Double(operations) } }
    package var memoryEach: Double? { memory.map { Double($0) / Double(operations) } }

    /// Hands it to the process that waits for it.
    package func write() throws {
        FileHandle.standardOutput.write(try JSONEncoder().encode(self))
    }
}

package struct BenchmarkError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
