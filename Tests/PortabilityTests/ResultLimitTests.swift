import Foundation
import PoolMySQL
import PoolPostgres
import PoolSQLite
import ServerTestSupport
import Testing

/// A limit for results, on all three databases.
@Suite(
    "A result that is too large",
    .enabled(if: Databases.areAvailable, "PostgreSQL's or MariaDB's server is not installed"), .timeLimit(.minutes(2)))
struct ResultLimitTests {
    private static let limit = SQLResultLimit(bytes: 300_000)
    private static let rowLimit = SQLResultLimit(rows: 10)

    @Test("it is an error that names the stream, in SQLite", arguments: [limit, rowLimit])
    func sqlite(limit: SQLResultLimit) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("pool-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("large.db").path
        try await check(limit, SQLitePool(database: SQLiteConfiguration(.path(path), resultLimit: limit)), keeps: true)
    }

    @Test("it is an error that names the stream, in Postgres", arguments: [limit, rowLimit])
    func postgres(limit: SQLResultLimit) async throws {
        let server = try Databases.postgres.get()
        let text = "host=\(server.folder) port=\(server.port) dbname=postgres user=postgres"
        let pool = try PostgresPool(database: PostgresConfiguration(text, resultLimit: limit))
        // Of a result that libpq collects, only the bytes are known.
        try await check(limit, pool, keeps: limit.rows != nil)
    }

    @Test("it is an error that names the stream, in MariaDB", arguments: [limit, rowLimit], [true, false])
    func mariaDB(limit: SQLResultLimit, isPrepared: Bool) async throws {
        let server = try Databases.mariaDB.get()
        let configuration = try MySQLConfiguration(
            .socket(path: server.folder + "/socket"), user: "root", database: "test",
            statementProtocol: isPrepared ? .prepared : .textWithoutBinds, resultLimit: limit)
        try await check(limit, MySQLPool(database: configuration), keeps: true)
    }

    @Test("a batch of statements on Postgres counts their results together")
    func postgresBatch() async throws {
        let server = try Databases.postgres.get()
        let text = "host=\(server.folder) port=\(server.port) dbname=postgres user=postgres"
        let pool = try PostgresPool(database: PostgresConfiguration(text, resultLimit: Self.limit))
        let part: SQL = "SELECT repeat('x', 1000) FROM generate_series(1, 100)"
        for isSeparate in [false, true] {
            try await pool.withConnection { lease in
                let rows = try await lease.batch([part, part], separately: isSeparate).map { try $0.get() }
                #expect(rows.map(\.count) == [100, 100])
            }
            await #expect(throws: SQLResultLimitError.self) {
                try await pool.withConnection { lease in
                    try await lease.batch([part, part, part, part], separately: isSeparate)
                }
            }
            #expect(try await pool.query("SELECT 1").decode(Int.self) == [1])
        }
        try await pool.close()
    }

    @Test("the default has room for the largest value, nil is no limit, and a limit of nothing is refused")
    func configuration() throws {
        #expect(try SQLiteConfiguration(.memory).resultLimit?.bytes ?? 0 > 1 << 30)
        #expect(try SQLiteConfiguration(.memory, resultLimit: nil).resultLimit == nil)
        #expect(try MySQLConfiguration(.socket(path: "/s"), user: "u").resultLimit == SQLResultLimit())
        #expect(try PostgresConfiguration().resultLimit == SQLResultLimit())
        let refused = [0, -1, .min, .max, 1 << 50 + 1].flatMap {
            [SQLResultLimit(bytes: $0), SQLResultLimit(rows: $0)]
        }
        for limit in refused {
            #expect(throws: PoolConfigurationError.self) { try SQLiteConfiguration(.memory, resultLimit: limit) }
            #expect(throws: PoolConfigurationError.self) { try PostgresConfiguration(resultLimit: limit) }
            #expect(throws: PoolConfigurationError.self) {
                try MySQLConfiguration(.socket(path: "/s"), user: "u", resultLimit: limit)
            }
        }
    }

    /// - Parameter keeps: True if the connection, and so a transaction, goes on afterwards.
    private func check(_ limit: SQLResultLimit, _ pool: Pool<some SQLDriver>, keeps: Bool) async throws {
        let table = "large_\(UInt64.random(in: 0 ... .max))"
        try await pool.execute("CREATE TABLE \(identifier: table)(id INTEGER PRIMARY KEY, body VARCHAR(1000))")
        let body = String(repeating: "x", count: 1_000)
        try await pool.withTransaction { transaction in
            _ = try await transaction.executeBatch(
                "INSERT INTO \(identifier: table) VALUES (\(.parameter), '\(raw: body)')", Array(1...2_000))
        }
        let all: SQL = "SELECT id, body FROM \(identifier: table) WHERE id > \(0)"
        for _ in 1...3 { await expectLimit(limit) { try await pool.query(all) } }
        // Without bind values, and once more when it is prepared.
        for _ in 1...3 { await expectLimit(limit) { try await pool.query("SELECT * FROM \(identifier: table)") } }
        #expect(try await pool.query("SELECT id, body FROM \(identifier: table) WHERE id <= \(10)").count == 10)

        try await pool.withConnection { lease in
            let prepared = try await lease.prepare("SELECT body FROM \(identifier: table) WHERE id > \(.parameter)")
            do {
                _ = try await lease.query(prepared, 0)
                Issue.record("nothing was thrown")
            } catch let error as SQLResultLimitError {
                #expect(error.limit == limit)
            }
            if keeps { #expect(try await lease.query(prepared, 1_995).count == 5) }
        }
        let isCommitted = try await insertAndRead(all, table, pool)
        let last = try await pool.query("SELECT max(id) FROM \(identifier: table)").decode(Int.self)
        #expect(last == [isCommitted ? 3_000 : 2_000])
        #expect(isCommitted == keeps)

        let count = try await pool.withConnection { lease in
            try await lease.stream(all) { rows in
                var count = 0
                while try await rows.next() != nil { count += 1 }
                return count
            }
        }
        #expect(count == (isCommitted ? 2_001 : 2_000))
        if keeps { #expect(pool.statistics.connectionsOpened <= 2) }
        try await pool.execute("DROP TABLE \(identifier: table)")
        try await pool.close(drain: .seconds(5))
    }

    /// A transaction that goes on after the error. True if it could.
    private func insertAndRead(_ all: SQL, _ table: String, _ pool: Pool<some SQLDriver>) async throws -> Bool {
        do {
            try await pool.withTransaction { transaction in
                try await transaction.execute("INSERT INTO \(identifier: table) VALUES (3000, 'new')")
                do {
                    _ = try await transaction.query(all)
                    Issue.record("nothing was thrown")
                } catch is SQLResultLimitError {}
                try await transaction.execute("UPDATE \(identifier: table) SET body = 'newer' WHERE id = 3000")
            }
            return true
        } catch {
            return false
        }
    }

    private func expectLimit(_ limit: SQLResultLimit, _ body: () async throws -> SQLRows) async {
        let error = await #expect(throws: SQLResultLimitError.self) { _ = try await body() }
        guard let error else { return }
        #expect(error.limit == limit)
        #expect(error.rows.map { $0 > limit.rows ?? 0 } ?? true)
        #expect(error.bytes > (limit.rows == nil ? limit.bytes : 10_000))
        for word in ["stream", "resultLimit", "\(error.bytes)"] { #expect(error.description.contains(word)) }
    }
}
