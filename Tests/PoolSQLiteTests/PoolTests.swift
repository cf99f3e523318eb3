import Testing

@testable import PoolSQLite

@Suite("A pool on SQLite")
struct PoolTests {
    @Test(
        "a connect hook may change settings and make temporary tables: every lease finds them, on the same connection")
    func connectHook() async throws {
        let database = try TestDatabase()
        let pool = try Pool(
            driver: database.driver, configuration: PoolConfiguration(maximumConnections: 1),
            hooks: PoolHooks(connect: { lease in
                try await lease.execute("PRAGMA cache_size = -4321")
                try await lease.execute("CREATE TEMP TABLE scratch (value)")
            }))
        for round in 0..<5 {
            let (size, count) = try await pool.withConnection { lease in
                // Odd rounds leave something that a reset must undo, with what the hook set up.
                if !round.isMultiple(of: 2) { try await lease.execute("ATTACH ':memory:' AS other") }
                let size = try await lease.query("PRAGMA cache_size").decode(Int.self)
                return (size, try await lease.query("SELECT count(*) FROM scratch").decode(Int.self))
            }
            #expect(size == [-4321])
            #expect(count == [0])
        }
        #expect(pool.statistics.connectionsOpened == 1)
        #expect(pool.statistics.resets == 2)
        try await pool.close()
    }

    @Test("the body of a lease runs on the connection's thread, and its caller elsewhere afterwards")
    @concurrent
    func threadOfTheBody() async throws {
        let database = try TestDatabase()
        let pool = try Pool(driver: database.driver)
        let inside = try await pool.withConnection { lease in
            _ = try await lease.query("SELECT 1")
            return currentThreadName()
        }
        #expect(inside.hasPrefix("sqlite-write"))
        #expect(!currentThreadName().hasPrefix("sqlite"))
        try await pool.close()
    }

    @Test("the body of an actor's lease stays on the actor, and its statements work all the same")
    func actorsStay() async throws {
        let database = try TestDatabase()
        let pool = try Pool(driver: database.driver)
        let counter = Counter()
        for _ in 0..<3 { try await counter.count(with: pool) }
        #expect(await counter.value == 3)
        #expect(await counter.threads.allSatisfy { !$0.hasPrefix("sqlite") })
        try await pool.close()
    }

    private actor Counter {
        var value = 0
        var threads: [String] = []

        func count(with pool: SQLitePool) async throws {
            try await pool.withConnection { lease in
                value += try await lease.query("SELECT 1").decode(Int.self)[0]
                threads.append(currentThreadName())
            }
        }
    }

    @Test("writers of a pool wait in its queue, not in SQLite's busy loop")
    func writersQueue() async throws {
        // Without any patience of SQLite's own, two writers at once would fail.
        let database = try TestDatabase(busyTimeout: .zero)
        let pool = try Pool(driver: database.driver, configuration: PoolConfiguration(maximumConnections: 4))
        try await pool.execute("CREATE TABLE counter (value INTEGER)")
        try await pool.execute("INSERT INTO counter VALUES (0)")
        try await withThrowingTaskGroup { group in
            for _ in 0..<20 {
                group.addTask {
                    try await pool.withTransaction { transaction in
                        let value = try await transaction.query("SELECT value FROM counter").decode(Int.self)[0]
                        await Task.yield()
                        try await transaction.execute("UPDATE counter SET value = \(value + 1)")
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await pool.query("SELECT value FROM counter", .readOnly).decode(Int.self) == [20])
        try await pool.close()
    }

    @Test("a lease that only reads cannot write, and says so")
    func readOnlyLease() async throws {
        let database = try TestDatabase()
        let pool = try Pool(driver: database.driver)
        let error = await #expect(throws: SQLiteError.self) {
            try await pool.withConnection(.readOnly) { _ = try await $0.execute("CREATE TABLE t (a)") }
        }
        #expect(error?.code.primary == .readOnly)
        try await pool.close()
    }

    @Test("a quoted name that the database does not know is an error, and no text")
    func unknownName() async throws {
        let database = try TestDatabase()
        let pool = try Pool(driver: database.driver)
        try await pool.execute("CREATE TABLE item (name TEXT)")
        try await pool.execute("INSERT INTO item VALUES ('x')")
        await #expect(throws: SQLiteError.self) {
            try await pool.execute("DELETE FROM item WHERE \(identifier: "typo") <> 'x'")
        }
        #expect(try await pool.query("SELECT count(*) FROM item").decode(Int.self) == [1])
        try await pool.close()
    }

    @Test("a URL that says how to open the file serves readers and the writer", arguments: ["rw", "rwc"])
    func modeOfURL(mode: String) async throws {
        let folder = TemporaryFolder()
        try await SQLitePool(path: folder.file()).withConnection { _ = try await $0.execute("CREATE TABLE item (a)") }
        let pool = try SQLitePool(
            database: SQLiteConfiguration(.url("file:\(folder.file())?mode=\(mode)&cache=private")))
        try await pool.execute("INSERT INTO item VALUES (1)")
        #expect(try await pool.query("SELECT a FROM item", .readOnly).decode(Int.self) == [1])
        try await pool.close()
    }

    @Test("swapping two open transactions ends the process, before either can be used after its end")
    func swappedTransactions() async {
        await #expect(processExitsWith: .failure) {
            let (first, second) = (try SQLitePool(path: ":memory:"), try SQLitePool(path: ":memory:"))
            try await first.withTransaction { outer in
                try await second.withTransaction { inner in swap(&outer, &inner) }
            }
        }
    }
}
