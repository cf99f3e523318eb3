import PoolMySQL
import Testing

extension MySQLTests {
    @Suite("What MySQL tells of the rows it has written", .timeLimit(.minutes(2)))
    struct WrittenRowsTests {
        @Test("the key is that of the row inserted last, and nil where nobody knows it or nothing was inserted")
        func keys() async throws {
            try await withConnection { _, connection async throws in
                _ = try await connection.execute(
                    "CREATE TEMPORARY TABLE k (i BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, u INT UNIQUE, v INT)")
                _ = try await connection.execute("CREATE TEMPORARY TABLE n (u INT)")
                let cases: [(SQL, Int64?)] = [
                    ("INSERT INTO k (u) VALUES (\(1))", 1), ("INSERT INTO k (u) VALUES (2)", 2),
                    ("INSERT INTO k (u) VALUES (3), (4)", nil), ("INSERT INTO k (u) SELECT 5", 5),
                    ("INSERT INTO k SET u = 6", 6), ("REPLACE INTO k (u) VALUES (7)", 7),
                    ("INSERT INTO k (u) VALUES (1) ON DUPLICATE KEY UPDATE v = 9", nil),
                    ("INSERT INTO k (u) VALUES (1) ON DUPLICATE KEY UPDATE v = 9", nil),
                    ("INSERT IGNORE INTO k (u) VALUES (1)", nil),
                    ("UPDATE k SET v = LAST_INSERT_ID(i + 1) WHERE u = 1", nil),
                    ("INSERT INTO n VALUES (LAST_INSERT_ID(77))", nil), ("INSERT INTO n VALUES (1)", nil),
                    ("DELETE FROM k WHERE u = 2", nil), ("SELECT LAST_INSERT_ID()", nil),
                    ("INSERT INTO k (i) VALUES (9223372036854775807)", .max),
                    ("INSERT INTO k (u) VALUES (900)", nil),
                ]
                for (text, key) in cases {
                    #expect(try await connection.execute(text).lastInsertedID == key, "\(text)")
                }
            }
        }

        @Test("rows that are returned count as written, whether they are read or not", arguments: [true, false])
        func returned(isPrepared: Bool) async throws {
            try await withPool(1) {
                $0.statementProtocol = isPrepared ? .prepared : .textWithoutBinds
            } _: { pool async throws in
                try await pool.withConnection { lease in
                    try await lease.execute("CREATE TEMPORARY TABLE rt (id INT AUTO_INCREMENT PRIMARY KEY, v INT)")
                    let three = try await lease.execute("INSERT INTO rt (v) VALUES (1), (2), (3) RETURNING id")
                    #expect(three == SQLStatementResult(affectedRows: 3))
                    #expect(try await lease.execute("INSERT INTO rt (v) VALUES (\(4)) RETURNING id").affectedRows == 1)
                    #expect(try await lease.execute("REPLACE INTO rt VALUES (4, 5) RETURNING id").affectedRows == 1)
                    #expect(try await lease.execute("DELETE FROM rt WHERE v = 1 RETURNING id").affectedRows == 1)
                    #expect(try await lease.execute("DELETE FROM rt WHERE v = 1 RETURNING id").affectedRows == 0)
                    let batch = try await lease.executeBatch(
                        SQL(raw: "DELETE FROM rt WHERE v = ? RETURNING id"), bindSets: [[.int(2)], [.int(2)]])
                    #expect(batch.map(\.affectedRows) == [1, 0])
                    let many = try await lease.execute("INSERT INTO rt (v) SELECT seq FROM seq_1_to_2500 RETURNING id")
                    #expect(many.affectedRows == 2_500)
                    let results = try await lease.queryAll("DELETE FROM rt RETURNING v")
                    #expect(results.map(\.affectedRows) == [2_502] && results[0].rows.count == 2_502)
                    #expect(try await lease.execute("SELECT 1 UNION SELECT 2").affectedRows == 0)
                }
            }
        }
    }
}
