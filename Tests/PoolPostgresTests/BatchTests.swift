import PoolCore
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
