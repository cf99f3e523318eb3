import PoolMySQL
import Testing

extension MySQLTests {
    @Suite("What MySQL statements write", .timeLimit(.minutes(2)))
    struct BatchTests {
        private func withTable(_ body: (MySQLConnection, String) async throws -> Void) async throws {
            let name = try await PrivateMariaDB.shared.get().createDatabase()
            try await withConnection {
                $0.database = name
            } _: { _, connection async throws in
                _ = try await connection.execute("CREATE TABLE t (i INT)")
                _ = try await connection.execute("CREATE TABLE other (i INT)")
                try await body(connection, name)
            }
        }

        private func insert(_ connection: MySQLConnection) async throws {
            let results = try await connection.executeBatch(
                "INSERT INTO t VALUES (\(0))", [[.int(7)], [.int(8)], [.int(9)]])
            #expect(results.count == 3)
        }

        @Test("a batch commits nothing where the session does not")
        func withoutAutocommit() async throws {
            try await withTable { connection, name async throws in
                let administrator = try PrivateMariaDB.administrator.get()
                let count: SQL = "SELECT COUNT(*) FROM \(identifier: name).t"
                _ = try await connection.execute("SET autocommit = 0")
                try await insert(connection)
                #expect(try await administrator.query(count).decode(Int.self) == [0])
                #expect(try await connection.values(count) == [.int(3)])
                _ = try await connection.execute("ROLLBACK")
                #expect(try await connection.values(count) == [.int(0)])
                await #expect(throws: MySQLError.self) {
                    _ = try await connection.executeBatch(
                        "INSERT INTO t VALUES (\(0))", [[.int(1)], [.text("no number")], [.int(2)]])
                }
                #expect(try await connection.values(count) == [.int(1)])
                _ = try await connection.execute("ROLLBACK")
                #expect(try await administrator.query(count).decode(Int.self) == [0])
            }
        }

        @Test("a batch keeps the locks of LOCK TABLES")
        func lockedTables() async throws {
            try await withTable { connection, _ async throws in
                _ = try await connection.execute("LOCK TABLES t WRITE")
                try await insert(connection)
                let error = await #expect(throws: MySQLError.self) {
                    _ = try await connection.query("SELECT * FROM other")
                }
                // ER_TABLE_NOT_LOCKED
                #expect(error?.code.rawValue == 1100)
                _ = try await connection.execute("UNLOCK TABLES")
                #expect(try await connection.values("SELECT COUNT(*) FROM t") == [.int(3)])
            }
        }

        @Test("an INSERT that returns all columns succeeds once after its table got one more, or one less")
        func returning() async throws {
            try await withTable { connection, name async throws in
                let administrator = try PrivateMariaDB.administrator.get()
                func insert() async throws -> [SQLValue] {
                    try await connection.values("INSERT INTO t (i) VALUES (\(5)) RETURNING *")
                }
                #expect(try await insert() == [.int(5)])
                try await administrator.execute(
                    "ALTER TABLE \(identifier: name).t ADD COLUMN s VARCHAR(9) DEFAULT 'new'")
                #expect(try await insert() == [.int(5), .text("new")])
                try await administrator.execute("ALTER TABLE \(identifier: name).t DROP COLUMN s")
                #expect(try await insert() == [.int(5)])
                _ = try await connection.execute("CREATE UNIQUE INDEX u ON other (i)")
                #expect(try await connection.values("INSERT INTO other VALUES (\(1)) RETURNING i") == [.int(1)])
                await #expect(throws: MySQLError.self) {
                    _ = try await connection.values("INSERT INTO other VALUES (\(1)) RETURNING i")
                }
                #expect(try await connection.values("INSERT INTO other VALUES (\(2)) RETURNING i") == [.int(2)])
                #expect(try await connection.values("SELECT COUNT(*) FROM t") == [.int(3)])
            }
        }
    }
}
