import Foundation

/// Where the contenders find their database.
package enum DatabaseAddress {
    /// The variable that has it: it may hold a password, and so is no argument. For SQLite it is the file's path.
    package static let variable = "POOL_BENCHMARK_ADDRESS"

    /// - Throws: ``BenchmarkError`` where nobody has set it.
    package static func current() throws -> String {
        guard let address = ProcessInfo.processInfo.environment[variable] else {
            throw BenchmarkError("\(variable) is not set")
        }
        return address
    }
}
