import PoolPostgres
import Testing

extension PostgresTests {
    @Suite("Statements on Postgres", .timeLimit(.minutes(2)))
    struct StatementTests {
        private let preparedCount: SQL =
            "SELECT count(*)::int8 AS c FROM pg_prepared_statements WHERE name LIKE 'pool_%'"

        @Test("a statement is prepared with its second use, and the ones unused for longest go")
        func statementCache() async throws {
            try await withConnection {
                $0.statementCacheCapacity = 100
            } _: { _, connection async throws in
                for _ in 1...3 { _ = try await connection.query("SELECT \(1) + 1") }
                for _ in 1...3 { _ = try await connection.query("SELECT 'never a bind'") }
                #expect(try await connection.values(preparedCount) == [.int(2)])
                for number in 0..<150 {
                    for _ in 1...2 { _ = try await connection.query("SELECT \(raw: "\(number)") + \(1)") }
                }
                guard case .int(let count)? = try await connection.values(preparedCount).first else {
                    return #expect(Bool(false))
                }
                #expect(count <= 101)
            }
        }

        @Test("without a statement cache nothing is prepared by name")
        func noStatementCache() async throws {
            try await withConnection {
                $0.statementCacheCapacity = 0
            } _: { _, connection async throws in
                for value in 1...5 {
                    #expect(try await connection.values("SELECT \(value) + 1") == [.int(Int64(value + 1))])
                }
                #expect(try await connection.values(preparedCount) == [.int(0)])
            }
        }

        @Test("a schema change heals outside a transaction, and asks for a retry within one")
        func stalePlan() async throws {
            try await withConnection { driver, connection async throws in
                try await connection.executeScript("CREATE TEMPORARY TABLE stale (a int); INSERT INTO stale VALUES (1)")
                for _ in 1...3 {
                    #expect(try await connection.values("SELECT * FROM stale WHERE a = \(1)") == [.int(1)])
                }
                try await connection.executeScript("ALTER TABLE stale ADD b text DEFAULT 'x'")
                for _ in 1...3 {
                    #expect(try await connection.values("SELECT * FROM stale WHERE a = \(1)") == [.int(1), .text("x")])
                }
                try await connection.executeScript("ALTER TABLE stale ALTER a TYPE int8")
                try await connection.transaction(.begin(SQLTransactionOptions()))
                let error = await #expect(throws: PostgresError.self) {
                    _ = try await connection.query("SELECT * FROM stale WHERE a = \(1)")
                }
                #expect(error.map { driver.canRetryTransaction(after: $0) } == true)
                #expect(error.map { driver.verdict(on: $0) } == .statementsStale)
                try await connection.transaction(.rollback)
                #expect(try await connection.values("SELECT * FROM stale WHERE a = \(1)") == [.int(1), .text("x")])
            }
        }

        @Test(
            "prepared statements that the server has dropped are prepared anew",
            arguments: ["DEALLOCATE ALL", "DISCARD ALL"])
        func lostStatements(command: String) async throws {
            try await withConnection { _, connection async throws in
                for value in 1...3 {
                    #expect(try await connection.values("SELECT \(value) + 1") == [.int(Int64(value + 1))])
                }
                // In a block of its own, so that the driver does not see it.
                if command == "DEALLOCATE ALL" {
                    _ = try await connection.execute("DO 'BEGIN EXECUTE ''DEALLOCATE ALL''; END'")
                } else {
                    _ = try await connection.execute(SQL(raw: command))
                }
                for value in 1...3 {
                    #expect(try await connection.values("SELECT \(value) + 1") == [.int(Int64(value + 1))])
                }
            }
        }

        @Test("an error says all that the server has said")
        func errorFields() async throws {
            try await withConnection { driver, connection async throws in
                try await connection.executeScript(
                    "CREATE TEMPORARY TABLE unique_things (id int CONSTRAINT only_once UNIQUE, n int NOT NULL)")
                _ = try await connection.execute("INSERT INTO unique_things VALUES (\(1), \(1))")
                let duplicate = await #expect(throws: PostgresError.self) {
                    _ = try await connection.execute("INSERT INTO unique_things VALUES (\(1), \(1))")
                }
                #expect(duplicate?.code == .uniqueViolation)
                #expect(duplicate?.constraint == "only_once")
                #expect(duplicate?.table == "unique_things")
                #expect(duplicate?.detail == "Key (id)=(1) already exists.")
                #expect(duplicate?.severity == "ERROR")
                #expect(duplicate?.sql == "INSERT INTO unique_things VALUES ($1, $2)")
                let missing = await #expect(throws: PostgresError.self) {
                    _ = try await connection.execute("INSERT INTO unique_things VALUES (\(2), NULL)")
                }
                #expect(missing?.code == .notNullViolation)
                #expect(missing?.column == "n")
                let syntax = await #expect(throws: PostgresError.self) {
                    _ = try await connection.query("SELECT 1 FRM x")
                }
                #expect(syntax?.code == .syntaxError)
                #expect(syntax?.position != nil)
                let hinted = await #expect(throws: PostgresError.self) {
                    _ = try await connection.query("SELECT lenth('x')")
                }
                #expect(hinted?.remedy != nil)
                for error in [duplicate, missing, syntax, hinted].compactMap({ $0 }) {
                    #expect(driver.verdict(on: error) == .keep)
                }
                let description = duplicate.map { "\($0)" } ?? ""
                #expect(description.contains("23505") && description.contains("only_once"))
            }
        }

        @Test("a COPY that nobody has asked for fails, and keeps the connection")
        func unaskedCopy() async throws {
            try await withConnection { _, connection async throws in
                try await connection.executeScript("CREATE TEMPORARY TABLE copied (i int)")
                await #expect(throws: PostgresError.self) { _ = try await connection.execute("COPY copied FROM STDIN") }
                _ = try await connection.execute("COPY (SELECT generate_series(1, 100000)) TO STDOUT")
                await #expect(throws: PostgresError.self) {
                    try await connection.executeScript("COPY copied FROM STDIN; SELECT 1")
                }
                #expect(try await connection.values("SELECT 1") == [.int(1)])
            }
        }

        @Test(
            "a batch in a transaction is one exchange, also when it is large, and its failure is that of one statement")
        func pipelinedBatch() async throws {
            try await withConnection { _, connection async throws in
                try await connection.executeScript("CREATE TEMPORARY TABLE many (i int PRIMARY KEY, t text)")
                try await connection.transaction(.begin(SQLTransactionOptions()))
                let text = SQLValue.text(String(repeating: "x", count: 2_000))
                let results = try await connection.executeBatch(
                    "INSERT INTO many VALUES (\(0), \("")) RETURNING i",
                    (0..<5_000).map { [.int($0), $0 % 2 == 0 ? text : .null] })
                #expect(results.count == 5_000)
                #expect(results.allSatisfy { $0.affectedRows == 1 })
                let error = await #expect(throws: PostgresError.self) {
                    _ = try await connection.executeBatch(
                        "INSERT INTO many VALUES (\(0), \(""))", [[.int(-1), .null], [.int(1), .null]])
                }
                #expect(error?.code == .uniqueViolation)
                try await connection.transaction(.rollback)
                #expect(try await connection.values("SELECT count(*) FROM many") == [.int(0)])
                #expect(connection.condition == .dirty)
            }
        }

        @Test("a stream reads no further than it is asked to")
        func streamIsLazy() async throws {
            try await withConnection { _, connection async throws in
                let cursor = try await connection.open("SELECT i FROM generate_series(1, 100000) i")
                var expected = 1
                for _ in 0..<10 {
                    let rows = try #require(try await cursor.next(maximumRows: 100))
                    // A newer libpq gives out its rows by the chunk.
                    #expect((100..<200).contains(rows.count))
                    #expect(try rows[0][0, as: Int.self] == expected)
                    expected += rows.count
                }
                await #expect(throws: PostgresError.self) { _ = try await connection.query("SELECT 1") }
                try await cursor.close()
                #expect(connection.condition == .clean)
            }
        }

        @Test("a stream that is closed early leaves a transaction as it was")
        func streamInTransaction() async throws {
            try await withConnection { _, connection async throws in
                try await connection.transaction(.begin(SQLTransactionOptions()))
                let cursor = try await connection.open("SELECT i FROM generate_series(1, 10000) i")
                _ = try await cursor.next(maximumRows: 10)
                try await cursor.close()
                #expect(try await connection.values("SELECT 1") == [.int(1)])
                try await connection.transaction(.commit)
            }
        }

        @Test("a commit that the server turned into a rollback throws")
        func failedCommit() async throws {
            try await withConnection { _, connection async throws in
                try await connection.transaction(.begin(SQLTransactionOptions()))
                await #expect(throws: PostgresError.self) { _ = try await connection.query("SELECT 1 / 0") }
                let error = await #expect(throws: PostgresError.self) { try await connection.transaction(.commit) }
                #expect(error?.code == .transactionRolledBack)
                #expect(connection.condition == .clean)
            }
        }

        @Test("what follows a transaction that a statement has ended is refused")
        func lostTransaction() async throws {
            try await withConnection { _, connection async throws in
                try await connection.transaction(.begin(SQLTransactionOptions()))
                _ = try await connection.execute("COMMIT")
                let error = await #expect(throws: PostgresError.self) { _ = try await connection.query("SELECT 1") }
                #expect(error?.code == .noActiveTransaction)
                try await connection.transaction(.rollback)
                #expect(try await connection.values("SELECT 1") == [.int(1)])
            }
        }

        @Test("a deferrable transaction waits for those that might make it fail")
        func deferrable() async throws {
            try await withPool(3) { pool async throws in
                try await pool.execute("DROP TABLE IF EXISTS report")
                try await pool.execute("CREATE TABLE report (i int8)")
                let options = SQLTransactionOptions(isolation: .serializable, access: .readOnly, isDeferrable: true)
                let reader = try await pool.withTransaction(SQLTransactionOptions(isolation: .serializable)) { writer in
                    _ = try await writer.query("SELECT i FROM report")
                    try await writer.execute("INSERT INTO report VALUES (1)")
                    let reader = Task {
                        try await pool.withTransaction(options) { transaction in
                            _ = try await transaction.query("SELECT count(*) FROM report")
                            return try await transaction.query("SHOW transaction_deferrable").decode(String.self)
                        }
                    }
                    let isWaiting: SQL = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SafeSnapshot'"
                    while try await pool.query(isWaiting).isEmpty {}
                    return reader
                }
                #expect(try await reader.value == ["on"])
                try await pool.execute("DROP TABLE report")
            }
        }

        @Test("a serialization failure is retried")
        func retries() async throws {
            try await withPool { pool in
                try await pool.execute("DROP TABLE IF EXISTS serial")
                try await pool.execute("CREATE TABLE serial (i int8)")
                try await pool.execute("INSERT INTO serial VALUES (0)")
                try await withThrowingTaskGroup { group in
                    for _ in 0..<4 {
                        group.addTask {
                            for _ in 0..<10 {
                                try await pool.withTransaction(
                                    SQLTransactionOptions(isolation: .serializable, maximumRetries: 1_000)
                                ) {
                                    transaction in
                                    let value = try await transaction.query("SELECT i FROM serial").decode(Int.self)
                                    try await transaction.execute("UPDATE serial SET i = \(value[0] + 1)")
                                }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(try await pool.query("SELECT i FROM serial").decode(Int.self) == [40])
                try await pool.execute("DROP TABLE serial")
            }
        }
    }
}
