import PoolMySQL
import Testing

extension MySQLTests {
    @Suite("Names of columns after a change on MySQL", .timeLimit(.minutes(2)))
    struct ColumnNameTests {
        private struct User: Codable, Equatable {
            var id: Int
            var name: String
            var email: String
        }

        private static let ada = User(id: 1, name: "Ada", email: "ada@example.org")

        /// What makes `users`, which has one row, into another of the same content.
        private static let changes: [(what: String, texts: [String])] = [
            ("nothing", []),
            ("moved", ["ALTER TABLE users MODIFY email VARCHAR(50) AFTER id"]),
            ("moved back", ["ALTER TABLE users MODIFY email VARCHAR(50) AFTER name"]),
            ("one more", ["ALTER TABLE users ADD COLUMN x INT FIRST"]),
            ("one less", ["ALTER TABLE users DROP COLUMN x"]),
            (
                "made anew",
                [
                    "DROP TABLE users",
                    "CREATE TABLE users(id INT PRIMARY KEY, email VARCHAR(50), name VARCHAR(50))",
                    "INSERT INTO users VALUES (1, 'ada@example.org', 'Ada')",
                ]
            ),
            (
                "swapped names",
                [
                    "ALTER TABLE users RENAME COLUMN email TO t, RENAME COLUMN name TO email",
                    "ALTER TABLE users RENAME COLUMN t TO name",
                    "UPDATE users SET name = 'Ada', email = 'ada@example.org'",
                ]
            ),
            (
                "a view",
                [
                    "RENAME TABLE users TO people",
                    "CREATE VIEW users AS SELECT email, id, name FROM people",
                ]
            ),
            ("another view", ["CREATE OR REPLACE VIEW users AS SELECT name, email, id FROM people"]),
        ]

        @Test(
            "each of three runs after a change finds the values under the names that the server has now",
            arguments: [MySQLConfiguration.StatementProtocol.prepared, .textWithoutBinds])
        func afterChanges(statementProtocol: MySQLConfiguration.StatementProtocol) async throws {
            let name = try await PrivateMariaDB.shared.get().createDatabase()
            let other = try PrivateMariaDB.administrator.get()
            try await withPool(1) {
                ($0.database, $0.statementProtocol) = (name, statementProtocol)
            } _: { pool async throws in
                try await pool.execute("CREATE TABLE users(id INT PRIMARY KEY, name VARCHAR(50), email VARCHAR(50))")
                try await pool.execute("INSERT INTO users VALUES (1, 'Ada', 'ada@example.org')")
                for (what, texts) in Self.changes {
                    // By another session, so that this one's has no reason to prepare anew.
                    try await other.withConnection { lease in
                        try await lease.execute("USE \(identifier: name)")
                        for text in texts { try await lease.execute(SQL(raw: text)) }
                    }
                    for run in 1...3 {
                        for select in ["SELECT * FROM users", "SELECT * FROM users WHERE id = \(1)"] as [SQL] {
                            let found = try await Self.read(select, pool)
                            #expect(found.allSatisfy { $0 == Self.ada }, "\(what), run \(run): \(found)")
                        }
                    }
                }
                #expect(pool.statistics.connectionsOpened == 1)
            }
        }

        /// The only user, by query, by name, as a tuple and by a stream.
        private static func read(_ select: SQL, _ pool: MySQLPool) async throws -> [User] {
            let rows = try await pool.query(select)
            var users = try rows.decode(User.self)
            let row = rows[0]
            users.append(
                User(
                    id: try row["id", as: Int.self], name: try row["name", as: String.self],
                    email: try row["email", as: String.self]))
            let names = rows.columns.names
            let values = Dictionary(uniqueKeysWithValues: zip(names, row.values))
            #expect(values["name"] == .text("Ada"), "\(names)")
            let streamed = try await pool.withConnection { lease in
                try await lease.stream(select) { rows in
                    var streamed: [User] = []
                    while let row = try await rows.next() { streamed.append(try row.decode(User.self)) }
                    return streamed
                }
            }
            return users + streamed
        }

        @Test("a temporary table that hides another gives its own names while it is there")
        func temporaryTable() async throws {
            let name = try await PrivateMariaDB.shared.get().createDatabase()
            try await withConnection {
                $0.database = name
            } _: { _, connection async throws in
                _ = try await connection.execute("CREATE TABLE h (a INT, b INT)")
                _ = try await connection.execute("INSERT INTO h VALUES (1, 2)")
                func check(_ names: [String]) async throws {
                    for run in 1...3 {
                        let rows = try await connection.query("SELECT * FROM h WHERE 1 = \(1)")
                        #expect(rows.columns.names == names, "run \(run)")
                    }
                }
                try await check(["a", "b"])
                for _ in 0..<2 {
                    _ = try await connection.execute("CREATE TEMPORARY TABLE h (b INT, c INT)")
                    try await check(["b", "c"])
                    _ = try await connection.execute("DROP TEMPORARY TABLE h")
                    try await check(["a", "b"])
                }
            }
        }

        @Test("what a statement returns that has written is named as the table is now, and it has run once")
        func returning() async throws {
            let name = try await PrivateMariaDB.shared.get().createDatabase()
            try await withConnection {
                $0.database = name
            } _: { _, connection async throws in
                _ = try await connection.execute("CREATE TABLE r (i INT, j INT)")
                let changes = [
                    "CHANGE j k VARCHAR(10)", "MODIFY k VARCHAR(10) FIRST", "ADD COLUMN n INT DEFAULT 7",
                    "DROP COLUMN n",
                ]
                let names = [["i", "k"], ["k", "i"], ["k", "i", "n"], ["k", "i"]]
                let insert: SQL = "INSERT INTO r (i) VALUES (\(1)) RETURNING *"
                #expect(try await connection.query(insert).columns.names == ["i", "j"])
                for (change, names) in zip(changes, names) {
                    _ = try await connection.execute("ALTER TABLE r \(raw: change)")
                    for _ in 1...3 { #expect(try await connection.query(insert).columns.names == names) }
                }
                #expect(try await connection.values("SELECT count(*) FROM r") == [.int(13)])
                let results = try await connection.executeBatch(insert, Array(repeating: [.int(5)], count: 3))
                #expect(results.map(\.affectedRows) == [1, 1, 1])
            }
        }

        @Test("a column that becomes of a type which is sent as text comes as that type each time")
        func extendedTypes() async throws {
            let name = try await PrivateMariaDB.shared.get().createDatabase()
            try await withConnection {
                $0.database = name
            } _: { _, connection async throws in
                _ = try await connection.execute(
                    "CREATE TABLE e (x LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)")
                _ = try await connection.execute("INSERT INTO e VALUES ('[1]')")
                func found() async throws -> [SQLValue] {
                    try await connection.values("SELECT x FROM e WHERE 1 = \(1)")
                }
                #expect(try await found() == [.text("[1]")])
                _ = try await connection.execute("ALTER TABLE e MODIFY x JSON")
                for _ in 1...3 { #expect(try await found() == [.json("[1]")]) }
            }
        }

        @Test("a parameter that stands alone is prepared once, whatever the types of its values are")
        func parameterAlone() async throws {
            try await withConnection { _, connection async throws in
                func prepared() async throws -> String {
                    try await connection.query("SHOW SESSION STATUS LIKE 'Com_stmt_prepare'")[0][1, as: String.self]
                }
                #expect(try await connection.values("SELECT \(1)") == [.int(1)])
                let before = try await prepared()
                #expect(try await connection.values("SELECT \("a")") == [.text("a")])
                #expect(try await connection.values("SELECT \(2)") == [.int(2)])
                #expect(try await prepared() == before)
            }
        }
    }
}
