import Foundation
import PoolPostgres
import PoolTesting
import Testing

extension PostgresTests {
    @Suite(
        "Behind PgBouncer in transaction mode", .timeLimit(.minutes(2)),
        .enabled(if: PrivatePostgres.canBePooled, "pgbouncer is not installed"))
    struct PoolerTests {
        /// A pool of six connections to the pooler, which has two to the server.
        private func withPooledPool(
            capacity: Int = 100, keepsStatements: Bool = false, _ body: (PostgresPool) async throws -> Void
        ) async throws {
            let server = try PrivatePostgres.pooled.get()
            let pool = try PostgresPool(
                database: PostgresConfiguration(
                    server.connection(), settings: ["host": server.poolerFolder], statementCacheCapacity: capacity,
                    poolerKeepsStatements: keepsStatements),
                configuration: PoolConfiguration(name: "pooled", maximumConnections: 6))
            let result: Result<Void, any Error>
            do { result = .success(try await body(pool)) } catch { result = .failure(error) }
            try await pool.close(drain: .seconds(5))
            try result.get()
        }

        @Test("statements with and without bind values, transactions and batches work", arguments: [0, 100])
        func statements(capacity: Int) async throws {
            try await withPooledPool(capacity: capacity) { pool async throws in
                try await pool.execute("DROP TABLE IF EXISTS pooled")
                try await pool.execute("CREATE TABLE pooled (i int8, t text)")
                try await withThrowingTaskGroup { group in
                    for task in 0..<6 {
                        group.addTask {
                            for number in 0..<50 {
                                let sum = try await pool.query("SELECT \(number)::int8 + \(task)").decode(Int.self)
                                #expect(sum == [number + task])
                                let named = try await pool.query("SELECT \(number) AS number, \("x") AS letter")
                                #expect(named.first.map { Array($0.values) } == [.int(Int64(number)), .text("x")])
                                #expect(try await pool.query("SELECT 'fixed'").decode(String.self) == ["fixed"])
                                try await pool.withTransaction { transaction in
                                    try await transaction.executeBatch(
                                        "INSERT INTO pooled VALUES (\(.parameter), \(.parameter))",
                                        [(number, "a"), (number, "b")])
                                    _ = try await transaction.query("SELECT count(*) FROM pooled WHERE t = \("a")")
                                }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(try await pool.query("SELECT count(*) FROM pooled").decode(Int.self) == [600])
                try await pool.execute("DROP TABLE pooled")
            }
        }

        @Test(
            "what the pooler refuses for good is refused at once: a parameter, a user and a database that it does not take"
        )
        func refusals() async throws {
            let server = try PrivatePostgres.pooled.get()
            for (database, user, more) in [
                ("postgres", "postgres", "options='-c search_path=public'"), ("postgres", "nosuch", ""),
                ("nosuch", "postgres", ""), ("postgres", "postgres", "replication=true"),
            ] {
                let settings = server.connection(database, user: user, more: more)
                let error = try await refusal("\(settings) host=\(server.poolerFolder)")
                #expect(error.code == .protocolViolation, "\(error)")
            }
        }

        @Test("a cancel reaches its own statement and no other")
        func cancels() async throws {
            try await withPooledPool { pool async throws in
                try await withThrowingTaskGroup { group in
                    for worker in 0..<4 {
                        group.addTask {
                            var random = SeededRandom(seed: UInt64(worker))
                            for number in 0..<25 {
                                let task = Task { try await pool.query("SELECT pg_sleep(0.003)") }
                                for _ in 0..<Int.random(in: 0...60, using: &random) { await Task.yield() }
                                task.cancel()
                                do { _ = try await task.value } catch is CancellationError {}
                                #expect(try await pool.query("SELECT \(number)::int8").decode(Int.self) == [number])
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }
    }
}
