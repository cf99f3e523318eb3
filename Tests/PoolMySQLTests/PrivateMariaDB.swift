import Foundation
import PoolMySQL
import ServerTestSupport
import Synchronization
import Testing

/// A MariaDB server of this process's own, which ends with the process: see `Scripts/private-mariadb`.
final class PrivateMariaDB: Sendable {
    private let server: PrivateServer
    private let databaseCount = Atomic<Int>(0)

    /// The server that most tests share. It has TLS.
    static let shared: Result<PrivateMariaDB, any Error> = Result { try PrivateMariaDB(isSecure: true) }

    struct ClientFailed: Error {
        let statement: String
    }

    init(isSecure: Bool = false, maximumConnections: Int = 120) throws {
        server = try PrivateServer(
            script: "private-mariadb",
            arguments: ["--connections", "\(maximumConnections)"] + (isSecure ? ["--secure"] : []))
    }

    static let isAvailable = PrivateServer.isInstalled("mariadbd") && PrivateServer.isInstalled("openssl")

    var folder: String { server.folder }
    var port: Int { server.port }
    var processID: Int64 { server.processID }
    var socket: String { folder + "/socket" }

    /// A file of the server's folder: a certificate or a key.
    func file(_ name: String) -> String { folder + "/" + name }

    /// Starts the server again after it has ended, on the same data.
    func startAgain() throws { try server.startAgain() }

    /// Creates an empty database and returns its name.
    func createDatabase() async throws -> String {
        let name = "test_\(databaseCount.add(1, ordering: .relaxed).newValue)"
        try await Self.administrator.get().execute("CREATE DATABASE \(identifier: name)")
        return name
    }

    /// A pool for no database, which lives as long as the process.
    static let administrator: Result<MySQLPool, any Error> = Result {
        try MySQLPool(
            database: MySQLTestSettings().configuration(shared.get()),
            configuration: PoolConfiguration(name: "administrator", maximumConnections: 2))
    }

    /// What the `mariadb` program prints for a statement, without column names; columns are separated by tabs.
    func printed(_ sql: String, database: String = "test") throws -> [[String]] {
        let client = Process()
        client.executableURL = URL(filePath: "/usr/bin/mariadb")
        client.arguments = [
            "--no-defaults", "-S", socket, "-u", "root", "--batch", "--skip-column-names", "--raw",
            "--default-character-set=utf8mb4", "--init-command=SET time_zone = '+00:00'", "-e", sql, database,
        ]
        let output = Pipe()
        client.standardOutput = output
        try client.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        client.waitUntilExit()
        guard client.terminationStatus == 0 else { throw ClientFailed(statement: sql) }
        return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map {
            $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
    }
}

/// What a test may want otherwise.
struct MySQLTestSettings {
    var location: MySQLConfiguration.Location?
    var user = "root"
    var password = ""
    var database: String? = "test"
    var tls = MySQLConfiguration.TLS(mode: .disabled)
    var connectTimeout = Duration.seconds(10)
    var readTimeout: Duration?
    var cancelTimeout = Duration.seconds(20)
    var initCommands: [String] = []
    var attributes: [String: String] = [:]
    var usesCompression = false
    var allowsLocalInfile = false
    var timeZone = MySQLConfiguration.TimeZone.utc
    var statementCacheCapacity = 100
    var statementProtocol = MySQLConfiguration.StatementProtocol.prepared
    var usesBulkExecution = true
    var execution = SQLExecution.driver
    var resetPolicy = SQLResetPolicy.smart
    var temporaryTables = SQLTemporaryTables.dropped

    /// To a port of this machine, as a user who may log in from there.
    mutating func connect(toPort port: Int) {
        location = .tcp(host: "127.0.0.1", port: port)
        (user, password) = ("app", "the right one")
    }

    func configuration(_ server: PrivateMariaDB) throws -> MySQLConfiguration {
        try MySQLConfiguration(
            location ?? .socket(path: server.socket), user: user, password: password, database: database, tls: tls,
            connectTimeout: connectTimeout, readTimeout: readTimeout, cancelTimeout: cancelTimeout,
            initCommands: initCommands, attributes: attributes, usesCompression: usesCompression,
            allowsLocalInfile: allowsLocalInfile, timeZone: timeZone, statementCacheCapacity: statementCacheCapacity,
            statementProtocol: statementProtocol, usesBulkExecution: usesBulkExecution, execution: execution,
            resetPolicy: resetPolicy, temporaryTables: temporaryTables)
    }
}

/// A connection without a pool.
@discardableResult
func withConnection<Result>(
    _ change: (inout MySQLTestSettings) -> Void = { _ in },
    _ body: (MySQLDriver, MySQLConnection) async throws -> Result
) async throws -> Result {
    let server = try PrivateMariaDB.shared.get()
    var settings = MySQLTestSettings()
    change(&settings)
    let driver = MySQLDriver(configuration: try settings.configuration(server))
    let connection = try await connect(driver)
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(driver, connection)) } catch { result = .failure(error) }
    await connection.close(.orderly)
    return try result.get()
}

func connect(_ driver: MySQLDriver) async throws -> MySQLConnection {
    let lane = driver.lanes(maximumConnections: 1)[0]
    return try await driver.connect(ConnectRequest(lane: lane, attempt: 1, deadline: .distantFuture))
}

/// A pool of the shared server.
@discardableResult
func withPool<Result>(
    _ maximumConnections: Int = 4, _ change: (inout MySQLTestSettings) -> Void = { _ in },
    _ body: (MySQLPool) async throws -> Result
) async throws -> Result {
    let server = try PrivateMariaDB.shared.get()
    var settings = MySQLTestSettings()
    change(&settings)
    return try await withPool(maximumConnections, of: MySQLDriver(configuration: settings.configuration(server)), body)
}

/// A pool of a driver that the test knows.
@discardableResult
func withPool<Result>(
    _ maximumConnections: Int = 4, of driver: MySQLDriver, _ body: (MySQLPool) async throws -> Result
) async throws -> Result {
    let pool = try MySQLPool(
        driver: driver, configuration: PoolConfiguration(name: "test", maximumConnections: maximumConnections))
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(pool)) } catch { result = .failure(error) }
    try await pool.close(drain: .seconds(5))
    return try result.get()
}

extension MySQLConnection {
    func values(_ sql: SQL) async throws -> [SQLValue] {
        try await query(sql).flatMap { Array($0.values) }
    }
}
