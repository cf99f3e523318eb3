import Foundation

/// A contender runs in a process of its own, so that the time which that process has used is the contender's alone.
enum ContenderProcess {
    /// What such a process is told to do.
    enum Request: Codable {
        case mysql(MySQLRun)
        case pool(PoolRun)
        case postgres(PostgresRun)
        case sqlite(SQLiteRun)
        case waiters(WaiterRun)
    }

    static let command = "measure"

    /// Runs this program once more for `request`, and waits until it has ended.
    static func measure(_ request: Request, environment: [String: String] = [:]) throws -> Measurement {
        let process = Process()
        process.executableURL = Bundle.main.executableURL
        process.arguments = [command, String(decoding: try JSONEncoder().encode(request), as: UTF8.self)]
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw BenchmarkError("the process of \(request) failed with status \(process.terminationStatus)")
        }
        return try JSONDecoder().decode(Measurement.self, from: data)
    }

    /// What the process does.
    static func answer(_ argument: String) async throws {
        let measurement =
            switch try JSONDecoder().decode(Request.self, from: Data(argument.utf8)) {
            case .mysql(let run): try await run.measure()
            case .pool(let run): try await run.measure()
            case .postgres(let run): try await run.measure()
            case .sqlite(let run): try await run.measure()
            case .waiters(let run): try await run.measure()
            }
        FileHandle.standardOutput.write(try JSONEncoder().encode(measurement))
    }
}
