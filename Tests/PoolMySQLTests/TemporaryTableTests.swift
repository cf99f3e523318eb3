import PoolMySQL
import Testing

extension MySQLTests {
    @Suite("Temporary tables of MySQL between leases", .timeLimit(.minutes(2)))
    struct TemporaryTableTests {
        private static let create: SQL = "CREATE TEMPORARY TABLE kept_or_not (i INT)"

        private func exists(_ pool: MySQLPool) async throws -> Bool {
            do {
                _ = try await pool.query("SELECT i FROM kept_or_not")
                return true
            } catch let error as MySQLError where error.code.rawValue == 1146 {
                return false
            }
        }

        private func session(_ pool: MySQLPool) async throws -> [SQLValue] {
            try await pool.query(
                """
                SELECT @@sql_mode, DATABASE(), IS_USED_LOCK('left_over') IS NULL, @@time_zone, @@tx_isolation,
                    @@character_set_client, @@collation_connection, @@autocommit, @@session_track_state_change,
                    @@sort_buffer_size, @@wait_timeout, @@session_track_system_variables, @@foreign_key_checks, @tenant,
                    @@lock_wait_timeout, CURRENT_ROLE()
                """
            ).flatMap { Array($0.values) }
        }

        @Test("they are dropped at the end of a lease, unless they are to be kept")
        func dropped() async throws {
            try await withPool(1) { pool async throws in
                try await pool.execute(Self.create)
                #expect(try await !exists(pool))
            }
        }

        @Test(
            "where they are kept, what else a lease has changed is undone all the same",
            arguments: [
                "SET sql_mode = 'ANSI'", "SET SESSION sort_buffer_size = 100000, lock_wait_timeout = 7",
                "SET foreign_key_checks = 0", "SET time_zone = '+05:00'", "SET NAMES latin1", "SET autocommit = 0",
                "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SET wait_timeout = 77", "SET @tenant = 8",
                "SELECT GET_LOCK('left_over', 0)", "USE mysql", "LOCK TABLES mysql.db READ",
                "BEGIN NOT ATOMIC SET sql_mode = 'ANSI'; END", "SET session_track_state_change = 0",
            ])
        func kept(statement: String) async throws {
            try await withPool(1) {
                $0.temporaryTables = .kept
                $0.initCommands = ["SET @tenant = 7, lock_wait_timeout = 70"]
            } _: { pool async throws in
                let before = try await session(pool)
                try await pool.execute(Self.create)
                #expect(try await exists(pool))
                try await pool.execute(SQL(raw: statement))
                #expect(try await session(pool) == before)
                #expect(try await exists(pool))
                #expect(pool.statistics.connectionsOpened == 1)
            }
        }

        @Test("an isolation level for the next transaction alone does not wait for the next lease's")
        func nextTransaction() async throws {
            let name = try await PrivateMariaDB.shared.get().createDatabase()
            try await withPool(1) {
                ($0.temporaryTables, $0.database) = (.kept, name)
            } _: { pool async throws in
                try await pool.execute("CREATE TABLE t (i INT) ENGINE = InnoDB")
                try await pool.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
                let level = try await pool.withTransaction { transaction in
                    try await transaction.execute("INSERT INTO t VALUES (1)")
                    return try await transaction.query(
                        """
                        SELECT trx_isolation_level FROM information_schema.innodb_trx
                            WHERE trx_mysql_thread_id = CONNECTION_ID()
                        """
                    ).decode(String.self)
                }
                #expect(level == ["REPEATABLE READ"])
                #expect(pool.statistics.connectionsOpened == 1)
            }
        }

        @Test(
            "where only a new session undoes what a lease has changed, they are dropped after all",
            arguments: [
                "BEGIN NOT ATOMIC SET sql_mode = 'ANSI'; SIGNAL SQLSTATE '45000'; END",
                "SET session_track_system_variables = '', sort_buffer_size = 100000",
                "SET last_insert_id = 5, sort_buffer_size = 100000",
            ])
        func madeAnew(statement: String) async throws {
            try await withPool(1) {
                $0.temporaryTables = .kept
            } _: { pool async throws in
                let before = try await session(pool)
                try await pool.execute(Self.create)
                _ = try? await pool.execute(SQL(raw: statement))
                #expect(try await session(pool) == before)
                #expect(try await !exists(pool))
                #expect(pool.statistics.connectionsOpened == 1)
            }
        }

        @Test("a database that is left for none takes a login, and so does another user")
        func logins() async throws {
            try await withPool(1) {
                ($0.temporaryTables, $0.database) = (.kept, nil)
            } _: { pool async throws in
                try await pool.execute("USE test")
                #expect(try await pool.query("SELECT DATABASE()").decode(String?.self) == [nil])
                try await pool.withConnection { try await $0.changeUser("other", password: "another") }
                #expect(try await pool.query("SELECT CURRENT_USER()").decode(String.self) == ["root@localhost"])
                #expect(pool.statistics.connectionsOpened == 1)
            }
        }

        @Test("where they are kept, prepared statements stay too, but those that mean something else now")
        func preparedStatements() async throws {
            try await withPool(1) {
                ($0.temporaryTables, $0.initCommands) = (.kept, ["SET lock_wait_timeout = 70"])
            } _: { pool async throws in
                /// How many statements were prepared for one that was before.
                func count() async throws -> Int {
                    try await pool.withConnection { lease in
                        func read() async throws -> Int {
                            let results = try await lease.queryAll("SHOW SESSION STATUS LIKE 'Com_stmt_prepare'")
                            return try Int(results[0].rows.first?[1, as: String.self] ?? "") ?? -1
                        }
                        let before = try await read()
                        _ = try await lease.query("SELECT '1' || \("0")")
                        return try await read() - before
                    }
                }
                _ = try await count()
                try await pool.execute(Self.create)
                #expect(try await count() == 0)
                try await pool.withConnection { lease in
                    try await lease.execute("SET sql_mode = 'PIPES_AS_CONCAT'")
                    let text = try await lease.query("SELECT '1' || \("0")").decode(String.self)
                    #expect(text == ["10"])
                }
                #expect(try await pool.query("SELECT '1' || \("0")").decode(Int.self) == [1])
                #expect(pool.statistics.connectionsOpened == 1)
            }
        }

        @Test("a URL says whether they are kept")
        func url() throws {
            #expect(try MySQLConfiguration(url: "mysql://u@h").temporaryTables == .dropped)
            #expect(try MySQLConfiguration(url: "mysql://u@h?temporaryTables=kept").temporaryTables == .kept)
            #expect(throws: PoolConfigurationError.self) {
                try MySQLConfiguration(url: "mysql://u@h?temporaryTables=no")
            }
        }
    }
}
