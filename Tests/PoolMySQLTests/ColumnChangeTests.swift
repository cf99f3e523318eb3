import PoolMySQL
import PoolTesting
import Testing

extension MySQLTests {
    /// Statements that stay prepared while others change their tables, read in each way. What is wrong in libmariadb's
    /// memory then shows under `Scripts/sanitize address`.
    @Suite("Columns of MySQL that change again and again", .timeLimit(.minutes(5)))
    struct ColumnChangeTests {
        /// More than are read before the server is asked to stop.
        private static let rowCount = 530

        private static let select = "SELECT * FROM w ORDER BY id"

        /// What is run. Each has the rows of ``select`` in one of its results.
        private static let statements: [SQL] = [
            SQL(raw: select), "SELECT * FROM w WHERE id >= \(0) ORDER BY id", "CALL one()", "CALL several()",
            "CALL indirect(\(select))", "WITH c AS (SELECT * FROM w) SELECT * FROM c ORDER BY id",
        ]

        private static let types = [
            "INT", "INT DEFAULT 7", "BIGINT UNSIGNED DEFAULT 18446744073709551615", "DOUBLE DEFAULT 1.5",
            "DECIMAL(20, 3) DEFAULT 1.5", "VARCHAR(50) DEFAULT 'some text'", "LONGTEXT DEFAULT (repeat('long', 500))",
            "BLOB DEFAULT x'00FF'", "BIT(9) DEFAULT b'101'", "JSON DEFAULT '[1]'", "DATE DEFAULT '2024-02-03'",
            "TIME DEFAULT '-10:11:12'", "TIMESTAMP(3) DEFAULT '2024-02-03 04:05:06.7'", "YEAR DEFAULT 2024",
            "UUID DEFAULT '12345678-1234-5678-9abc-123456789abc'",
        ]

        /// The table, as the test has made it.
        private struct Table {
            var columns = ["a"]
            private var latest = 0

            private mutating func newName() -> String {
                latest += 1
                return "c\(latest)"
            }

            private mutating func addition(_ random: inout SeededRandom) -> String {
                let name = newName()
                let place = Bool.random(using: &random) ? "FIRST" : "AFTER id"
                columns.append(name)
                return "ADD COLUMN \(name) \(types.randomElement(using: &random) ?? "INT") \(place)"
            }

            /// The text of a change, which is made to the model, too. Each kind comes in its turn.
            mutating func change(_ step: Int, _ random: inout SeededRandom) -> String {
                let position = columns.indices.randomElement(using: &random)
                let changes: [String]
                switch (step % 8, position) {
                case (0, let position?): changes = ["DROP COLUMN \(columns.remove(at: position))"]
                case (1, _) where !columns.isEmpty:
                    changes = columns.map { "DROP COLUMN \($0)" }
                    columns = []
                case (3, let position?):
                    let old = columns[position]
                    columns[position] = newName()
                    changes = ["RENAME COLUMN \(old) TO \(columns[position])"]
                case (4, let position?):
                    // Of any other type, and with other values.
                    let old = columns.remove(at: position)
                    changes = ["DROP COLUMN \(old)", addition(&random)]
                case (5, let position?): changes = ["MODIFY \(columns[position]) LONGBLOB FIRST"]
                case (6, _): changes = ["COMMENT '\(newName())'"]
                case (7, _): changes = (0..<max(0, 199 - columns.count)).map { _ in addition(&random) }
                default: changes = [addition(&random)]
                }
                return "ALTER TABLE w " + changes.joined(separator: ", ")
            }
        }

        /// How a result is read.
        private enum Reading: CaseIterable {
            case query, stream, half, everything
        }

        @Test(
            "whatever becomes of its columns, a statement gives the rows that there are, however they are read",
            arguments: [100, 0])
        func walk(statementCacheCapacity: Int) async throws {
            let seed = UInt64.random(in: 1...1_000_000)
            print("changed columns: seed \(seed)")
            let server = try PrivateMariaDB.shared.get()
            let name = try await server.createDatabase()
            try await withPool(1) {
                ($0.database, $0.statementProtocol) = (name, .textWithoutBinds)
            } _: { other async throws in
                try await Self.createTable(other)
                try await withPool(1) {
                    ($0.database, $0.statementCacheCapacity) = (name, statementCacheCapacity)
                } _: { pool async throws in
                    var random = SeededRandom(seed: seed)
                    var table = Table()
                    for step in 1...16 {
                        let change = table.change(step, &random)
                        try await other.execute(SQL(raw: change))
                        let expected = try await other.query(SQL(raw: Self.select))
                        #expect(expected.count == Self.rowCount && expected.columns.count == table.columns.count + 1)
                        for _ in 1...6 {
                            guard let statement = Self.statements.randomElement(using: &random),
                                let reading = Reading.allCases.randomElement(using: &random)
                            else { continue }
                            let found = try await Self.read(statement, reading, pool)
                            let isSame = found.isBeginning(of: expected, isWhole: reading != .half)
                            try #require(
                                isSame && pool.statistics.connectionsOpened == 1,
                                "seed \(seed), step \(step), \(change.prefix(200)): \(statement) \(reading)")
                        }
                    }
                }
            }
        }

        private static func createTable(_ pool: MySQLPool) async throws {
            try await pool.execute("CREATE TABLE w (id INT PRIMARY KEY, a INT) ENGINE=MyISAM")
            try await pool.execute("INSERT INTO w SELECT seq, seq * 2 FROM seq_1_to_\(raw: "\(rowCount)")")
            try await pool.execute("CREATE PROCEDURE one() \(raw: select)")
            try await pool.execute(
                "CREATE PROCEDURE several() BEGIN DO 1; \(raw: select); SELECT 1, 2 FROM w; SELECT 'x'; END")
            try await pool.execute("CREATE PROCEDURE indirect(text LONGTEXT) EXECUTE IMMEDIATE text")
        }

        private static func read(_ statement: SQL, _ reading: Reading, _ pool: MySQLPool) async throws -> Found {
            switch reading {
            case .query: return Found(try await pool.query(statement))
            case .everything:
                let results = try await pool.withConnection { try await $0.queryAll(statement) }
                return Found(try #require(results.first { $0.rows.columns.count > 0 }).rows)
            case .stream, .half:
                return try await pool.withConnection { lease in
                    try await lease.stream(statement) { rows in
                        var found = Found(names: rows.columns.names)
                        while reading == .stream || found.rows.count < 5, let row = try await rows.next() {
                            found.rows.append(Array(row.values))
                        }
                        return found
                    }
                }
            }
        }

        private struct Found {
            var names: [String]
            var rows: [[SQLValue]] = []

            init(names: [String]) { self.names = names }

            init(_ rows: SQLRows) {
                names = rows.columns.names
                self.rows = rows.map { Array($0.values) }
            }

            func isBeginning(of other: SQLRows, isWhole: Bool) -> Bool {
                names == other.columns.names && (!isWhole || rows.count == other.count)
                    && zip(rows, other).allSatisfy { $0 == Array($1.values) }
            }
        }

        @Test("a statement that returns rows now and none then has those of each run")
        func rowsAndNone() async throws {
            let name = try await PrivateMariaDB.shared.get().createDatabase()
            try await withConnection {
                $0.database = name
            } _: { _, connection async throws in
                _ = try await connection.execute("CREATE PROCEDURE any(text LONGTEXT) EXECUTE IMMEDIATE text")
                let wide = (1...200).map { "\($0)" }.joined(separator: ", ")
                let runs = [
                    ("SELECT 1", 1), ("DO 1", 0), ("SELECT \(wide)", 200), ("SELECT 'a', 'b'", 2), ("DO 1", 0),
                    ("DO 2", 0), ("SELECT \(wide)", 200), ("SELECT 1", 1),
                ]
                for (text, count) in runs + runs.reversed() {
                    let rows = try await connection.query("CALL any(\(text))")
                    #expect(rows.columns.count == count && rows.flatMap { Array($0.values) }.count == count)
                    let cursor = try await connection.open("CALL any(\(text))")
                    #expect(cursor.columns.count == count)
                    await cursor.close()
                }
            }
        }
    }
}
