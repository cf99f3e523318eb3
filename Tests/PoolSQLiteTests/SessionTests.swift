import Foundation
import PoolCore
import Testing

@testable import PoolSQLite

@Suite("What a lease leaves behind in SQLite")
struct SessionTests {
    @Test(
        "statements that leave nothing behind leave the connection clean",
        arguments: [
            "SELECT 1", "CREATE TABLE u(a)", "INSERT INTO t VALUES (1)", "PRAGMA foreign_keys", "PRAGMA table_info(t)",
            "PRAGMA user_version = 7", "PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA optimize", "ANALYZE", "VACUUM",
            "CREATE VIRTUAL TABLE words USING fts5(text)", "SELECT * FROM pragma_table_info('t')",
            "PRAGMA integrity_check(1)",
        ])
    func clean(text: String) async throws {
        try await TestDatabase().with { connection async throws in
            try await connection.run("CREATE TABLE t(a)")
            try await connection.run(text)
            #expect(connection.condition == .clean)
        }
    }

    @Test(
        "what changes the session makes it dirty, and a reset undoes it",
        arguments: [
            "PRAGMA foreign_keys = OFF", "PRAGMA synchronous(FULL)", "PRAGMA main.synchronous = OFF",
            "PRAGMA busy_timeout = 1", "PRAGMA query_only = ON", "PRAGMA cache_size = 17",
            "ATTACH ':memory:' AS other", "CREATE TEMP TABLE u(a)", "CREATE TEMPORARY VIEW v AS SELECT * FROM t",
            "CREATE TEMP TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END",
            "CREATE VIRTUAL TABLE temp.words USING fts5(text)",
            "BEGIN", "SAVEPOINT mine", "PRAGMA journal_mode = DELETE",
        ])
    func dirty(text: String) async throws {
        let database = try TestDatabase(pragmas: [.init("cache_size", "-512")])
        try await database.with { connection async throws in
            try await connection.run("CREATE TABLE t(a)")
            #expect(connection.condition == .clean)
            try await connection.run(text)
            #expect(connection.condition == .dirty)
            try await database.driver.reset(connection)
            #expect(connection.condition == .clean)
            #expect(try await connection.value("PRAGMA foreign_keys") == .int(1))
            #expect(try await connection.value("PRAGMA synchronous") == .int(1))
            #expect(try await connection.value("PRAGMA query_only") == .int(0))
            #expect(try await connection.value("PRAGMA cache_size") == .int(-512))
            #expect(try await connection.value("PRAGMA journal_mode") == .text("wal"))
            #expect(try await connection.value("SELECT count(*) FROM sqlite_temp_master") == .int(0))
            let databases = try await connection.rows("SELECT name FROM pragma_database_list WHERE name <> 'temp'")
            #expect(databases == [[.text("main")]])
            #expect(try await connection.run("INSERT INTO t VALUES (1)").affectedRows == 1)
        }
    }

    @Test("temporary objects are dropped together, whatever their names")
    func temporaryObjects() async throws {
        let database = try TestDatabase()
        try await database.with { connection async throws in
            try await connection.executeScript(
                """
                CREATE TEMP TABLE "odd ""name"(a); CREATE INDEX temp.i ON "odd ""name"(a);
                CREATE TEMP VIEW v AS SELECT * FROM "odd ""name";
                CREATE TEMP TABLE w(a INTEGER PRIMARY KEY AUTOINCREMENT);
                CREATE TEMP TRIGGER r AFTER INSERT ON w BEGIN SELECT 1; END; INSERT INTO w VALUES (1);
                CREATE VIRTUAL TABLE temp.words USING fts5(text); ATTACH ':memory:' AS "an ""other";
                """)
            try await database.driver.reset(connection)
            #expect(
                try await connection.rows("SELECT name FROM sqlite_temp_master WHERE name NOT LIKE 'sqlite_%'") == [])
            #expect(connection.condition == .clean)
        }
    }

    @Test("a setting that only a new connection can undo makes the reset fail, and is named")
    func unknownSetting() async throws {
        let database = try TestDatabase()
        try await database.with { connection async throws in
            try await connection.run("PRAGMA case_sensitive_like = ON")
            #expect(connection.condition == .dirty)
            let error = try await sqliteError { try await database.driver.reset(connection) }
            #expect(error.message.contains("case_sensitive_like"))
        }
    }

    @Test("a setting counts also where its statement was only prepared, failed, or came from a script")
    func settingsTakeEffectEarly() async throws {
        let database = try TestDatabase()
        try await database.with { connection async throws in
            _ = try await connection.prepare("PRAGMA foreign_keys = OFF")
            #expect(connection.condition == .dirty)
            try await database.driver.reset(connection)
            await #expect(throws: SQLiteError.self) { try await connection.run("PRAGMA foreign_keys = OFF; SELECT 1") }
            #expect(connection.condition == .dirty)
            try await database.driver.reset(connection)
            await #expect(throws: SQLiteError.self) {
                try await connection.executeScript("PRAGMA foreign_keys = OFF; SELECT * FROM nowhere")
            }
            #expect(connection.condition == .dirty)
            try await database.driver.reset(connection)
            #expect(try await connection.value("PRAGMA foreign_keys") == .int(1))
        }
    }

    @Test("a statement that was kept from an earlier lease still counts")
    func repeatedChange() async throws {
        let database = try TestDatabase()
        try await database.with { connection async throws in
            for _ in 0..<3 {
                try await connection.run("PRAGMA foreign_keys = OFF")
                try await connection.run("CREATE TEMP TABLE u(a)")
                #expect(connection.condition == .dirty)
                try await database.driver.reset(connection)
                #expect(connection.condition == .clean)
            }
        }
    }

    @Test("an open cursor is ended by the reset, and says so")
    func openCursor() async throws {
        let database = try TestDatabase()
        try await database.with { connection async throws in
            let cursor = try await connection.open("SELECT value FROM (SELECT 1 AS value UNION SELECT 2)")
            #expect(connection.condition == .dirty)
            try await database.driver.reset(connection)
            #expect(connection.condition == .clean)
            let error = try await sqliteError { try await cursor.next(maximumRows: 1) }
            #expect(error.code == .misuse)
            try await cursor.close()
            #expect(connection.condition == .clean)
        }
    }

    @Test("validation accepts a connection that works, and refuses one whose file was taken away")
    func validation() async throws {
        let database = try TestDatabase()
        try await database.with { connection async throws in
            try await connection.run("CREATE TABLE t(a)")
            try await database.driver.validate(connection)
            #expect(connection.condition == .clean)
            try FileManager.default.moveItem(atPath: database.path, toPath: database.path + ".moved")
            let error = try await sqliteError { try await database.driver.validate(connection) }
            #expect(error.message.contains("moved"))
            #expect(connection.condition == .broken)
            #expect(database.driver.verdict(on: error) == .discard)
        }
    }

    @Test("a closed connection refuses everything with one clear error")
    func closed() async throws {
        let database = try TestDatabase()
        for mode in [CloseMode.orderly, .forced] {
            let connection = try await database.driver.connect(.main)
            let cursor = try await connection.open("SELECT 1")
            await database.driver.close(connection, mode: mode)
            #expect(connection.condition == .broken)
            let query = try await sqliteError { try await connection.rows("SELECT 1") }
            #expect(query.message == "The connection is closed")
            await #expect(throws: SQLiteError.self) { try await connection.executeScript("SELECT 1") }
            await #expect(throws: SQLiteError.self) { try await connection.transaction(.begin(TransactionOptions())) }
            await #expect(throws: SQLiteError.self) { try await cursor.next(maximumRows: 1) }
            try await cursor.close()
            connection.cancel()
        }
    }
}
