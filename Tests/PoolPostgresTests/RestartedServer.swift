import Foundation
import PoolPostgres
import Testing

/// A private server that was killed and is started again: on the same port, socket and data. It ends with this object,
/// or with the process.
final class RestartedServer: Sendable {
    /// The postmaster writes into its folder how it was started, its program's path first.
    private static let script = #"""
        cd "$folder"
        umask 077
        command=$(cat data/postmaster.opts)
        programs=$(dirname "${command%% *}")
        for try in $(seq 1 300); do
            # Sessions that outlive a killed postmaster hold on to its memory: until they end, the server does not start.
            eval "exec $command" >>server.log 2>&1 &
            server=$!
            while kill -0 "$server" 2>/dev/null; do
                if "$programs/pg_isready" -q -h "$folder" -p "$port"; then
                    echo "$server"
                    read -r _ || true
                    # A test may have killed it.
                    kill -QUIT "$server" 2>/dev/null || true
                    wait "$server" || true
                    exit
                fi
                sleep 0.05
            done
            sleep 0.05
        done
        """#

    let processID: Int32
    private let process = Process()
    private let pipe = Pipe()

    /// On a thread of its own: the load of the test needs those of Swift.
    static func start(_ server: PrivatePostgres) async throws -> RestartedServer {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try RestartedServer(server) }) }
        }
    }

    private init(_ server: PrivatePostgres) throws {
        if getuid() == 0 {
            process.executableURL = URL(filePath: "/usr/sbin/runuser")
            process.arguments = ["-u", "postgres", "--", "/bin/bash", "-c", Self.script]
        } else {
            process.executableURL = URL(filePath: "/bin/bash")
            process.arguments = ["-c", Self.script]
        }
        var environment = ProcessInfo.processInfo.environment
        environment["folder"] = server.folder
        environment["port"] = "\(server.port)"
        process.environment = environment
        let output = Pipe()
        process.standardInput = pipe
        process.standardOutput = output
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        processID = try #require(Int32(line.trimmingCharacters(in: .newlines)), "the server does not start again")
    }

    deinit {
        // The script reads the end, and stops the server.
        try? pipe.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// The server's processes, the postmaster first.
    static func processes(of postmaster: Int32) throws -> [Int32] {
        let list = Process()
        let output = Pipe()
        list.executableURL = URL(filePath: "/usr/bin/pgrep")
        list.arguments = ["-P", "\(postmaster)"]
        list.standardOutput = output
        try list.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        list.waitUntilExit()
        return [postmaster] + text.split(separator: "\n").compactMap { Int32($0) }
    }
}
