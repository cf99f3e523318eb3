import Testing

@testable import PoolSQLite

@Suite("What a connect hook sets up in SQLite, and what an open pool leaves of its process", .timeLimit(.minutes(1)))
struct ConnectHookTests {
    @Test("a database that the connect hook attaches is there for each lease, also after one that detached it")
    func attached() async throws {
        let (folder, archive) = (TemporaryFolder(), TemporaryFolder())
        try await SQLitePool(path: archive.file()).withConnection { connection in
            try await connection.execute("CREATE TABLE old (year INTEGER)")
            try await connection.execute("INSERT INTO old VALUES (1843)")
        }
        let path = archive.file()
        let hooks = PoolHooks<SQLiteDriver>(connect: { connection in
            try await connection.execute("ATTACH \(path) AS archive")
        })
        let pool = try SQLitePool(
            database: SQLiteConfiguration(path: folder.file()),
            configuration: PoolConfiguration(maximumConnections: 2), hooks: hooks)
        for statement in ["SELECT 1", "DETACH archive", "ATTACH ':memory:' AS other", "CREATE TEMP TABLE t (a)"] {
            try await pool.withConnection { try await $0.execute(SQL(raw: statement)) }
            for access in [AcquireOptions(), .readOnly] {
                let years = try await pool.query("SELECT year FROM archive.old", access).decode(Int.self)
                #expect(years == [1843], "after \(statement)")
                let names = try await pool.query("SELECT name FROM pragma_database_list", access).decode(String.self)
                #expect(Set(names).isSubset(of: ["main", "temp", "archive"]), "after \(statement)")
            }
        }
        try await pool.close(drain: .seconds(5))
    }

    @Test("a pool with threads, idle connections and a statement that runs does not keep its process")
    func exit() async {
        await #expect(processExitsWith: .success) {
            let pool = try SQLitePool(path: ":memory:")
            let endless: SQL = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
            Task { try await pool.query(endless) }
            while pool.statistics.counts.leased == 0 { await Task.yield() }
        }
    }
}
