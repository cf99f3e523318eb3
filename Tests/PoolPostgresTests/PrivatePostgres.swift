import Foundation
import PoolPostgres
import ServerTestSupport
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

    private let server: PrivateServer
    private let schemaCount = Atomic<Int>(0)

    /// The host of the Unix socket.
    var folder: String { server.folder }
    var port: Int { server.port }
    var processID: Int32 { Int32(server.processID) }
    var poolerFolder: String { folder + "/pooler" }

    /// The server that most tests share.
    static let shared: Result<PrivatePostgres, any Error> = Result { try PrivatePostgres() }
    /// Made for the first test that needs it, and for all that follow.
    static let pooled: Result<PrivatePostgres, any Error> = Result { try PrivatePostgres(.pooled) }
    static let secure: Result<PrivatePostgres, any Error> = Result { try PrivatePostgres(.secure) }

    init(_ kind: Kind = .trusting) throws {
        server = try PrivateServer(script: "private-postgres", arguments: kind.arguments)
    }

    // MARK: What there is

    static let isAvailable = PrivateServer.isInstalled("initdb")
    static let canBeSecure = PrivateServer.isInstalled("openssl")
    static let canBePooled = PrivateServer.isInstalled("pgbouncer")

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
