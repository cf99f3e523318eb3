import Foundation
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
            "PRAGMA integrity_check(1)", "PRAGMA main.user_version = 7", "PRAGMA soft_heap_limit", "PRAGMA cache_size",
            "ALTER TABLE t ADD COLUMN b", "REINDEX", "SELECT * FROM pragma_pragma_list, json_each('[1]')",
            "SELECT count(*), group_concat(a), upper('x') LIKE 'X', datetime('now'), last_insert_rowid() FROM t",
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 3) SELECT sum(i) OVER () FROM n",
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
            "CREATE TABLE temp.u(a)", "CREATE TABLE TEMP.t AS SELECT 'evil' AS a",
            "CREATE VIEW temp.t AS SELECT 1 AS a",
            "CREATE TRIGGER temp.r AFTER INSERT ON main.t BEGIN DELETE FROM t; END",
            "PRAGMA temp.user_version = 42", "PRAGMA \"TEMP\".application_id = 42", "PRAGMA temp_store = MEMORY",
            "BEGIN", "SAVEPOINT mine", "PRAGMA journal_mode = DELETE",
        ])
    func dirty(text: String) async throws {
        let database = try TestDatabase(pragmas: [.init("cache_size", "-512")])
        try await database.with { connection async throws in
            try await connection.run("CREATE TABLE t(a)")
            #expect(connection.condition == .clean)
            try await connection.run(text)
            #expect(connection.condition == .dirty)
            try await connection.reset()
            #expect(connection.condition == .clean)
            #expect(try await connection.value("PRAGMA foreign_keys") == .int(1))
            #expect(try await connection.value("PRAGMA synchronous") == .int(1))
            #expect(try await connection.value("PRAGMA query_only") == .int(0))
            #expect(try await connection.value("PRAGMA cache_size") == .int(-512))
            #expect(try await connection.value("PRAGMA journal_mode") == .text("wal"))
            #expect(try await connection.value("SELECT count(*) FROM sqlite_temp_master") == .int(0))
            for setting in ["temp.user_version", "temp.application_id", "temp_store"] {
                #expect(try await connection.value("PRAGMA \(setting)") == .int(0))
            }
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
            try await connection.reset()
            #expect(try await connection.rows("SELECT name FROM sqlite_temp_master") == [])
            #expect(connection.condition == .clean)
        }
    }

    @Test("a setting that only a new connection can undo makes the reset fail, and is named")
    func unknownSetting() async throws {
        let database = try TestDatabase()
        try await database.with { connection async throws in
            try await connection.run("PRAGMA case_sensitive_like = ON")
            #expect(connection.condition == .dirty)
            let error = try await sqliteError { try await connection.reset() }
            #expect(error.message.contains("case_sensitive_like"))
        }
    }

    @Test("a setting of the whole process is refused in a lease, and left to the configuration")
    func processSetting() async throws {
        let before = try await TestDatabase().with { try await $0.value("PRAGMA soft_heap_limit") }
        for text in ["PRAGMA soft_heap_limit = 900000000000", "PRAGMA main.hard_heap_limit(900000000000)"] {
            try await TestDatabase().with { connection async throws in
                let error = try await sqliteError { try await connection.run(text) }
                #expect(error.code == .authorization)
                #expect(error.message.contains("process"))
                #expect(error.remedy == "Set it in the configuration's pragmas")
                #expect(try await connection.value("PRAGMA soft_heap_limit") == before)
            }
        }
    }

    @Test("a setting, a function or an action that is not known counts as a change")
    func unknown() async throws {
        let watch = PrepareWatch()
        for (name, hasArgument) in [("cipher_memory_security", true), ("rekey", false)] {
            watch.forgetSession()
            watch.begin(isOwn: false)
            let isAllowed = unsafe watch.seePragma(name, hasArgument: hasArgument, database: nil)
            #expect(isAllowed)
            #expect(watch.hasChangedSession)
            #expect(watch.changedSettings == [name])
        }
        for function in ["load_extension", "icu_load_collation"] {
            watch.forgetSession()
            unsafe watch.seeCall(of: function)
            #expect(watch.hasChangedSession)
        }
        watch.forgetSession()
        unsafe watch.see(4_711, nil, database: nil, isInTrigger: false)
        #expect(watch.hasChangedSession)
    }

    @Test("a function of the configuration's leaves the session as it was")
    func ownFunction() async throws {
        let function = SQLiteFunction("Twice", argumentCount: 1) { .int(try Int64(sqlValue: $0[0]) * 2) }
        try await TestDatabase(functions: [function]).with { connection async throws in
            #expect(try await connection.value("SELECT twice(21)") == .int(42))
            #expect(connection.condition == .clean)
        }
    }

    @Test("rows in a temporary table that a connect hook made are a change, also by a statement that the hook had kept")
    func temporaryRows() async throws {
        let database = try TestDatabase()
        try await database.with { connection async throws in
            try await connection.run("CREATE TEMP TABLE note(text)")
            try await connection.run("INSERT INTO note VALUES ('hook')")
            connection.acceptSessionAsClean()
            #expect(connection.condition == .clean)
            try await connection.run("INSERT INTO note VALUES ('hook')")
            #expect(connection.condition == .dirty)
        }
    }

    @Test("a change that SQLite finds only when it prepares a kept statement anew counts")
    func preparedAnew() async throws {
        let database = try TestDatabase()
        try await database.with { connection async throws in
            try await connection.run("CREATE TABLE t(a)")
            try await connection.run("CREATE TEMP TABLE log(a)")
            connection.acceptSessionAsClean()
            try await connection.run("INSERT INTO t VALUES (1)")
            #expect(connection.condition == .clean)
            let trigger = "CREATE TEMP TRIGGER r AFTER INSERT ON main.t BEGIN INSERT INTO log VALUES (new.a); END"
            _ = try await connection.perform { try $0.open().run(trigger) }
            #expect(connection.condition == .clean)
            try await connection.run("INSERT INTO t VALUES (1)")
            #expect(connection.condition == .dirty)
        }
    }

    @Test("a setting counts also where its statement was only prepared, failed, or came from a script")
    func settingsTakeEffectEarly() async throws {
        let database = try TestDatabase()
        try await database.with { connection async throws in
            _ = try await connection.prepare("PRAGMA foreign_keys = OFF")
            #expect(connection.condition == .dirty)
            try await connection.reset()
            await #expect(throws: SQLiteError.self) { try await connection.run("PRAGMA foreign_keys = OFF; SELECT 1") }
            #expect(connection.condition == .dirty)
            try await connection.reset()
            await #expect(throws: SQLiteError.self) {
                try await connection.executeScript("PRAGMA foreign_keys = OFF; SELECT * FROM nowhere")
            }
            #expect(connection.condition == .dirty)
            try await connection.reset()
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
                try await connection.reset()
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
            try await connection.reset()
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
            try await connection.validate()
            #expect(connection.condition == .clean)
            try FileManager.default.moveItem(atPath: database.path, toPath: database.path + ".moved")
            let error = try await sqliteError { try await connection.validate() }
            #expect(error.message.contains("moved"))
            #expect(connection.condition == .broken)
            #expect(database.driver.verdict(on: error) == .discard)
        }
    }

    @Test("a closed connection refuses everything with one clear error")
    func closed() async throws {
        let database = try TestDatabase()
        for mode in [ConnectionCloseMode.orderly, .forced] {
            let connection = try await database.driver.connect(.main)
            let cursor = try await connection.open("SELECT 1")
            await connection.close(mode)
            #expect(connection.condition == .broken)
            let query = try await sqliteError { try await connection.rows("SELECT 1") }
            #expect(query.message == "The connection is closed")
            await #expect(throws: SQLiteError.self) { try await connection.executeScript("SELECT 1") }
            await #expect(throws: SQLiteError.self) {
                try await connection.transaction(.begin(SQLTransactionOptions()))
            }
            await #expect(throws: SQLiteError.self) { try await cursor.next(maximumRows: 1) }
            try await cursor.close()
            connection.cancel()
        }
    }
}
