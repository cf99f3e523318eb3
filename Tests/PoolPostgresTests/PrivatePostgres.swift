import Foundation
import PoolCore
import PoolPostgres
import Synchronization

/// A PostgreSQL server of this process's own, which ends with the process: see `Scripts/private-postgres`.
final class PrivatePostgres: Sendable {
    /// What a test needs the server for.
    enum Kind: Sendable {
        /// It trusts everybody who comes through its Unix socket.
        case trusting
        /// As ``trusting``, and with a PgBouncer in transaction mode before it, in ``poolerFolder``.
        case pooled
        /// It can also be reached on 127.0.0.1, with SCRAM over TLS.
        case secure
        /// A standby without a primary: it only reads until it is promoted.
        case standby
        /// A standby that refuses all connections until it is promoted.
        case starting
        /// It takes so many connections at most.
        case small(connections: Int)

        fileprivate var arguments: [String] {
            switch self {
            case .trusting: []
            case .pooled: ["--pooler"]
            case .secure: ["--secure"]
            case .standby: ["--standby"]
            case .starting: ["--starting"]
            case .small(let connections): ["--connections", "\(connections)"]
            }
        }
    }

    /// The host of the Unix socket.
    let folder: String
    let port: Int
    let processID: Int32
    private let process: Process
    /// Its end stops the server, whatever happens to this process.
    private let pipe: Pipe
    private let schemaCount = Atomic<Int>(0)

    var poolerFolder: String { folder + "/pooler" }

    /// The server that most tests share.
    static let shared: Result<PrivatePostgres, any Error> = Result { try PrivatePostgres() }
    /// Made for the first test that needs it, and for all that follow.
    static let pooled: Result<PrivatePostgres, any Error> = Result { try PrivatePostgres(.pooled) }
    static let secure: Result<PrivatePostgres, any Error> = Result { try PrivatePostgres(.secure) }

    struct CannotStart: Error, CustomStringConvertible {
        let description: String
    }

    init(_ kind: Kind = .trusting) throws {
        let (process, input, output) = (Process(), Pipe(), Pipe())
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = [root.appending(path: "Scripts/private-postgres").path] + kind.arguments
        process.standardInput = input
        process.standardOutput = output
        try process.run()
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
            let processID = fields["process"].flatMap({ Int32($0) })
        else { throw CannotStart(description: "the private server does not start: standard error says why") }
        (self.folder, self.port, self.processID) = (folder, port, processID)
        (self.process, pipe) = (process, input)
    }

    deinit {
        // Foundation keeps what it has started, and with it the pipe: without this the server would last as long as this process.
        try? pipe.fileHandleForWriting.close()
    }

    // MARK: What there is

    /// True if the program is installed; in CI that it is missing is a failure, and no reason to skip.
    private static func isInstalled(_ program: String) -> Bool {
        let environment = ProcessInfo.processInfo.environment
        if environment["CI"] != nil { return true }
        let debian = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        let folders =
            (environment["PATH"] ?? "").split(separator: ":").map(String.init)
            + debian.map { "/usr/lib/postgresql/\($0)/bin" }
            + ["/usr/sbin", "/usr/local/bin", "/opt/homebrew/bin", "/opt/homebrew/opt/postgresql@17/bin"]
        return folders.contains { FileManager.default.isExecutableFile(atPath: $0 + "/" + program) }
    }

    static let isAvailable = isInstalled("initdb")
    static let canBeSecure = isInstalled("openssl")
    static let canBePooled = isInstalled("pgbouncer")

    // MARK: Databases

    /// A connection string for the Unix socket.
    func connection(_ database: String = "postgres", user: String = "postgres", more: String = "") -> String {
        "host=\(folder) port=\(port) dbname=\(database) user=\(user) \(more)"
    }

    func configuration(_ database: String = "postgres", more: String = "") throws -> PostgresConfiguration {
        try PostgresConfiguration(connection(database, more: more))
    }

    /// A file of the server's folder: a certificate or a key.
    func file(_ name: String) -> String { folder + "/" + name }

    /// Makes a standby a primary.
    func promote() throws {
        // What `pg_ctl promote` does: https://www.postgresql.org/docs/current/app-pg-ctl.html
        try Data().write(to: URL(filePath: file("data/promote")))
        _ = signal(Int64(processID), "USR1")
    }

    /// Creates an empty schema, and returns the setting that makes it the only one: quicker than a database.
    func createSchema() async throws -> String {
        let name = "test_\(schemaCount.add(1, ordering: .relaxed).newValue)"
        try await Self.administrator.get().execute("CREATE SCHEMA \(identifier: name)")
        return "options='-c search_path=\(name)'"
    }

    /// A pool for the database `postgres`, which lives as long as the process.
    static let administrator: Result<PostgresPool, any Error> = Result {
        try PostgresPool(
            database: shared.get().configuration(),
            configuration: PoolConfiguration(name: "administrator", maximumConnections: 2))
    }
}
