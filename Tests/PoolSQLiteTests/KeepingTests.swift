@_spi(Driver) import PoolSQL
import Testing

@testable import PoolSQLite

@Suite("What the pool and the configuration say of an SQLite connection's keeping")
struct KeepingTests {
    @Test("temporary tables are dropped at the end of a lease, or kept, as configured", arguments: [false, true])
    func temporaryTables(areKept: Bool) async throws {
        let database = try TestDatabase(temporaryTables: areKept ? .kept : .dropped)
        let pool = try Pool(driver: database.driver, configuration: PoolConfiguration(maximumConnections: 1))
        try await pool.withConnection { lease in
            try await lease.executeScript(
                "CREATE TEMP TABLE kept_or_not (i); CREATE TEMP VIEW v AS SELECT 1; INSERT INTO kept_or_not VALUES (7)")
            try await lease.execute("PRAGMA foreign_keys = OFF")
        }
        let names = try await pool.query("SELECT name FROM sqlite_temp_master ORDER BY name").decode(String.self)
        #expect(names == (areKept ? ["kept_or_not", "v"] : []))
        if areKept {
            #expect(try await pool.query("SELECT i FROM kept_or_not").decode(Int.self) == [7])
        }
        #expect(try await pool.query("PRAGMA foreign_keys").decode(Int.self) == [1])
        #expect(pool.statistics.resets == 1)
        #expect(pool.statistics.connectionsOpened == 1)
        try await pool.close()
    }

    @Test("a tagged session that cannot be reset is replaced, and the next acquire does not hear of it")
    func taggedSession() async throws {
        let database = try TestDatabase()
        let pool = try Pool(driver: database.driver, configuration: PoolConfiguration(maximumConnections: 1))
        try await pool.execute("CREATE TABLE t (a)")
        try await pool.withConnection { lease in
            try await lease.execute("PRAGMA recursive_triggers = ON")
            lease.tag = "profile=report"
        }
        try await pool.execute("INSERT INTO t VALUES (1)")
        #expect(pool.statistics.connectionsClosed == [.resetFailed: 1])
        #expect(try await pool.query("PRAGMA recursive_triggers").decode(Int.self) == [0])
        try await pool.close()
    }

    @Test("how many statements a connection keeps can be changed while it is open")
    func statementCacheCapacity() async throws {
        let database = try TestDatabase(statementCacheCapacity: 4)
        let pool = try Pool(driver: database.driver, configuration: PoolConfiguration(maximumConnections: 1))
        /// How many are kept after one has run, and after five more.
        func counts() async throws -> [Int] {
            try await pool.withConnection { lease in
                var counts = [0, 0]
                _ = try await lease.query("SELECT 0")
                counts[0] = try await lease.handle.connection.perform { $0.cache.count }
                for number in 1...5 { _ = try await lease.query("SELECT \(raw: "\(number)")") }
                counts[1] = try await lease.handle.connection.perform { $0.cache.count }
                return counts
            }
        }
        #expect(try await counts() == [1, 4])
        #expect(try await counts() == [4, 4])
        try await pool.reconfigure { $0.statementCacheCapacity = 2 }
        #expect(try await counts() == [2, 2])
        try await pool.reconfigure { $0.statementCacheCapacity = 0 }
        #expect(try await counts() == [0, 0])
        try await pool.reconfigure { $0.statementCacheCapacity = nil }
        #expect(try await counts() == [1, 4])
        #expect(pool.statistics.connectionsOpened == 1)
        try await pool.close()
    }
}
