import Testing

@testable import PoolSQLite

@Suite("SQLite cursors")
struct CursorTests {
    private static let numbers =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000) SELECT i, i * 2 AS double FROM n"

    @Test("all rows come, in batches of at most the size asked for", arguments: [1, 7, 999, 1000, 5000])
    func batches(size: Int) async throws {
        try await TestDatabase().with { connection async throws in
            let cursor = try await connection.open(SQL(raw: Self.numbers))
            #expect(cursor.columns.names == ["i", "double"])
            var seen: [Int] = []
            while let rows = try await cursor.next(maximumRows: size) {
                #expect((1...size).contains(rows.count))
                seen += try rows.decode((Int, Int).self).map(\.0)
            }
            #expect(seen == Array(1...1000))
            #expect(try await cursor.next(maximumRows: 1) == nil)
            try await cursor.close()
            #expect(connection.condition == .clean)
        }
    }

    @Test("a result without rows ends at once")
    func noRows() async throws {
        try await TestDatabase().with { connection async throws in
            let cursor = try await connection.open("SELECT 1 AS one WHERE 0")
            #expect(cursor.columns.names == ["one"])
            #expect(try await cursor.next(maximumRows: 10) == nil)
            try await cursor.close()
            #expect(connection.condition == .clean)
        }
    }

    @Test("closing in the middle frees the statement and its lock on the database")
    func closeInTheMiddle() async throws {
        let database = try TestDatabase()
        try await database.with(.writer) { writer async throws in
            try await writer.executeScript("CREATE TABLE t(a); INSERT INTO t VALUES (1), (2), (3)")
            try await database.with(.reader) { reader async throws in
                let cursor = try await reader.open("SELECT a FROM t")
                _ = try await cursor.next(maximumRows: 1)
                #expect(reader.condition == .dirty)
                try await writer.run("INSERT INTO t VALUES (4)")
                try await cursor.close()
                try await cursor.close()
                #expect(reader.condition == .clean)
                // A reader that still held its snapshot would keep the checkpoint from finishing.
                #expect(try await writer.rows("PRAGMA wal_checkpoint(TRUNCATE)") == [[.int(0), .int(0), .int(0)]])
                #expect(try await reader.value("SELECT count(*) FROM t") == .int(4))
            }
        }
    }

    @Test("the same statement can run while a cursor of it is open")
    func sameStatement() async throws {
        try await TestDatabase().with { connection async throws in
            let sql = SQL(raw: Self.numbers)
            let cursor = try await connection.open(sql)
            _ = try await cursor.next(maximumRows: 10)
            #expect(try await connection.query(sql).count == 1000)
            let second = try await connection.open(sql)
            #expect(try await second.next(maximumRows: 10)?.first.map { Array($0.values) } == [.int(1), .int(2)])
            #expect(try await cursor.next(maximumRows: 10)?.first.map { Array($0.values) } == [.int(11), .int(22)])
            try await cursor.close()
            try await second.close()
            #expect(connection.condition == .clean)
            #expect(try await connection.query(sql).count == 1000)
        }
    }

    @Test("a cursor outlives its statement's place in the cache")
    func eviction() async throws {
        try await TestDatabase(statementCacheCapacity: 1).with { connection async throws in
            let cursor = try await connection.open(SQL(raw: Self.numbers))
            for number in 0..<5 { _ = try await connection.rows("SELECT \(number)") }
            #expect(try await cursor.next(maximumRows: 1000)?.count == 1000)
            try await cursor.close()
        }
    }

    @Test("errors show where they happen: at the open, or in the middle")
    func errors() async throws {
        try await TestDatabase().with { connection async throws in
            await #expect(throws: SQLiteError.self) { try await connection.open("SELECT * FROM nowhere") }
            await #expect(throws: SQLiteError.self) { try await connection.open(SQL(raw: "SELECT ?")) }
            let cursor = try await connection.open(
                "SELECT abs(a) FROM (SELECT 1 AS a UNION ALL SELECT -9223372036854775808)")
            let error = try await sqliteError { try await cursor.next(maximumRows: 10) }
            #expect(error.message == "integer overflow")
            try await cursor.close()
            #expect(connection.condition == .clean)
        }
    }

    @Test("a rollback ends the cursors of its transaction")
    func rollback() async throws {
        try await TestDatabase().with { connection async throws in
            try await connection.executeScript("CREATE TABLE t(a); INSERT INTO t VALUES (1), (2)")
            try await connection.transaction(.begin(SQLTransactionOptions()))
            let cursor = try await connection.open("SELECT a FROM t")
            try await connection.transaction(.rollback)
            let error = try await sqliteError { try await cursor.next(maximumRows: 1) }
            #expect(error.code == .misuse)
            #expect(connection.condition == .clean)
        }
    }
}

@Suite("SQLite statements that write and return rows")
struct WritingCursorTests {
    private func with(
        _ constraint: String, journalMode: SQLiteConfiguration.JournalMode = .wal,
        _ body: (TestDatabase, SQLiteConnection) async throws -> Void
    ) async throws {
        let database = try TestDatabase(journalMode: journalMode)
        try await database.with { connection async throws in
            try await connection.executeScript(
                """
                CREATE TABLE parent(i INTEGER PRIMARY KEY);
                CREATE TABLE child(i INTEGER, p INTEGER \(constraint));
                CREATE VIEW three(value) AS VALUES (1), (2), (3);
                """)
            try await body(database, connection)
        }
    }

    private static let writing: SQL = "INSERT INTO child SELECT value, 9 FROM three RETURNING i"

    @Test("a commit that fails where the rows are left early is thrown", arguments: [0, 1, 2])
    func deferredConstraint(rowsRead: Int) async throws {
        try await with("REFERENCES parent DEFERRABLE INITIALLY DEFERRED") { _, connection async throws in
            let cursor = try await connection.open(Self.writing)
            for _ in 0..<rowsRead { _ = try await cursor.next(maximumRows: 1) }
            let error = try await sqliteError { try await cursor.close() }
            #expect(error.code == .constraintForeignKey)
            #expect(error.sql?.contains("RETURNING") == true)
            try await cursor.close()
            #expect(connection.condition == .clean)
            #expect(try await connection.value("SELECT count(*) FROM child") == .int(0))
        }
    }

    @Test("a lock that is missing at the commit is thrown")
    func busy() async throws {
        try await with("", journalMode: .delete) { database, connection async throws in
            try await connection.run("INSERT INTO child VALUES (7, 7)")
            try await database.with { other async throws in
                let reading = try await other.open("SELECT * FROM child, three")
                _ = try await reading.next(maximumRows: 1)
                let cursor = try await connection.open(Self.writing)
                let error = try await sqliteError { try await cursor.close() }
                #expect(error.code == .busy)
                try await reading.close()
            }
            #expect(connection.condition == .clean)
            #expect(try await connection.value("SELECT count(*) FROM child") == .int(1))
        }
    }

    @Test("what was written stays where the rows are left early")
    func kept() async throws {
        try await with("") { _, connection async throws in
            let cursor = try await connection.open(Self.writing)
            _ = try await cursor.next(maximumRows: 1)
            try await cursor.close()
            #expect(connection.condition == .clean)
            #expect(try await connection.value("SELECT count(*) FROM child") == .int(3))
        }
    }

    @Test("a statement whose connection was closed under it does not pass for one that succeeded")
    func closedUnderneath() async throws {
        let database = try TestDatabase()
        let connection = try await database.driver.connect(.main)
        try await connection.run("CREATE TABLE t(a)")
        let cursor = try await connection.open("INSERT INTO t VALUES (1), (2) RETURNING a")
        await connection.close(.forced)
        let error = try await sqliteError { try await cursor.close() }
        #expect(error.code == .abort)
    }

    @Test("a stream of a pool throws what its statement fails with at its end")
    func stream() async throws {
        let pool = try SQLitePool(path: ":memory:")
        try await pool.withConnection { connection in
            try await connection.executeScript(
                """
                CREATE TABLE parent(i INTEGER PRIMARY KEY);
                CREATE TABLE child(p INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
                """)
            do {
                try await connection.stream("INSERT INTO child VALUES (1), (2) RETURNING p", batchSize: 1) { rows in
                    _ = try await rows.next()
                }
                Issue.record("the stream succeeded")
            } catch let error as SQLiteError {
                #expect(error.code == .constraintForeignKey)
            }
        }
        try await pool.close()
    }
}
