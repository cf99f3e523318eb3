import PoolMySQL
import Testing

extension MySQLTests {
    @Suite("What a MySQL session leaves behind", .timeLimit(.minutes(2)))
    struct LeftoverTests {
        @Test("a prepared statement means what it says where the session is now")
        func otherDatabase() async throws {
            let server = try PrivateMariaDB.shared.get()
            let (first, second) = (try await server.createDatabase(), try await server.createDatabase())
            try await withConnection {
                $0.database = first
            } _: { _, connection async throws in
                for (name, value) in [(first, 1), (second, 2)] {
                    _ = try await connection.execute("CREATE TABLE \(identifier: name).t AS SELECT \(value) AS i")
                }
                func found() async throws -> [Int] { try await connection.query("SELECT i FROM t").decode(Int.self) }
                #expect(try await found() == [1])
                _ = try await connection.execute("USE \(identifier: second)")
                #expect(try await found() == [2])
                try await connection.executeScript("USE \(first); DO 0")
                #expect(try await found() == [1])
                _ = try await connection.execute("PREPARE p FROM 'USE \(identifier: second)'")
                await #expect(throws: MySQLError.self) {
                    try await connection.executeScript("USE \(second); SELECT * FROM nowhere")
                }
                #expect(try await found() == [2])
            }
        }

        @Test("a prepared statement is read in the SQL mode that the session has now")
        func otherMode() async throws {
            try await withConnection { _, connection async throws in
                func found() async throws -> [SQLValue] { try await connection.values("SELECT '1' || '0'") }
                #expect(try await found() == [.int(1)])
                _ = try await connection.execute("SET sql_mode = 'PIPES_AS_CONCAT'")
                #expect(try await found() == [.text("10")])
                try await connection.executeScript("SET sql_mode = ''")
                #expect(try await found() == [.int(1)])
            }
        }

        @Test("a role ends with its lease, and the default role is there again")
        func role() async throws {
            let administrator = try PrivateMariaDB.administrator.get()
            for text in [
                "CREATE ROLE plain_role", "CREATE ROLE high_role", "CREATE USER roled@'%' IDENTIFIED BY 'by'",
                "GRANT plain_role TO roled@'%'", "GRANT high_role TO roled@'%'",
                "SET DEFAULT ROLE plain_role FOR roled@'%'", "GRANT EXECUTE ON test.* TO roled@'%'",
                "CREATE PROCEDURE test.raise_role() SQL SECURITY INVOKER SET ROLE high_role",
                "CREATE PROCEDURE test.drop_role() SQL SECURITY INVOKER SET ROLE NONE",
            ] {
                try await administrator.execute(SQL(raw: text))
            }
            try await withPool(1) {
                ($0.user, $0.password, $0.database) = ("roled", "by", nil)
            } _: { pool async throws in
                for text in [
                    "SET ROLE high_role", "SET ROLE NONE", "EXECUTE IMMEDIATE 'SET ROLE high_role'",
                    "CALL test.raise_role()", "CALL test.raise_role()", "CALL test.drop_role()",
                    "BEGIN NOT ATOMIC CALL test.raise_role(); END",
                ] {
                    try await pool.execute(SQL(raw: text))
                    #expect(try await pool.query("SELECT CURRENT_ROLE()").decode(String?.self) == ["plain_role"])
                }
                #expect(pool.statistics.connectionsOpened == 1)
            }
        }

        @Test("a server that does not tell of sessions' changes is told to")
        func untracked() async throws {
            let administrator = try PrivateMariaDB.administrator.get()
            let variables = try await administrator.query("SELECT @@GLOBAL.session_track_system_variables")
                .decode(String.self)[0]
            try await administrator.execute("SET GLOBAL session_track_schema = OFF")
            try await administrator.execute("SET GLOBAL session_track_system_variables = ''")
            let result: Result<Void, any Error>
            do {
                try await withPool(1) { pool async throws in
                    try await pool.execute("USE mysql")
                    #expect(try await pool.query("SELECT DATABASE()").decode(String.self) == ["test"])
                    try await pool.withConnection { lease in
                        try await lease.execute("SET time_zone = '+05:00'")
                        try await lease.execute("CREATE OR REPLACE TABLE told (x TIMESTAMP)")
                        try await lease.execute("INSERT INTO told VALUES ('2024-01-01 12:00:00')")
                        let found = try await lease.query("SELECT x FROM told").flatMap { Array($0.values) }
                        #expect(found == [SQLTimestamp("2024-01-01T12:00:00").sqlValue])
                    }
                }
                result = .success(())
            } catch {
                result = .failure(error)
            }
            try await administrator.execute("SET GLOBAL session_track_schema = ON")
            try await administrator.execute("SET GLOBAL session_track_system_variables = \(variables)")
            try result.get()
        }

        @Test("the init commands run for another user, too")
        func initCommandsOfAnotherUser() async throws {
            try await withPool(1) {
                $0.initCommands = ["SET @tenant = 7"]
            } _: { pool async throws in
                try await pool.withConnection { lease in
                    try await lease.execute("SET @tenant = 8")
                    try await lease.changeUser("other", password: "another")
                    #expect(try await lease.query("SELECT @tenant").decode(Int.self) == [7])
                }
            }
        }

        @Test("where each lease is to be reset, a lock that a function took is gone with the lease")
        func fullReset() async throws {
            let name = try await PrivateMariaDB.shared.get().createDatabase()
            try await withPool(1) {
                ($0.database, $0.resetPolicy) = (name, .full)
            } _: { pool async throws in
                try await pool.execute(
                    "CREATE FUNCTION lock_it() RETURNS INT NOT DETERMINISTIC RETURN GET_LOCK('taken by a function', 0)")
                #expect(try await pool.query("SELECT lock_it()").decode(Int.self) == [1])
                #expect(
                    try await pool.query("SELECT IS_USED_LOCK('taken by a function')").decode(Int?.self) == [nil])
                // The reset after the latest lease may be over or not.
                #expect((2...3).contains(pool.statistics.resets))
                await #expect(throws: MySQLError.self) { try await pool.execute("SELECT nothing_like_it") }
                _ = try await pool.query("SELECT 1")
                #expect((4...5).contains(pool.statistics.resets))
                #expect(pool.statistics.connectionsOpened == 1)
                let results = try await pool.withConnection {
                    try await $0.executeBatch(SQL(raw: "DO ?"), bindSets: [[.int(1)], [.int(2)]])
                }
                #expect(results.count == 2)
            }
        }

        @Test(
            "a function's name may be quoted",
            arguments: [
                ("SELECT `get_lock`('quoted', 0)", ""), ("SELECT `GET_LOCK` /* here */ ('quoted', 0)", ""),
                ("SELECT \"get_lock\" ('quoted', 0)", "ANSI_QUOTES,IGNORE_SPACE"),
            ])
        func quotedFunction(statement: String, mode: String) async throws {
            try await withPool(1) {
                $0.initCommands = ["SET sql_mode = '\(mode),IGNORE_SPACE'"]
            } _: { pool async throws in
                try await pool.execute(SQL(raw: statement))
                #expect(try await pool.query("SELECT IS_USED_LOCK('quoted')").decode(Int?.self) == [nil])
                #expect(pool.statistics.resets == 1)
                try await pool.execute("SELECT 1 AS `get_lock`, 'get_lock' AS a, 2 AS `release_lock`")
                _ = try await pool.query("SELECT 1")
                #expect(pool.statistics.resets == 1)
            }
        }
    }
}
