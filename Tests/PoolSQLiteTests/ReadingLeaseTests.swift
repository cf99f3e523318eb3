import Testing

@testable import PoolSQLite

@Suite("A lease that only reads, on the only connection")
struct ReadingLeaseTests {
    private func withPools(_ body: (SQLitePool) async throws -> Void) async throws {
        let database = try TestDatabase()
        for configuration in [try SQLiteConfiguration(.memory), database.driver.configuration] {
            let pool = try SQLitePool(
                database: configuration, configuration: PoolConfiguration(maximumConnections: 1))
            try await pool.withConnection { connection in
                try await connection.executeScript(
                    "CREATE TABLE t(a); CREATE INDEX ti ON t(a); INSERT INTO t VALUES (7), (zeroblob(9))")
            }
            try await body(pool)
            let count = try await pool.query("SELECT count(*) FROM t").decode(Int.self)
            #expect(count == [2])
            try await pool.close()
        }
    }

    @Test(
        "it can write nothing, whichever way",
        arguments: [
            "INSERT INTO t VALUES (1)", "DELETE FROM t", "UPDATE t SET a = 1", "DROP TABLE t", "CREATE TABLE u(a)",
            "CREATE INDEX i ON t(a)", "ALTER TABLE t ADD COLUMN b", "PRAGMA user_version = 5", "VACUUM", "REINDEX",
            "INSERT INTO t VALUES (1) RETURNING a", "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x",
            "PRAGMA journal_mode = OFF", "CREATE VIRTUAL TABLE words USING fts5(text)", "BEGIN IMMEDIATE",
            "REPLACE INTO t VALUES (1)", "ANALYZE",
        ])
    func refused(text: String) async throws {
        try await withPools { pool in
            // Also where a lease that writes has left the statement in the cache.
            try await pool.withConnection { connection in _ = try await connection.prepare(SQL(raw: text)) }
            try await pool.withConnection(.readOnly) { connection in
                let attempts: [(inout Lease<SQLiteDriver>) async throws -> Void] = [
                    { try await $0.execute(SQL(raw: text)) }, { _ = try await $0.query(SQL(raw: text)) },
                    { try await $0.executeScript("SELECT 1; " + text) },
                    { try await $0.executeBatch(SQL(raw: text), bindSets: [[]]) },
                    { try await $0.stream(SQL(raw: text)) { _ = try await $0.next() } },
                    { connection in
                        _ = try await connection.transaction { try await $0.execute(SQL(raw: text)) }
                    },
                ]
                for attempt in attempts {
                    do {
                        try await attempt(&connection)
                        Issue.record("it was run")
                    } catch let error as SQLiteError {
                        #expect(error.code == .readOnly)
                        #expect(error.remedy?.contains(".readWrite") == true)
                    }
                }
            }
        }
    }

    @Test("it can neither begin a transaction that writes nor write to a blob")
    func refusedOtherwise() async throws {
        try await withPools { pool in
            try await pool.withConnection(.readOnly) { connection in
                for attempt in 0..<2 {
                    do {
                        if attempt == 0 {
                            try await connection.transaction(SQLTransactionOptions(access: .readWrite)) { _ in }
                        } else {
                            try await connection.withBlob(table: "t", column: "a", row: 2, access: .readWrite) { _ in }
                        }
                        Issue.record("attempt \(attempt) was accepted")
                    } catch let error as SQLiteError {
                        #expect(error.code == .readOnly)
                    }
                }
            }
        }
    }

    @Test(
        "it can do what a reader can",
        arguments: [
            "SELECT * FROM t", "CREATE TEMP TABLE u AS SELECT * FROM t", "PRAGMA table_info(t)", "PRAGMA user_version",
            "PRAGMA journal_mode", "PRAGMA cache_size = 17", "EXPLAIN DELETE FROM t", "ATTACH ':memory:' AS other",
        ])
    func allowed(text: String) async throws {
        try await withPools { pool in
            try await pool.withConnection(.readOnly) { try await $0.execute(SQL(raw: text)) }
            try await pool.withTransaction(SQLTransactionOptions(access: .readOnly)) { transaction in
                _ = try await transaction.query("SELECT * FROM t")
            }
        }
    }

    @Test("it writes to its temporary tables, and to nothing through them")
    func temporaryTables() async throws {
        try await withPools { pool in
            try await pool.withConnection(.readOnly) { connection in
                try await connection.executeScript(
                    """
                    CREATE TEMP TABLE mine(a); CREATE INDEX temp.i ON mine(a); INSERT INTO mine SELECT a FROM t;
                    UPDATE mine SET a = 8 WHERE a = 7; DELETE FROM mine WHERE a <> 8;
                    """)
                let mine = try await connection.query("SELECT a FROM mine").decode(Int.self)
                #expect(mine == [8])
                try await connection.executeScript(
                    "CREATE TEMP TRIGGER r AFTER INSERT ON mine BEGIN INSERT INTO t VALUES (NEW.a); END")
                do {
                    try await connection.execute("INSERT INTO mine VALUES (3)")
                    Issue.record("it wrote through a trigger")
                } catch let error as SQLiteError {
                    #expect(error.code == .readOnly)
                }
            }
        }
    }

    @Test("the next lease of the connection writes again, and so does a hook")
    func afterwards() async throws {
        let hooks = PoolHooks<SQLiteDriver>(release: { try await $0.execute("INSERT INTO log VALUES (1)") })
        let pool = try SQLitePool(database: SQLiteConfiguration(.memory), hooks: hooks)
        try await pool.withConnection { connection in
            try await connection.executeScript("CREATE TABLE log(a)")
        }
        for _ in 0..<3 {
            let lease = try await pool.acquire(.readOnly)
            lease.release()
            try await pool.execute("INSERT INTO log VALUES (2)")
        }
        let counts = try await pool.query("SELECT a, count(*) FROM log GROUP BY a ORDER BY a").decode((Int, Int).self)
        #expect(counts.map(\.1) == [7, 3])
        try await pool.close()
    }
}
