import PoolPostgres
import Testing

extension PostgresTests {
    @Suite("Batches of different statements on Postgres", .timeLimit(.minutes(2)))
    struct BatchTests {
        private func sums(_ count: Int) -> [SQL] {
            (0..<count).map { "SELECT \(raw: "\($0)") + \(1)" }
        }

        @Test("a batch may have more statements than are kept", arguments: [1, 5, 100])
        func large(capacity: Int) async throws {
            try await withPool(1) {
                $0.statementCacheCapacity = capacity
            } _: { pool async throws in
                for count in [100, 101, 350, 350] {
                    let results = try await pool.withConnection { lease in try await lease.batch(sums(count)) }
                    #expect(try results.map { try $0.get().decode(Int.self) } == (1...count).map { [$0] })
                }
                // Some of them prepared, and pushed out by those before them.
                for statement in sums(30) {
                    for _ in 1...2 { _ = try await pool.query(statement) }
                }
                let results = try await pool.withTransaction { transaction in try await transaction.batch(sums(350)) }
                #expect(try results.map { try $0.get().decode(Int.self) } == (1...350).map { [$0] })
            }
        }

        @Test("values decide the types that the server cannot tell", arguments: [false, true])
        func ownTypes(inTransaction: Bool) async throws {
            let statements: [SQL] = [
                "SELECT 1 WHERE \(5) IS NULL OR 5 = \(5)", "SELECT concat('a', \(1))", "SELECT \(2) + \(3)",
                "SELECT length(\("abc"))", "SELECT 7",
            ]
            let expected: [SQLValue] = [.int(1), .text("a1"), .int(5), .int(3), .int(7)]
            try await withPool(1) { pool async throws in
                for _ in 1...2 {
                    let results =
                        if inTransaction {
                            try await pool.withTransaction { transaction in try await transaction.batch(statements) }
                        } else {
                            try await pool.withConnection { lease in try await lease.batch(statements) }
                        }
                    #expect(try results.flatMap { try $0.get().flatMap { Array($0.values) } } == expected)
                }
            }
        }

        @Test("a statement that cannot be prepared fails the batch before anything runs", arguments: [false, true])
        func cannotBePrepared(inTransaction: Bool) async throws {
            try await withPool(1) { pool async throws in
                try await pool.execute("DROP TABLE IF EXISTS batched")
                try await pool.execute("CREATE TABLE batched (i int)")
                let statements: [SQL] = [
                    "INSERT INTO batched VALUES (\(1))", "SELECT concat(\(1))", "SELECT no_such_column + \(1)",
                ]
                let error = await #expect(throws: PostgresError.self) {
                    if inTransaction {
                        _ = try await pool.withTransaction { transaction in try await transaction.batch(statements) }
                    } else {
                        _ = try await pool.withConnection { lease in try await lease.batch(statements) }
                    }
                }
                #expect(error?.code == .undefinedColumn)
                #expect(try await pool.query("SELECT count(*) FROM batched").decode(Int.self) == [0])
                try await pool.execute("DROP TABLE batched")
            }
        }

        private func codes(_ results: [Result<SQLRows, PostgresError>]) -> [String] {
            results.map { result in
                switch result {
                case .success: "done"
                case .failure(let error): error.code.rawValue
                }
            }
        }

        @Test("a batch outside a transaction takes effect as a whole or not at all")
        func allOrNothing() async throws {
            try await withPool(1) { pool async throws in
                try await pool.withConnection { lease async throws in
                    try await lease.execute("CREATE TEMPORARY TABLE batched (i int PRIMARY KEY)")
                    for round in 0..<3 {
                        let good = try await lease.batch(
                            (0..<5).map { "INSERT INTO batched VALUES (\(10 * round + $0))" })
                        #expect(codes(good) == Array(repeating: "done", count: 5))
                        let bad = try await lease.batch([
                            "INSERT INTO batched VALUES (\(1000))", "SELECT \(round)",
                            "INSERT INTO batched VALUES (\(1000))",
                            "SELECT i FROM batched", "SELECT \(round)",
                        ])
                        #expect(codes(bad) == ["40000", "40000", "23505", "25P02", "25P02"])
                        #expect(
                            try await lease.query("SELECT count(*) FROM batched").decode(Int.self) == [5 * (round + 1)])
                    }
                }
                #expect(pool.statistics.connectionsOpened == 1 && pool.statistics.resets <= 1)
            }
        }

        @Test("within a transaction a failure leaves what came before to the transaction")
        func withinSavepoint() async throws {
            try await withPool(1) { pool async throws in
                try await pool.withTransaction { transaction async throws in
                    try await transaction.execute("CREATE TEMPORARY TABLE batched (i int PRIMARY KEY) ON COMMIT DROP")
                    try await transaction.execute("SAVEPOINT mine")
                    let statements: [SQL] = ["INSERT INTO batched VALUES (\(1))", "SELECT 1 / 0", "SELECT \(3)"]
                    #expect(codes(try await transaction.batch(statements)) == ["done", "22012", "25P02"])
                    try await transaction.execute("ROLLBACK TO SAVEPOINT mine")
                    #expect(codes(try await transaction.batch([statements[0], "SELECT \(2)"])) == ["done", "done"])
                    #expect(try await transaction.query("SELECT i FROM batched").decode(Int.self) == [1])
                }
            }
        }

        @Test("a failure at the commit of a batch is thrown, and nothing has taken effect")
        func deferredFailure() async throws {
            try await withPool(1) { pool async throws in
                try await pool.withConnection { lease async throws in
                    try await lease.execute(
                        "CREATE TEMPORARY TABLE batched (i int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
                    let error = await #expect(throws: PostgresError.self) {
                        _ = try await lease.batch((0..<3).map { _ in "INSERT INTO batched VALUES (\(7))" })
                    }
                    #expect(error?.code == .uniqueViolation)
                    #expect(try await lease.query("SELECT count(*) FROM batched").decode(Int.self) == [0])
                    #expect(codes(try await lease.batch(["INSERT INTO batched VALUES (\(7))"])) == ["done"])
                }
            }
        }

        @Test("what a batch has committed by itself is not called undone")
        func ownCommit() async throws {
            try await withPool(1) { pool async throws in
                try await pool.withConnection { lease async throws in
                    try await lease.execute("CREATE TEMPORARY TABLE batched (i int PRIMARY KEY)")
                    let results = try await lease.batch([
                        "BEGIN", "INSERT INTO batched VALUES (1)", "COMMIT", "INSERT INTO batched VALUES (2)",
                        "SELECT 1 / 0",
                    ])
                    #expect(codes(results) == ["done", "done", "done", "40000", "22012"])
                    #expect(try await lease.query("SELECT i FROM batched").decode(Int.self) == [1])
                }
            }
        }

        @Test("statements that no transaction may hold run separately")
        func noTransaction() async throws {
            try await withPool(1) { pool async throws in
                try await pool.withConnection { lease async throws in
                    try await lease.execute("CREATE TEMPORARY TABLE batched (i int)")
                    #expect(codes(try await lease.batch(["SELECT 1", "VACUUM batched"])) == ["40000", "25001"])
                    let separate = try await lease.batch(["VACUUM batched", "VACUUM batched"], separately: true)
                    #expect(codes(separate) == ["done", "done"])
                }
            }
        }

        @Test("a statement that a batch runs often is prepared once, and what has become stale is prepared anew")
        func prepared() async throws {
            try await withPool(1) { pool async throws in
                try await pool.withConnection { lease async throws in
                    try await lease.execute("CREATE TEMPORARY TABLE batched (i int PRIMARY KEY)")
                    let selects = (0..<50).map { "SELECT * FROM batched WHERE i = \($0)" as SQL }
                    for _ in 0..<3 { _ = try await lease.batch(selects) }
                    let kept: SQL = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%FROM batched%'"
                    #expect(try await lease.query(kept).decode(Int.self) == [1])
                    try await lease.execute("DEALLOCATE ALL")
                    try await lease.execute("INSERT INTO batched VALUES (3)")
                    let results = try await lease.batch(selects)
                    #expect(codes(results) == Array(repeating: "done", count: 50))
                    #expect(try results.flatMap { try $0.get().decode(Int.self) } == [3])
                    try await lease.execute("ALTER TABLE batched ADD COLUMN j int DEFAULT 4")
                    #expect(
                        try await lease.batch(selects).flatMap { try $0.get().decode((Int, Int).self) }.map(\.1) == [4])
                }
            }
        }

        @Test("a statement of a batch may have many values")
        func manyValues() async throws {
            try await withPool(1) { pool async throws in
                let many: SQL = "SELECT count(*) FROM generate_series(1, 10) AS i WHERE i IN \(binds: 1...20_000)"
                let results = try await pool.withConnection { lease in
                    try await lease.batch([many, "SELECT \(1)::int8"])
                }
                #expect(try results.map { try $0.get().decode(Int.self) } == [[10], [1]])
            }
        }
    }
}
