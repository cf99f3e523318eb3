import Foundation
import PoolCore
import Synchronization

/// A server of this process's own, which ends with this object or with the process: see `Scripts/private-postgres` and
/// `Scripts/private-mariadb`.
public final class PrivateServer: Sendable {
    public struct CannotStart: Error, CustomStringConvertible {
        public let description = "the private server does not start: standard error says why"
    }

    /// Where its Unix socket is, and all else that it has.
    public let folder: String
    public let port: Int
    private let process: Process
    /// Its end stops the server, whatever happens to this process.
    private let input: Pipe
    private let output: Pipe
    private let latestProcessID: Mutex<Int64>

    /// - Parameter script: The name of a file in `Scripts`.
    public init(script: String, arguments: [String] = []) throws {
        let (process, input, output) = (Process(), Pipe(), Pipe())
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        EngineSelfCheck.switchOn()
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = [root.appending(path: "Scripts/" + script).path] + arguments
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let ready = try Self.ready(output)
        (folder, port) = (ready.folder, ready.port)
        latestProcessID = Mutex(ready.processID)
        (self.process, self.input, self.output) = (process, input, output)
    }

    deinit {
        // Foundation keeps what it has started, and with it the pipe: without this the server would last as long as
        // this process.
        try? input.fileHandleForWriting.close()
    }

    public var processID: Int64 { latestProcessID.withLock { $0 } }

    /// Starts the server again after it has ended, on the same data, where its script can do that.
    public func startAgain() throws {
        try input.fileHandleForWriting.write(contentsOf: Data("start\n".utf8))
        let ready = try Self.ready(output)
        latestProcessID.withLock { $0 = ready.processID }
    }

    /// Reads the line that says that the server is ready.
    private static func ready(_ output: Pipe) throws -> (folder: String, port: Int, processID: Int64) {
        var text = ""
        // A line may come in pieces.
        while !text.hasSuffix("\n") {
            let data = output.fileHandleForReading.availableData
            if data.isEmpty { break }
            text += String(decoding: data, as: UTF8.self)
        }
        var fields: [Substring: String] = [:]
        for word in text.split(whereSeparator: \.isWhitespace) {
            let parts = word.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { fields[parts[0]] = String(parts[1]) }
        }
        guard let folder = fields["folder"], let port = fields["port"].flatMap({ Int($0) }),
            let processID = fields["process"].flatMap({ Int64($0) })
        else { throw CannotStart() }
        return (folder, port, processID)
    }

    /// True if the program is installed; in CI that it is missing is a failure, and no reason to skip.
    public static func isInstalled(_ program: String) -> Bool {
        let environment = ProcessInfo.processInfo.environment
        if environment["CI"] != nil { return true }
        let debian = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        let folders =
            (environment["PATH"] ?? "").split(separator: ":").map(String.init)
            + debian.map { "/usr/lib/postgresql/\($0)/bin" }
            + ["/usr/sbin", "/usr/local/bin", "/opt/homebrew/bin", "/opt/homebrew/opt/postgresql@17/bin"]
        return folders.contains { FileManager.default.isExecutableFile(atPath: $0 + "/" + program) }
    }
}
