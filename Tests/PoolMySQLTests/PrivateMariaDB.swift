import Foundation
import PoolCore
import PoolMySQL
import Synchronization
import Testing

/// A MariaDB server of this process's own, which ends with the process: see `Scripts/private-mariadb`.
final class PrivateMariaDB: Sendable {
    let folder: String
    let port: Int
    private let process: Process
    /// Its end stops the server, whatever happens to this process.
    private let input: Pipe
    private let output: Pipe
    private let latestProcessID: Mutex<Int64>
    private let databaseCount = Atomic<Int>(0)

    /// The server that most tests share. It has TLS.
    static let shared: Result<PrivateMariaDB, any Error> = Result { try PrivateMariaDB(isSecure: true) }

    struct CannotStart: Error, CustomStringConvertible {
        let description: String
    }

    init(isSecure: Bool = false, maximumConnections: Int = 120) throws {
        let (process, input, output) = (Process(), Pipe(), Pipe())
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments =
            [root.appending(path: "Scripts/private-mariadb").path, "--connections", "\(maximumConnections)"]
            + (isSecure ? ["--secure"] : [])
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let (folder, port, processID) = try Self.ready(output)
        (self.folder, self.port) = (folder, port)
        latestProcessID = Mutex(processID)
        (self.process, self.input, self.output) = (process, input, output)
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
        else { throw CannotStart(description: "the private server does not start: standard error says why") }
        return (folder, port, processID)
    }

    /// True if the program is installed; in CI that it is missing is a failure, and no reason to skip.
    private static func isInstalled(_ program: String) -> Bool {
        let environment = ProcessInfo.processInfo.environment
        if environment["CI"] != nil { return true }
        let folders =
            (environment["PATH"] ?? "").split(separator: ":").map(String.init)
            + ["/usr/sbin", "/usr/local/bin", "/opt/homebrew/bin"]
        return folders.contains { FileManager.default.isExecutableFile(atPath: $0 + "/" + program) }
    }

    static let isAvailable = isInstalled("mariadbd") && isInstalled("openssl")

    var processID: Int64 { latestProcessID.withLock { $0 } }
    var socket: String { folder + "/socket" }

    /// A file of the server's folder: a certificate or a key.
    func file(_ name: String) -> String { folder + "/" + name }

    /// Starts the server again after it has ended, on the same data.
    func startAgain() throws {
        try input.fileHandleForWriting.write(contentsOf: Data("start\n".utf8))
        let (_, _, processID) = try Self.ready(output)
        latestProcessID.withLock { $0 = processID }
    }

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
        guard client.terminationStatus == 0 else { throw CannotStart(description: "mariadb failed: \(sql)") }
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
    var execution = MySQLConfiguration.Execution.driverThreads
    var resetPolicy = MySQLConfiguration.ResetPolicy.smart

    func configuration(_ server: PrivateMariaDB) throws -> MySQLConfiguration {
        try MySQLConfiguration(
            location ?? .socket(path: server.socket), user: user, password: password, database: database, tls: tls,
            connectTimeout: connectTimeout, readTimeout: readTimeout, cancelTimeout: cancelTimeout,
            initCommands: initCommands, attributes: attributes, usesCompression: usesCompression,
            allowsLocalInfile: allowsLocalInfile, timeZone: timeZone, statementCacheCapacity: statementCacheCapacity,
            statementProtocol: statementProtocol, usesBulkExecution: usesBulkExecution, execution: execution,
            resetPolicy: resetPolicy)
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
    await driver.close(connection, mode: .orderly)
    return try result.get()
}

func connect(_ driver: MySQLDriver) async throws -> MySQLConnection {
    let lane = try driver.lanes(maximumConnections: 1)[0]
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
    await pool.close(drain: .seconds(5))
    return try result.get()
}

extension MySQLConnection {
    func values(_ sql: SQL) async throws -> [SQLValue] {
        try await query(sql).flatMap { Array($0.values) }
    }
}
