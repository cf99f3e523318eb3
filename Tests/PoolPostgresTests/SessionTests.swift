import PoolPostgres
import Testing

extension PostgresTests {
    @Suite("Sessions of Postgres", .timeLimit(.minutes(2)))
    struct SessionTests {
        @Test(
            "a statement that changes nothing in its session costs no reset",
            arguments: [
                "SELECT 1", "select 'SET x', 1 AS \"temp\"",
                "/* SET a /* b */ */ VALUES (1)", "-- LISTEN x\nSELECT 1", "SELECT $tag$ LISTEN x; $tag$",
                "WITH x AS (SELECT 1) SELECT * FROM x", "SHOW search_path", "EXPLAIN SELECT 1",
                "SELECT now(), lower('A'), count(*) FROM pg_class", "SELECT 'a\\d'", "SET LOCAL work_mem = '1MB'",
            ])
        func staysClean(statement: String) async throws {
            try await withPool(1) { pool in
                try await pool.execute(SQL(raw: statement))
                _ = try await pool.query("SELECT 1")
                #expect(pool.statistics.resets == 0)
                #expect(pool.statistics.connectionsOpened == 1)
            }
        }

        @Test(
            "a statement that may change its session is followed by a reset, which keeps what was prepared",
            arguments: [
                "SET work_mem = '99MB'", "set session work_mem = '99MB'", "CREATE TEMP TABLE left_over (i int)",
                "CREATE TABLE pg_temp.left_over (i int)", "SELECT 1 AS i INTO TEMP left_over",
                "SELECT set_config('work_mem', '99MB', false)", "SELECT pg_try_advisory_lock(5)", "LISTEN left_over",
                "DO 'BEGIN SET work_mem = ''99MB''; END'", "DECLARE left_over CURSOR WITH HOLD FOR SELECT 1",
                "--\rSET work_mem = '99MB'", #"SELECT U&"set\005fconfig"('work_mem', '99MB', false)"#,
                "SELECT 1 --\r, set_config('work_mem', '99MB', false)",
                #"CREATE TABLE U&"pg\005ftemp".left_over (i int)"#,
                "UPDATE pg_settings SET setting = '101376' WHERE name = 'work_mem'",
                "DO 'BEGIN PREPARE left_over AS SELECT 1; END'",
                "PREPARE left_over AS SELECT 1",
            ])
        func isReset(statement: String) async throws {
            try await withPool(1) { pool async throws in
                for value in 1...3 { _ = try await pool.query("SELECT \(value) + 1") }
                try await pool.execute(SQL(raw: statement))
                let left = try await pool.query(
                    """
                    SELECT current_setting('work_mem'), to_regclass('left_over') IS NULL,
                        (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()),
                        (SELECT count(*) FROM pg_listening_channels()), (SELECT count(*) FROM pg_cursors WHERE name = 'left_over'),
                        (SELECT count(*) FROM pg_prepared_statements)
                    """
                ).decode((String, Bool, Int, Int, Int, Int).self)
                #expect(left.first.map { $0 == ("4MB", true, 0, 0, 0, 1) } == true, "\(left)")
                #expect(pool.statistics.resets == 1)
                #expect(pool.statistics.connectionsOpened == 1)
            }
        }

        @Test("a backslash in a string makes a lease dirty where the server takes it for an escape, and not elsewhere")
        func oldStrings() async throws {
            for (setting, resets) in [("on", 0), ("off", 1)] {
                try await withPool(1) {
                    $0.more = "options='-c standard_conforming_strings=\(setting)'"
                } _: { pool async throws in
                    try await pool.execute(SQL(raw: #"SELECT 'a\\'"#))
                    _ = try await pool.query("SELECT 1")
                    #expect(pool.statistics.resets == resets)
                }
            }
        }

        @Test(
            "a custom setting with a keyword's name does not reach the next lease",
            arguments: ["local", "transaction", "constraints"])
        func customSetting(keyword: String) async throws {
            try await withPool(1) { pool async throws in
                try await pool.execute(SQL(raw: "SET \(keyword).tenant = 'x'"))
                let left = try await pool.query("SELECT current_setting('\(raw: keyword).tenant', true)").decode(
                    String?.self)
                #expect(left.allSatisfy { $0 != "x" })
            }
        }

        @Test("a table that a search path has made temporary does not shadow another for the next lease")
        func shadow() async throws {
            try await withPool(1) { pool async throws in
                try await pool.execute("DROP TABLE IF EXISTS shadowed")
                try await pool.execute("CREATE TABLE shadowed (t text)")
                try await pool.withTransaction { transaction in
                    try await transaction.execute("SET LOCAL search_path = 'pg_temp', 'public'")
                    try await transaction.execute("CREATE TABLE shadowed (t text)")
                    try await transaction.execute("INSERT INTO shadowed VALUES ('shadow')")
                }
                #expect(try await pool.query("SELECT t FROM shadowed").decode(String.self) == [])
            }
        }

        @Test("what only the end of a session undoes costs the connection, and not where a connect hook has done it")
        func spent() async throws {
            try await withPool(1) { pool async throws in
                try await pool.execute("LOAD 'plpgsql'")
                _ = try await pool.query("SELECT 1")
                #expect(pool.statistics.connectionsOpened == 2)
            }
            var hooks = PoolHooks<PostgresDriver>()
            hooks.connect = { try await $0.execute("LOAD 'plpgsql'") }
            let pool = try PostgresPool(
                database: PrivatePostgres.shared.get().configuration(),
                configuration: PoolConfiguration(maximumConnections: 1), hooks: hooks)
            for _ in 0..<2 { try await pool.execute("SET work_mem = '8MB'") }
            #expect(pool.statistics.connectionsOpened == 1)
            try await pool.close(drain: .seconds(1))
        }

        @Test("a seed does not make the next lease's random numbers predictable")
        func seed() async throws {
            try await withPool(1) { pool async throws in
                var numbers: Set<Double> = []
                for _ in 1...3 {
                    numbers.formUnion(try await pool.query("SELECT random()").decode(Double.self))
                    try await pool.execute("SELECT setseed(0.5)")
                }
                #expect(numbers.count == 3)
            }
        }

        @Test("a reset gives back the settings of the connection string, and the style of dates that the driver reads")
        func baseline() async throws {
            try await withPool(1) {
                $0.more = "options='-c datestyle=German -c work_mem=7MB'"
            } _: { pool async throws in
                for _ in 0..<2 {
                    let date = try await pool.query("SELECT date '2024-02-29', current_setting('work_mem')")
                        .decode((SQLDate, String).self)
                    #expect(date.first.map { "\($0.0) \($0.1)" } == "2024-02-29 7MB")
                    try await pool.execute("SET datestyle = SQL")
                }
            }
        }

        @Test("what the connect hook sets up is there for each lease, and costs none of them a reset")
        func connectHook() async throws {
            let server = try PrivatePostgres.shared.get()
            var hooks = PoolHooks<PostgresDriver>()
            hooks.connect = { try await $0.execute("SET work_mem = '9MB'") }
            let pool = try PostgresPool(
                database: server.configuration(), configuration: PoolConfiguration(maximumConnections: 1), hooks: hooks)
            for _ in 0..<3 {
                #expect(try await pool.query("SHOW work_mem").decode(String.self) == ["9MB"])
            }
            #expect(pool.statistics.resets == 0)
            try await pool.execute("SET work_mem = '8MB'")
            #expect(try await pool.query("SHOW work_mem").decode(String.self) == ["9MB"])
            try await pool.close(drain: .seconds(1))
        }

        @Test("a connection string that libpq cannot read is refused, and its password stays hidden")
        func configuration() throws {
            for text in [
                "postgres://user:se%cret@host:x:y/db", "host", "hots=localhost", "postgres://h/d?sslmood=require",
            ] {
                let error = #expect(throws: PoolConfigurationError.self) { try PostgresConfiguration(text) }
                #expect(error.map { !"\($0)".contains("se%cret") } == true)
            }
            #expect(throws: PoolConfigurationError.self) { try PostgresConfiguration("", settings: ["nonsense": "1"]) }
            #expect(throws: PoolConfigurationError.self) { try PostgresConfiguration("", statementCacheCapacity: -1) }
            #expect(throws: PoolConfigurationError.self) { try PostgresConfiguration("", prepareThreshold: 0) }
            #expect(throws: PoolConfigurationError.self) { try PostgresConfiguration("", cancelTimeout: .zero) }
            let configuration = try PostgresConfiguration(
                "postgres://ada:secret@db.local/shop", applicationName: "till")
            for text in ["\(configuration)", "\(String(reflecting: configuration))", "\(dump(configuration))"] {
                #expect(!text.contains("secret"))
                #expect(text.contains("host=db.local") && text.contains("application_name=till"))
            }
            #expect(
                try configuration
                    == PostgresConfiguration("postgres://ada:secret@db.local/shop", applicationName: "till"))
            #expect(
                try configuration
                    != PostgresConfiguration("postgres://ada:other@db.local/shop", applicationName: "till"))
        }

        @Test("the application's name is what the server shows")
        func applicationName() async throws {
            try await withConnection { _, connection async throws in
                #expect(try await connection.values("SHOW application_name") == [.text("swift-connection-pool")])
            }
            try await withConnection {
                $0.more = "application_name=till"
            } _: { _, connection async throws in
                #expect(try await connection.values("SHOW application_name") == [.text("till")])
            }
        }
    }
}
