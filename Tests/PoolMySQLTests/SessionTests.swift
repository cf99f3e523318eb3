import PoolMySQL
import Testing

extension MySQLTests {
    @Suite("Sessions of MySQL", .timeLimit(.minutes(2)))
    struct SessionTests {
        @Test(
            "a statement that changes nothing in its session costs no reset",
            arguments: [
                "SELECT 1", "select 'SET x', \"LOCK\", 1 AS `temporary`", "/* SET a */ SELECT 1", "-- LOCK x\nSELECT 1",
                "# USE x\nSELECT 1", "SHOW TABLES", "EXPLAIN SELECT 1", "SELECT @@version", "DO 0",
                "CREATE TABLE IF NOT EXISTS ordinary (i INT)", "DROP TABLE IF EXISTS ordinary", "VALUES (1)",
                "WITH x AS (SELECT 1) SELECT * FROM x", "SELECT 'it''s SET @a'",
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
            "a statement that may change its session is followed by a reset",
            arguments: [
                "SET sql_mode = 'ANSI'", "/*! SET sql_mode = 'ANSI' */", "CREATE TEMPORARY TABLE left_over (i INT)",
                "SELECT GET_LOCK('left_over', 0)", "SELECT @a := 1", "USE mysql", "LOCK TABLES mysql.db READ",
                "HANDLER mysql.time_zone OPEN", "PREPARE left_over FROM 'SELECT 1'",
                "BEGIN NOT ATOMIC SET sql_mode = 'ANSI'; END", "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
            ])
        func isReset(statement: String) async throws {
            try await withPool(1) { pool async throws in
                let before = try await session(pool)
                try await pool.execute(SQL(raw: statement))
                #expect(try await session(pool) == before)
                #expect(pool.statistics.resets == 1)
                #expect(pool.statistics.connectionsOpened == 1)
            }
        }

        private func session(_ pool: MySQLPool) async throws -> [SQLValue] {
            try await pool.query(
                """
                SELECT @@sql_mode, DATABASE(), IS_USED_LOCK('left_over') IS NULL, @@time_zone, @@tx_isolation,
                    @@character_set_client, @@collation_connection, @@autocommit, @@session_track_state_change
                """
            ).flatMap { Array($0.values) }
        }

        @Test("what a procedure changes is noticed, also where the statement that calls it fails")
        func procedures() async throws {
            let name = try await PrivateMariaDB.shared.get().createDatabase()
            try await withPool(1) {
                $0.database = name
            } _: { pool async throws in
                try await pool.withConnection { lease in
                    try await lease.executeScript(
                        "CREATE PROCEDURE p() BEGIN SET @a = 1; SIGNAL SQLSTATE '45000'; END; CREATE TABLE t (i INT);"
                            + "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @a = 2")
                }
                _ = try await pool.query("SELECT 1")
                let resets = pool.statistics.resets
                await #expect(throws: MySQLError.self) { try await pool.execute("CALL p()") }
                #expect(try await pool.query("SELECT @@version_comment, 1").count == 1)
                #expect(pool.statistics.resets == resets + 1)
                // The text of this one tells nothing; the server does.
                try await pool.execute("INSERT INTO t VALUES (1)")
                _ = try await pool.query("SELECT 1")
                #expect(pool.statistics.resets == resets + 2)
            }
        }

        @Test("the init commands run at each connect and after each reset")
        func initCommands() async throws {
            try await withPool(1) {
                $0.initCommands = ["SET @tenant = 7", "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"]
            } _: { pool async throws in
                for _ in 0..<2 {
                    let found = try await pool.query("SELECT @tenant, @@tx_isolation").decode((Int, String).self)
                    #expect(found.first.map { $0 == (7, "READ-COMMITTED") } == true)
                    try await pool.execute("SET @tenant = 8, SESSION tx_isolation = 'SERIALIZABLE'")
                }
            }
        }

        @Test(
            "what the connect hook sets up is in force in each of 20 leases, whatever they change, on one connection",
            arguments: [SQLTemporaryTables.dropped, .kept], [SQLResetPolicy.smart, .full])
        func connectHook(temporaryTables: SQLTemporaryTables, resetPolicy: SQLResetPolicy) async throws {
            var settings = MySQLTestSettings()
            (settings.temporaryTables, settings.resetPolicy) = (temporaryTables, resetPolicy)
            var hooks = PoolHooks<MySQLDriver>()
            hooks.connect = { lease in
                try await lease.execute("SET sql_mode = 'ANSI', time_zone = '+09:00', @tenant = 7")
                try await lease.execute("CREATE TEMPORARY TABLE IF NOT EXISTS of_hook (i INT)")
            }
            let pool = try MySQLPool(
                database: settings.configuration(PrivateMariaDB.shared.get()),
                configuration: PoolConfiguration(maximumConnections: 1), hooks: hooks)
            let changes: [SQL] = [
                "DO 1", "SET sql_mode = ''", "SET time_zone = '+01:00', sql_mode = ''", "SET @tenant = 8", "USE mysql",
                "SET SESSION max_join_size = 1000", "DROP TEMPORARY TABLE of_hook",
                "CREATE TEMPORARY TABLE IF NOT EXISTS l (i INT)",
            ]
            var sessions: Set<Int> = []
            for number in 0..<20 {
                try await pool.withConnection { lease in
                    // A statement that only the hook's mode understands.
                    let found = try await lease.query(
                        """
                        SELECT @@sql_mode LIKE '%ANSI%', @@time_zone, @tenant, DATABASE(), "test".of_hook.i,
                            CONNECTION_ID()
                        FROM (SELECT 1) one LEFT JOIN "test".of_hook ON 1 = 1 WHERE \(number) = \(number)
                        """)
                    let row = try found.decode((Bool, String, Int, String, Int?, Int).self)[0]
                    #expect(row.0 && row.1 == "+09:00" && row.2 == 7 && row.3 == "test", "lease \(number): \(row)")
                    sessions.insert(row.5)
                    try await lease.execute(changes[number % changes.count])
                }
            }
            #expect(sessions.count == 1 && pool.statistics.connectionsOpened == 1)
            #expect(pool.statistics.resets > 10)
            try await pool.close(drain: .seconds(1))
        }

        @Test("what a connect hook does that no reset undoes costs the connection of a lease that changed something")
        func connectHookForGood() async throws {
            var hooks = PoolHooks<MySQLDriver>()
            hooks.connect = { try await $0.execute("SET profiling = 1") }
            let pool = try MySQLPool(
                database: MySQLTestSettings().configuration(PrivateMariaDB.shared.get()),
                configuration: PoolConfiguration(maximumConnections: 1), hooks: hooks)
            for change: SQL in ["DO 1", "SET @a = 1", "DO 1"] {
                #expect(try await pool.query("SELECT @@profiling").decode(Int.self) == [1])
                try await pool.execute(change)
            }
            #expect(pool.statistics.connectionsOpened == 2)
            try await pool.close(drain: .seconds(1))
        }

        @Test("a database that was left is come back to, and so is none")
        func database() async throws {
            for database in ["test", nil] {
                try await withPool(1) {
                    $0.database = database
                } _: { pool async throws in
                    for _ in 0..<2 {
                        try await pool.execute("USE mysql")
                        #expect(try await pool.query("SELECT DATABASE()").decode(String?.self) == [database])
                    }
                    #expect(pool.statistics.connectionsOpened == 1)
                }
            }
        }

        @Test("another user for one lease is gone with it, and a cancel finds that user's statement")
        func changeOfUser() async throws {
            try await withPool(1) { pool async throws in
                for _ in 0..<2 {
                    try await pool.withConnection { lease in
                        try await lease.execute("SET @a = 1")
                        try await lease.changeUser("other", password: "another")
                        let found = try await lease.query("SELECT CURRENT_USER(), DATABASE(), @a")
                            .decode((String, String, Int?).self)
                        #expect(found.first.map { $0 == ("other@%", "test", nil) } == true)
                    }
                    #expect(try await pool.query("SELECT CURRENT_USER()").decode(String.self) == ["root@localhost"])
                }
                #expect(pool.statistics.connectionsOpened == 1)
                let cancelled = Task {
                    try await pool.withConnection { lease in
                        try await lease.changeUser("other", password: "another")
                        _ = try await lease.query("SELECT SLEEP(1000)")
                    }
                }
                try await waitForProcess("SELECT SLEEP(1000)")
                cancelled.cancel()
                await #expect(throws: CancellationError.self) { try await cancelled.value }
                await #expect(throws: MySQLError.self) {
                    try await pool.withConnection { try await $0.changeUser("other", password: "wrong") }
                }
                #expect(try await pool.query("SELECT CURRENT_USER()").decode(String.self) == ["root@localhost"])
            }
        }

        @Test("each reset policy undoes what it says, and no more", arguments: SQLResetPolicy.allCases)
        func policies(policy: SQLResetPolicy) async throws {
            try await withPool(1) {
                $0.resetPolicy = policy
            } _: { pool async throws in
                try await pool.withConnection { lease in
                    try await lease.execute("SET @a = 1")
                    try await lease.execute("BEGIN")
                }
                // A lease of its own: `pool.query` refuses to leave a transaction open, whatever has opened it.
                let found = try await pool.withConnection { lease in
                    let found = try await lease.query("SELECT @a, @@in_transaction").decode((Int?, Int).self)
                    try await lease.execute("ROLLBACK")
                    return found
                }
                let (variable, transactions) = try #require(found.first)
                #expect(variable == ([.off, .rollbackOnly].contains(policy) ? 1 : nil))
                #expect(transactions == (policy == .off ? 1 : 0))
            }
        }

        @Test("a deadlock is run again, and a transaction that the server has ended is not gone on with")
        func lostTransactions() async throws {
            let name = try await PrivateMariaDB.shared.get().createDatabase()
            try await withPool(2) {
                $0.database = name
            } _: { pool async throws in
                try await pool.execute("CREATE TABLE d (i INT PRIMARY KEY, v INT)")
                try await pool.execute("INSERT INTO d VALUES (1, 0), (2, 0)")
                try await withThrowingTaskGroup { group in
                    for order in [[1, 2], [2, 1]] {
                        group.addTask {
                            for _ in 0..<20 {
                                try await pool.withTransaction(SQLTransactionOptions(maximumRetries: 1_000)) {
                                    transaction in
                                    for row in order {
                                        try await transaction.execute("UPDATE d SET v = v + 1 WHERE i = \(row)")
                                    }
                                }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(try await pool.query("SELECT v FROM d").decode(Int.self) == [40, 40])
                let error = await #expect(throws: MySQLError.self) {
                    try await pool.withTransaction { transaction in
                        try await transaction.execute("UPDATE d SET v = 0")
                        // It commits.
                        try await transaction.execute("CREATE TABLE IF NOT EXISTS e (i INT)")
                        try await transaction.execute("UPDATE d SET v = 1")
                    }
                }
                #expect(error?.message.contains("no longer open") == true)
                #expect(try await pool.query("SELECT v FROM d").decode(Int.self) == [0, 0])
            }
        }

        @Test("an idle connection is replaced before the server's wait_timeout ends it, and after it has")
        func waitTimeout() async throws {
            try await withConnection {
                $0.initCommands = ["SET wait_timeout = 1"]
            } _: { _, connection async throws in
                #expect(connection.condition == .clean)
                let start = ContinuousClock.now
                while connection.condition == .clean { await Task.yield() }
                let silence = ContinuousClock.now - start
                #expect(silence > .milliseconds(800) && silence < .milliseconds(1_000), "\(silence)")
            }
            try await withPool(1) {
                $0.initCommands = ["SET wait_timeout = 1"]
            } _: { pool async throws in
                let id = try await pool.query("SELECT CONNECTION_ID()").decode(Int.self)[0]
                let administrator = try PrivateMariaDB.administrator.get()
                while try await !administrator.query("SELECT 1 FROM information_schema.processlist WHERE id = \(id)")
                    .isEmpty
                {}
                #expect(try await pool.query("SELECT 1").decode(Int.self) == [1])
                #expect(pool.statistics.connectionsOpened == 2)
            }
        }

        @Test("the idle limit of a session is known that a hook, a lease or the server has changed")
        func changedIdleLimit() async throws {
            let administrator = try PrivateMariaDB.administrator.get()
            func silence(_ connection: MySQLConnection) async -> Duration {
                let start = ContinuousClock.now
                while connection.condition == .clean, ContinuousClock.now - start < .seconds(4) { await Task.yield() }
                return ContinuousClock.now - start
            }
            try await withConnection { driver, connection async throws in
                _ = try await connection.execute("SET wait_timeout = 3")
                try await connection.reset()
                #expect(await silence(connection) > .milliseconds(3_500))
                _ = try await connection.execute("SET wait_timeout = 3")
                connection.acceptSessionAsClean()
                #expect(2_600..<3_000 ~= (await silence(connection)) / .milliseconds(1))
            }
            try await withConnection { driver, connection async throws in
                try await administrator.execute("SET GLOBAL wait_timeout = 3")
                _ = try await connection.execute("SET @changed = 1")
                let result: Result<Void, any Error>
                do { result = .success(try await connection.reset()) } catch { result = .failure(error) }
                try await administrator.execute("SET GLOBAL wait_timeout = DEFAULT")
                try result.get()
                #expect(2_600..<3_000 ~= (await silence(connection)) / .milliseconds(1))
            }
        }

        @Test("a connection keeps the limit of its packets, whatever the server's has become")
        func changedPacketLimit() async throws {
            let administrator = try PrivateMariaDB.administrator.get()
            try await withConnection { driver, connection async throws in
                try await administrator.execute("SET GLOBAL max_allowed_packet = 1048576")
                _ = try await connection.execute("SET @changed = 1")
                let result: Result<Void, any Error>
                do { result = .success(try await connection.reset()) } catch { result = .failure(error) }
                try await administrator.execute("SET GLOBAL max_allowed_packet = DEFAULT")
                try result.get()
                let large = String(repeating: "x", count: 3 << 20)
                #expect(try await connection.values("SELECT LENGTH(\(large))") == [.int(3 << 20)])
            }
        }

        @Test("an idle connection that the server ends is replaced before anybody wants it")
        func lostWhileIdle() async throws {
            try await withPool(1) { pool async throws in
                let id = try await pool.query("SELECT CONNECTION_ID()").decode(Int.self)[0]
                try await PrivateMariaDB.administrator.get().execute("KILL \(raw: "\(id)")")
                while pool.statistics.counts.total > 0 { await Task.yield() }
                #expect(try await pool.query("SELECT 1").decode(Int.self) == [1])
            }
        }

        @Test("the transactions of a lease that only reads only read")
        func readingLease() async throws {
            try await withPool(1) { pool async throws in
                let writes: (inout SQLTransaction<MySQLDriver>) async throws -> Void = {
                    try await $0.execute("INSERT INTO mysql.time_zone_name VALUES ('x', 1)")
                }
                let error = await #expect(throws: MySQLError.self) {
                    try await pool.withTransaction(acquire: .readOnly, writes)
                }
                #expect(error?.code == .readOnlyTransaction)
                #expect(try await pool.query("SELECT @@tx_read_only").decode(Bool.self) == [false])
            }
        }

        @Test("connection attributes, the character set and compression are what was asked for")
        func options() async throws {
            try await withConnection {
                $0.attributes = ["program_name": "a test", "team": "blue"]
                $0.usesCompression = true
            } _: { _, connection async throws in
                let compression = try await connection.query("SHOW SESSION STATUS LIKE 'Compression'")
                #expect(Array(compression[0].values) == [.text("Compression"), .text("ON")])
                let found = try await connection.values(
                    "SELECT @@character_set_client, @@character_set_results, REPEAT('ü', 100000)")
                #expect(found == [.text("utf8mb4"), .text("utf8mb4"), .text(String(repeating: "ü", count: 100_000))])
            }
        }
    }
}

/// Waits until the server runs a statement with this text.
func waitForProcess(_ text: String) async throws {
    let administrator = try PrivateMariaDB.administrator.get()
    while try await administrator.query("SELECT 1 FROM information_schema.processlist WHERE info = \(text)").isEmpty {}
}
