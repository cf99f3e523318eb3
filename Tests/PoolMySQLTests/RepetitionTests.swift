import PoolMySQL
import Testing

extension MySQLTests {
    @Suite("What MySQL runs once", .timeLimit(.minutes(2)))
    struct RepetitionTests {
        private func withDatabase(_ body: (MySQLPool) async throws -> Void) async throws {
            let name = try await PrivateMariaDB.shared.get().createDatabase()
            try await withPool(1) {
                $0.database = name
            } _: { pool async throws in
                try await pool.execute("CREATE TABLE dup (i INT) ENGINE = MyISAM")
                try await body(pool)
            }
        }

        private static func count(_ pool: MySQLPool) async throws -> Int {
            try await pool.query("SELECT count(*) FROM dup").decode(Int.self)[0]
        }

        @Test(
            "a procedure whose error looks like that of a stale statement has run once",
            arguments: [1243, 1615, 1461, 1295])
        func procedure(number: Int) async throws {
            try await withDatabase { pool in
                try await pool.execute(
                    SQL(
                        raw: """
                            CREATE PROCEDURE p() BEGIN INSERT INTO dup VALUES (1);
                                SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = \(number); END
                            """))
                for run in 1...2 {
                    let error = await #expect(throws: MySQLError.self) { try await pool.execute("CALL p()") }
                    #expect(error?.code.rawValue == UInt32(number))
                    #expect(try await Self.count(pool) == run)
                }
                let error = await #expect(throws: MySQLError.self) {
                    try await pool.withConnection { try await $0.stream("CALL p()") { _ = try await $0.next() } }
                }
                #expect(error?.code.rawValue == UInt32(number))
                #expect(try await Self.count(pool) == 3)
            }
        }

        @Test("a procedure that runs a statement which nobody has prepared has run once")
        func missingStatement() async throws {
            try await withDatabase { pool in
                try await pool.execute("CREATE PROCEDURE p() BEGIN INSERT INTO dup VALUES (1); EXECUTE missing; END")
                let error = await #expect(throws: MySQLError.self) { try await pool.execute("CALL p()") }
                #expect(error?.code == .unknownStatement)
                #expect(try await Self.count(pool) == 1)
            }
        }

        @Test("an insert whose trigger fails with the error of a stale statement has run once")
        func trigger() async throws {
            try await withDatabase { pool in
                try await pool.execute("CREATE TABLE t (i INT)")
                try await pool.execute(
                    """
                    CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN INSERT INTO dup VALUES (1);
                        SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1243; END
                    """)
                await #expect(throws: MySQLError.self) { try await pool.execute("INSERT INTO t VALUES (\(1))") }
                #expect(try await Self.count(pool) == 1)
                await #expect(throws: MySQLError.self) {
                    try await pool.withConnection {
                        try await $0.executeBatch(SQL(raw: "UPDATE t SET i = ? WHERE i = f(1)"), bindSets: [[.int(1)]])
                    }
                }
            }
        }

        @Test("a query that calls a function runs once, also where its table has other columns since")
        func function() async throws {
            try await withDatabase { pool in
                try await pool.execute("CREATE TABLE t (i INT)")
                try await pool.execute("INSERT INTO t VALUES (1)")
                try await pool.execute(
                    "CREATE FUNCTION f_ins() RETURNS INT MODIFIES SQL DATA BEGIN INSERT INTO dup VALUES (1); RETURN 1; END"
                )
                // The function is hidden in a view, too, where no text shows it.
                try await pool.execute("CREATE VIEW v AS SELECT f_ins() AS f")
                let other = try PrivateMariaDB.administrator.get()
                let name = try await pool.query("SELECT DATABASE()").decode(String.self)[0]
                for (run, change) in ["ADD COLUMN j INT", "ADD COLUMN k INT", "DROP COLUMN j", "RENAME COLUMN k TO l"]
                    .enumerated()
                {
                    _ = try await pool.query("SELECT v.f, t.* FROM t, v")
                    _ = try await pool.query("SELECT f_ins(), t.* FROM t")
                    try await other.execute("ALTER TABLE \(identifier: name).t \(raw: change)")
                    let rows = try await pool.query("SELECT v.f, t.* FROM t, v")
                    #expect(rows.count == 1)
                    _ = try await pool.query("SELECT f_ins(), t.* FROM t")
                    #expect(try await Self.count(pool) == 4 * (run + 1))
                }
            }
        }

        @Test("a statement that the server has no room for goes as text, without values")
        func noRoom() async throws {
            let server = try PrivateMariaDB()
            let configuration = try MySQLTestSettings().configuration(server)
            try await withPool(1, of: MySQLDriver(configuration: configuration)) { pool in
                try await pool.execute("SET GLOBAL max_prepared_stmt_count = 0")
                #expect(try await pool.query("SELECT 1").decode(Int.self) == [1])
                try await pool.withTransaction { transaction in
                    #expect(try await transaction.query("SELECT 2").decode(Int.self) == [2])
                    let streamed = try await transaction.stream("SELECT 3") { try await $0.next()?.decode(Int.self) }
                    #expect(streamed == 3)
                }
                let error = await #expect(throws: MySQLError.self) { _ = try await pool.query("SELECT \(1)") }
                #expect(error?.code == .tooManyPreparedStatements)
                try await pool.execute("SET GLOBAL max_prepared_stmt_count = 2")
                // The connection's own are given up for the next.
                for value in 1...5 {
                    #expect(
                        try await pool.query(SQL(raw: "SELECT ? + \(value)", binds: [1])).decode(Int.self) == [
                            1 + value
                        ])
                }
            }
        }

        @Test("to prepare a statement asks the server, whatever the connection knows of it")
        func prepareAsks() async throws {
            try await withDatabase { pool in
                try await pool.withConnection { lease in
                    let other = try PrivateMariaDB.administrator.get()
                    let name = try await lease.query("SELECT DATABASE()").decode(String.self)[0]
                    let select: SQL = "SELECT * FROM dup"
                    _ = try await lease.query(select)
                    #expect(try await lease.prepare(select).columnNames == ["i"])
                    try await other.execute("ALTER TABLE \(identifier: name).dup ADD COLUMN b INT")
                    #expect(try await lease.prepare(select).columnNames == ["i", "b"])
                    try await other.execute("DROP TABLE \(identifier: name).dup")
                    let error = await #expect(throws: MySQLError.self) { _ = try await lease.prepare(select) }
                    #expect(error?.code == .noSuchTable)
                }
            }
        }
    }
}
