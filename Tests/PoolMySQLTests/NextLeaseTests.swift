import Foundation
import PoolMySQL
@_spi(Driver) import PoolSQL
import PoolTesting
import Testing

extension MySQLTests {
    @Suite("What the next lease of a MySQL session finds", .timeLimit(.minutes(4)))
    struct NextLeaseTests {
        /// A database with a role, and with functions, procedures, a trigger and a view that change the session.
        private struct Stage: Sendable {
            let name: String
            let role: String
            let user: String

            init() async throws {
                name = try await PrivateMariaDB.shared.get().createDatabase()
                (role, user) = ("boss_\(name)", "user_\(name)")
                let administrator = try PrivateMariaDB.administrator.get()
                let (name, role, user) = (name, role, user)
                try await administrator.withConnection { lease in
                    for text in [
                        "CREATE ROLE \(role)", "CREATE USER \(user)@'%' IDENTIFIED BY 'by'",
                        "GRANT \(role) TO \(user)@'%'",
                        "GRANT ALL ON \(name).* TO \(user)@'%'", "GRANT BINLOG ADMIN ON *.* TO \(user)@'%'",
                        "USE \(name)",
                        "CREATE TABLE t (i INT PRIMARY KEY)", "INSERT INTO t VALUES (1), (2)", "CREATE TABLE u (i INT)",
                        "CREATE TABLE w (i INT)", "CREATE SEQUENCE s",
                        "CREATE PROCEDURE p_role() SQL SECURITY INVOKER SET ROLE \(role)",
                        "CREATE PROCEDURE p_mode() SQL SECURITY INVOKER SET sql_mode = 'ANSI', @left = 9",
                        "CREATE FUNCTION f_role() RETURNS INT SQL SECURITY INVOKER BEGIN SET ROLE \(role); RETURN 1; END",
                        "CREATE FUNCTION f_left() RETURNS INT SQL SECURITY INVOKER "
                            + "BEGIN SET @left = GET_LOCK('left_\(name)', 0); RETURN 1; END",
                        "CREATE TRIGGER g BEFORE INSERT ON w FOR EACH ROW SET @left = NEW.i",
                        "CREATE SQL SECURITY INVOKER VIEW v AS SELECT f_left() AS f",
                    ] {
                        try await lease.execute(SQL(raw: text))
                    }
                }
            }

            func set(_ settings: inout MySQLTestSettings) {
                (settings.user, settings.password, settings.database) = (user, "by", name)
            }
        }

        @Test(
            "a role ends with its lease, however it was set",
            arguments: [
                (SQLResetPolicy.smart, SQLTemporaryTables.dropped), (.full, .dropped), (.smart, .kept),
            ])
        func roles(policy: SQLResetPolicy, tables: SQLTemporaryTables) async throws {
            let stage = try await Stage()
            let role = stage.role
            try await withPool(1) {
                stage.set(&$0)
                ($0.resetPolicy, $0.temporaryTables) = (policy, tables)
            } _: { pool async throws in
                func check(_ what: String) async throws {
                    #expect(try await pool.query("SELECT CURRENT_ROLE()").decode(String?.self) == [nil], "\(what)")
                }
                for text in [
                    "SET ROLE \(role)", "IF 1 THEN SET ROLE \(role); END IF",
                    "FOR i IN (SELECT 1) DO SET ROLE \(role); END FOR", "IF 1 THEN CALL p_role(); END IF",
                    "CALL p_role()",
                    "IF 1 THEN EXECUTE IMMEDIATE CONCAT('SET RO','LE \(role)'); END IF", "SELECT f_role()",
                    "EXECUTE IMMEDIATE 'SET ROLE \(role)'", "BEGIN NOT ATOMIC SET ROLE \(role); END",
                    "/*!999999 ' */ SET ROLE \(role) -- '", "/*!50701 ' */ SET ROLE \(role) -- '",
                    "SET sql_select_limit = 0, @@character_set_results = binary, ROLE \(role)",
                    "BEGIN NOT ATOMIC SET ROLE \(role); SET sql_select_limit = 0; END",
                    "BEGIN NOT ATOMIC SET ROLE \(role); SET character_set_results = 'binary'; END",
                ] {
                    _ = try? await pool.execute(SQL(raw: text))
                    try await check(text)
                    _ = try? await pool.withConnection { try await $0.executeScript(text) }
                    try await check("as a script: \(text)")
                }
                for script in [
                    "SELECT 1; IF 1 THEN SET ROLE \(role); END IF; SELECT 2", "SET ROLE \(role); SELECT * FROM nowhere",
                    "SET sql_mode = 'NO_BACKSLASH_ESCAPES'; SELECT 'a\\'; SET ROLE \(role); SELECT 'b\\'",
                ] {
                    _ = try? await pool.withConnection { try await $0.executeScript(script) }
                    try await check(script)
                }
            }
        }

        @Test("what profiling and a seed leave costs the connection, also where a procedure has set them")
        func replaced() async throws {
            let stage = try await Stage()
            try await withPool(1, stage.set) { pool async throws in
                let texts = [
                    "SET profiling = 1", "SET rand_seed1 = 1, rand_seed2 = 1",
                    "EXECUTE IMMEDIATE CONCAT('SET rand_', 'seed1 = 1')", "BEGIN NOT ATOMIC SET profiling = 1; END",
                ]
                for (count, text) in texts.enumerated() {
                    try await pool.withConnection { lease in
                        try await lease.execute(SQL(raw: text))
                        _ = try await lease.query("SELECT 'secret' FROM t")
                    }
                    #expect(try await pool.query("SHOW PROFILES").isEmpty)
                    #expect(pool.statistics.connectionsOpened == count + 2, "\(text)")
                }
            }
        }

        @Test("the server's messages, which show values, end with their lease, and cost no prepared statement")
        func messages() async throws {
            let stage = try await Stage()
            try await withPool(1, stage.set) { pool async throws in
                func prepared() async throws -> String {
                    try await pool.query("SHOW SESSION STATUS LIKE 'Com_stmt_prepare'")[0][1, as: String.self]
                }
                _ = try await pool.query("SELECT \(1)")
                let before = try await prepared()
                try await pool.withConnection { lease async throws in
                    await #expect(throws: MySQLError.self) { try await lease.execute("INSERT INTO t VALUES (1)") }
                    #expect(try await lease.warnings().count == 1)
                }
                #expect(try await pool.withConnection { try await $0.warnings() } == [])
                try await pool.execute("SELECT CAST('secret' AS SIGNED) FROM t")
                #expect(try await pool.query("SHOW WARNINGS").isEmpty)
                _ = try await pool.query("SELECT \(1)")
                #expect(try await Int(prepared()) == (Int(before) ?? 0) + 2)
                #expect(pool.statistics.connectionsOpened == 1)
            }
        }

        // MARK: Random sequences

        /// Statements that change the session, or look as if, or hide that they do. `R` is the role.
        private static let texts = [
            "SET sql_mode = 'ANSI_QUOTES'", "SET sql_mode = 'NO_BACKSLASH_ESCAPES'",
            "SET SESSION sort_buffer_size = 100000",
            "SET @left = 5", "SELECT @left := 6", "SELECT 7 INTO @left", "SELECT 'x\\', @left := 5, 'y\\'",
            "SELECT f_left()",
            "SELECT 'C:\\', GET_LOCK('left_D', 0), 'D:\\'", "SELECT 1 AS \"a\\\", GET_LOCK('left_D', 0), 2 AS \"b\"",
            "SELECT `get_lock`('left_D', 0)", "SELECT GET_LOCK /* here */ ('left_D', 0)", "DO GET_LOCK('left_D', 0)",
            "/*! SET @left = 8 */", "SELECT 1 /*! , @left := 9 */", "/*!999999 ' */ SET ROLE R -- '",
            "IF 1 THEN SET ROLE R; END IF",
            "FOR i IN (SELECT 1) DO SET ROLE R; END FOR", "CALL p_role()", "CALL p_mode()", "SELECT f_role()",
            "SET ROLE R",
            "CREATE TEMPORARY TABLE left_over (i INT)", "CREATE TEMPORARY TABLE t (hidden INT)",
            "PREPARE left_over FROM 'SELECT 1'",
            "HANDLER t OPEN", "LOCK TABLES t READ", "USE mysql", "SET autocommit = 0", "START TRANSACTION",
            "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SET TRANSACTION READ ONLY", "SET NAMES latin1",
            "SET time_zone = '+05:00'", "SET STATEMENT sort_buffer_size = 100000 FOR SELECT f_left()",
            "SELECT NEXT VALUE FOR s",
            "BEGIN NOT ATOMIC SET sql_mode = 'ANSI'; SET ROLE R; SIGNAL SQLSTATE '45000'; END", "SET profiling = 1",
            "EXECUTE IMMEDIATE CONCAT('SET @le', 'ft = 5')", "XA START 'left_D'", "SELECT * FROM nowhere",
            "SELECT 1/0, CAST('x' AS SIGNED)",
            "INSERT INTO t VALUES (1)", "INSERT INTO u VALUES (1)", "UPDATE u SET i = i + 1", "DELETE FROM u",
            "SELECT count(*) FROM t",
            "SELECT 1", "COMMIT", "ROLLBACK", "SELECT i FROM t WHERE i = 1 FOR UPDATE", "SET sql_select_limit = 0",
            "SET max_statement_time = 50",
        ]
        /// What no text shows, for which only a reset after each lease is the answer.
        private static let hidden = ["INSERT INTO w VALUES (1)", "SELECT f FROM v"]

        @Test(
            "after any sequence of statements the next lease is like a fresh session",
            arguments: [
                ("", SQLResetPolicy.smart), ("NO_BACKSLASH_ESCAPES", .smart),
                ("ANSI_QUOTES,IGNORE_SPACE", .smart),
                ("", .full),
            ])
        func sequences(mode: String, policy: SQLResetPolicy) async throws {
            let stage = try await Stage()
            let seed = UInt64.random(in: 1...1_000_000)
            var random = SeededRandom(seed: seed)
            let texts = (Self.texts + (policy == .full ? Self.hidden : [])).map {
                $0.replacingOccurrences(of: "_D", with: "_\(stage.name)").replacingOccurrences(
                    of: " R ", with: " \(stage.role) "
                )
                .replacingOccurrences(of: " R;", with: " \(stage.role);")
            }.map { $0.hasSuffix(" R") ? $0.dropLast() + stage.role : $0 }
            func set(_ settings: inout MySQLTestSettings) {
                stage.set(&settings)
                settings.resetPolicy = policy
                if !mode.isEmpty { settings.initCommands = ["SET sql_mode = '\(mode)'"] }
            }
            let fresh = try await withConnection(set) { _, connection async throws in
                try await Self.picture(stage) { try await connection.query($0) }
            }
            try await withPool(1, set) { pool async throws in
                for _ in 0..<60 {
                    let chosen = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                        (texts.randomElement(using: &random) ?? "", Int.random(in: 0..<4, using: &random))
                    }
                    try await pool.withConnection { lease async throws in
                        for (text, way) in chosen { await Self.run(text, way, in: &lease) }
                    }
                    let found = try await pool.withConnection { lease async throws in
                        let connection = lease.handle.connection
                        return try await Self.picture(stage) { try await connection.query($0) }
                    }
                    let differing = found.filter { fresh[$0.key] != $0.value }
                    #expect(differing.isEmpty, "seed \(seed), after \(chosen): \(differing)")
                }
            }
        }

        private static func run(_ text: String, _ way: Int, in lease: inout Lease<MySQLDriver>) async {
            switch way {
            case 0: _ = try? await lease.execute(SQL(raw: text))
            case 1: _ = try? await lease.executeScript(text + "; SELECT 1")
            case 2: _ = try? await lease.transaction { _ = try await $0.query(SQL(raw: text)) }
            default: _ = try? await lease.stream(SQL(raw: text)) { _ = try await $0.next() }
            }
        }

        /// Variables of which each session has its own.
        private static let ownVariables: Set<String> = [
            "timestamp", "pseudo_thread_id", "rand_seed1", "rand_seed2", "last_insert_id", "identity", "insert_id",
            "error_count",
            "warning_count", "gtid_seq_no", "last_gtid", "gtid_binlog_pos", "gtid_binlog_state", "gtid_current_pos",
        ]

        /// All that the server tells of a session.
        private static func picture(
            _ stage: Stage, _ query: (SQL) async throws -> SQLRows
        ) async throws -> [String: String] {
            var picture: [String: String] = [:]
            func note(_ name: String, _ text: String) async {
                do {
                    picture[name] = try await query(SQL(raw: text)).map { "\(Array($0.values))" }.joined(
                        separator: ", ")
                } catch let error as MySQLError {
                    picture[name] = "\(error.code)"
                } catch {
                    picture[name] = "\(error)"
                }
            }
            await note("messages", "SHOW WARNINGS")
            await note("transaction", "SELECT @@in_transaction")
            await note("place", "SELECT CURRENT_ROLE(), DATABASE(), IS_USED_LOCK('left_\(stage.name)')")
            for row in try await query("SHOW SESSION VARIABLES") {
                let (name, value) = try row.decode((String, String).self)
                if !ownVariables.contains(name) { picture["@@" + name] = value }
            }
            await note("user variable", "SELECT @left")
            await note("temporary table", "SELECT * FROM left_over")
            await note("hidden table", "SELECT * FROM t")
            await note("table locks", "SELECT count(*) FROM mysql.time_zone_leap_second")
            await note("prepared", "EXECUTE left_over")
            await note("handler", "HANDLER t READ FIRST")
            await note("sequence", "SELECT PREVIOUS VALUE FOR s")
            await note("profiles", "SHOW PROFILES")
            await note("xa", "XA RECOVER")
            return picture
        }
    }
}
