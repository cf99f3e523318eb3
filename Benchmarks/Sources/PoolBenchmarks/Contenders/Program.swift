import Foundation
import Measuring

/// What measures a contender: a process of its own, so that the time which that process has used is the contender's
/// alone.
struct Program {
    private let executable: URL
    private let arguments: [String]
    private var peer: Peer?
    /// Loads the library that counts allocations before it. What it takes the time of is not to be believed then.
    var countsAllocations = false

    /// The first argument of this program where it is to do what a ``Request`` says.
    static let command = "measure"

    /// What this program does itself, in another process.
    enum Request: Codable {
        case database(DatabaseRun)
        case pool(PoolRun)
        case waiters(WaiterRun)
        case idle(IdleRun)

        /// What that process does.
        static func answer(_ argument: String) async throws -> Never {
            let measurement =
                switch try JSONDecoder().decode(Self.self, from: Data(argument.utf8)) {
                case .database(let run): try await run.measure()
                case .pool(let run): try await run.measure()
                case .waiters(let run): try await run.measure()
                case .idle(let run): try await run.measure()
                }
            try measurement.write()
            // Not by way of what is to be done at the exit: threads of a client library may still be busy with a
            // connection that nobody waits for, and OpenSSL would free there what they use.
            _exit(0)
        }
    }

    init(_ request: Request) throws {
        guard let executable = Bundle.main.executableURL else { throw BenchmarkError("this program has no path") }
        self.executable = executable
        arguments = [Self.command, try Self.encoded(request)]
    }

    /// A program of this package that was built beside this one.
    init(beside name: String, _ request: some Encodable) throws {
        executable = Bundle.main.bundleURL.appending(path: name)
        arguments = [try Self.encoded(request)]
    }

    init(_ peer: Peer, _ work: String, _ load: Load, connections: Int) {
        executable = URL(filePath: "/usr/bin/env")
        let (warmUp, duration) = (Int64(peer.warmUp * 1e9), Int64(load.seconds * 1e9))
        arguments =
            peer.command + [work]
            + [load.tasks, load.operationsPerCall, Int(warmUp), Int(duration), connections].map(String.init)
        self.peer = peer
    }

    /// Nil, or what is missing.
    var lack: String? {
        if let peer { return peer.lack }
        let needed = [executable] + (countsAllocations ? [Self.allocationCounter] : [])
        return needed.first { !FileManager.default.fileExists(atPath: $0.path) }
            .map { "\($0.lastPathComponent) is not built" }
    }

    /// Runs it, and waits until it has ended.
    func measure(_ environment: [String: String]) throws -> Figures {
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        let preload = countsAllocations ? ["LD_PRELOAD": Self.allocationCounter.path] : [:]
        process.environment = ProcessInfo.processInfo.environment
            .merging(environment) { $1 }.merging(preload) { $1 }
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw BenchmarkError(
                "\(executable.lastPathComponent) \(arguments.joined(separator: " ")) failed: \(process.terminationStatus)"
            )
        }
        return try JSONDecoder().decode(Figures.self, from: data)
    }

    private static var allocationCounter: URL { Bundle.main.bundleURL.appending(path: "libAllocationCounter.so") }

    private static func encoded(_ request: some Encodable) throws -> String {
        String(decoding: try JSONEncoder().encode(request), as: UTF8.self)
    }
}
