import Foundation
import Measuring
import PoolMySQL

/// Where a server is, and who comes to it.
struct MySQLAddress: Codable {
    var host = "127.0.0.1"
    var port = 3306
    /// The path of a Unix socket, in the place of the host.
    var socket: String?
    let user: String
    let password: String

    static let database = "pool_benchmark"

    init(port: Int, user: String, password: String) {
        self.port = port
        self.user = user
        self.password = password
    }

    /// Reads the parts of a URL that the C program knows too.
    init(url: String) throws {
        guard let parts = URLComponents(string: url), ["mysql", "mariadb"].contains(parts.scheme),
            let user = parts.user,
            parts.path.isEmpty || parts.path == "/", (parts.queryItems ?? []).allSatisfy({ $0.name == "socket" })
        else {
            throw UsageError(
                "--url must be mysql://user:password@host:port or mysql://user:password@localhost?socket=PATH")
        }
        self.user = user
        password = parts.password ?? ""
        host = parts.host ?? host
        port = parts.port ?? port
        socket = parts.queryItems?.last?.value
    }

    init(encoded text: String) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(text.utf8))
    }

    func encoded() throws -> String { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }

    /// - Parameter database: Nil while there is none yet.
    func configuration(
        _ execution: SQLExecution = .driver, database: String? = Self.database
    ) throws -> MySQLConfiguration {
        try MySQLConfiguration(
            socket.map { .socket(path: $0) } ?? .tcp(host: host, port: port), user: user, password: password,
            database: database, tls: MySQLConfiguration.TLS(mode: .disabled), execution: execution)
    }

    /// What the C program takes: host, socket, user, password and database.
    func withStrings<Result>(
        _ body: (
            _ host: UnsafePointer<CChar>, _ socket: UnsafePointer<CChar>?, _ user: UnsafePointer<CChar>,
            _ password: UnsafePointer<CChar>, _ database: UnsafePointer<CChar>
        ) -> Result
    ) -> Result {
        host.withCString { host in
            user.withCString { user in
                password.withCString { password in
                    Self.database.withCString { database in
                        guard let socket else { return body(host, nil, user, password, database) }
                        return socket.withCString { body(host, $0, user, password, database) }
                    }
                }
            }
        }
    }
}

/// A server for the benchmark alone, by way of `Scripts/private-mariadb`. It ends when this value goes, or when the
/// process does.
final class MySQLServer {
    let address: MySQLAddress
    private let process = Process()
    private let input = Pipe()

    init() throws {
        var root = URL(filePath: #filePath)
        for _ in 0..<5 { root.deleteLastPathComponent() }
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = [root.appending(path: "Scripts/private-mariadb").path]
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        // One line, written at once: folder=… port=… process=….
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        let words = line.split(whereSeparator: \.isWhitespace)
        guard let port = words.first(where: { $0.hasPrefix("port=") }).flatMap({ Int($0.dropFirst(5)) }) else {
            throw BenchmarkError("the server does not start: install mariadb-server, or give --url")
        }
        address = MySQLAddress(port: port, user: "app", password: "the right one")
    }

    /// Returns when the server has ended.
    func stop() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    deinit { stop() }
}

/// The tables of the benchmark, in a database of its own.
struct MySQLTables {
    let address: MySQLAddress

    /// Returns the server's version.
    func create() async throws -> String {
        try await withPool { pool in
            try await pool.withConnection { connection in
                try await connection.executeScript(
                    """
                    DROP DATABASE IF EXISTS pool_benchmark;
                    CREATE DATABASE pool_benchmark CHARACTER SET utf8mb4;
                    CREATE TABLE pool_benchmark.item (id BIGINT PRIMARY KEY, name VARCHAR(64) NOT NULL);
                    INSERT INTO pool_benchmark.item
                        WITH digit(d) AS (
                            VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)
                        ), number(i) AS (
                            SELECT 1 + a.d + 10 * b.d + 100 * c.d + 1000 * d.d + 10000 * e.d
                            FROM digit a, digit b, digit c, digit d, digit e
                        )
                        SELECT i, CONCAT('item number ', i) FROM number WHERE i <= \(Work.keys);
                    CREATE TABLE pool_benchmark.record
                        (id INT NOT NULL PRIMARY KEY, total BIGINT NOT NULL, name VARCHAR(64) NOT NULL,
                        ratio DOUBLE NOT NULL);
                    INSERT INTO pool_benchmark.record
                        SELECT id - 1, (id - 1) * 4000000007,
                            IF(id % 2, CONCAT('record ', id - 1), CONCAT('the record with number ', id - 1)),
                            (id - 1) / 7e0
                        FROM pool_benchmark.item WHERE id <= 1000 ORDER BY id;
                    ANALYZE TABLE pool_benchmark.item, pool_benchmark.record;
                    """)
                return try await connection.query("SELECT version()")[0].decode(String.self)
            }
        }
    }

    func drop() async throws {
        try await withPool { pool in _ = try await pool.execute("DROP DATABASE IF EXISTS pool_benchmark") }
    }

    private func withPool<Value>(_ body: (MySQLPool) async throws -> Value) async throws -> Value {
        let pool = try MySQLPool(
            database: address.configuration(database: nil),
            configuration: PoolConfiguration(name: "tables", maximumConnections: 1, acquireTimeout: .seconds(5)))
        return try await pool.closed(after: body)
    }
}
