import PoolCore
import PoolPostgres
import PoolTesting
import Testing

extension PostgresTests {
    @Suite("Cancelling on Postgres", .timeLimit(.minutes(3)))
    struct CancellationTests {
        @Test("a cancelled statement ends on the server, and the connection is clean")
        func cancelled() async throws {
            try await withConnection { _, connection async throws in
                for _ in 0..<20 {
                    let task = Task { try await connection.query("SELECT pg_sleep(1000)") }
                    await Task.yield()
                    task.cancel()
                    await #expect(throws: CancellationError.self) { _ = try await task.value }
                    #expect(connection.condition == .clean)
                    #expect(try await connection.values("SELECT 1") == [.int(1)])
                }
            }
        }

        @Test(
            "cancels at random moments around the end never reach what comes next, and no answer goes to the wrong task"
        )
        func racingCancels() async throws {
            try await withPool(4) { pool in
                try await withThrowingTaskGroup { group in
                    for worker in 0..<4 {
                        group.addTask {
                            var random = SeededRandom(seed: UInt64(worker))
                            for round in 0..<500 {
                                let number = worker * 1_000_000 + round
                                let task = Task {
                                    try await pool.query(
                                        "SELECT \(number)::int8, pg_sleep(\(Double(round % 3) * 0.0002))"
                                    ).first?[0, as: Int.self]
                                }
                                for _ in 0..<Int.random(in: 0...40, using: &random) { await Task.yield() }
                                task.cancel()
                                do {
                                    let answer = try await task.value
                                    #expect(answer == number)
                                } catch is CancellationError {}
                                let next = try await pool.query("SELECT \(number + 500)::int8").decode(Int.self)
                                #expect(next == [number + 500])
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }

        @Test("a cancelled task does not stop its transaction's end")
        func rollbackOfCancelled() async throws {
            try await withConnection { _, connection async throws in
                try await connection.executeScript("CREATE TEMPORARY TABLE kept (i int)")
                let task = Task {
                    try await connection.transaction(.begin(TransactionOptions()))
                    _ = try await connection.execute("INSERT INTO kept VALUES (1)")
                    unsafe withUnsafeCurrentTask { task in unsafe task?.cancel() }
                    try await connection.transaction(.commit)
                }
                try await task.value
                #expect(try await connection.values("SELECT count(*) FROM kept") == [.int(1)])
            }
        }

        @Test("a server that stands still costs a cancelled task its time-out and no more")
        func frozenServer() async throws {
            try await withConnection {
                $0.cancelTimeout = .milliseconds(300)
            } _: { _, connection async throws in
                guard case .int(let process)? = try await connection.values("SELECT pg_backend_pid()").first else {
                    return
                }
                // Stopped, the session's process neither answers nor takes notice of a cancel.
                #expect(signal(process, "STOP"))
                // A task that is cancelled before it has sent anything leaves the connection as it was.
                for patience in 1...10_000 where connection.condition == .clean {
                    let task = Task { try await connection.query("SELECT 1") }
                    for _ in 0..<patience { await Task.yield() }
                    task.cancel()
                    await #expect(throws: CancellationError.self) { _ = try await task.value }
                }
                #expect(connection.condition == .broken)
                #expect(signal(process, "CONT"))
            }
        }
    }
}
