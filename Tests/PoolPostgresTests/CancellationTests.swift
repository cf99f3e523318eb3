import PoolPostgres
import ServerTestSupport
import Testing

extension PostgresTests {
    @Suite("Cancelling on Postgres", .timeLimit(.minutes(isFullCampaign ? 15 : 3)))
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

        @Test("cancels at random moments around the end never reach what comes next, whatever is cancelled")
        func racingCancels() async throws {
            let seed = UInt64.random(in: 1...1_000_000)
            let wanted = isFullCampaign ? 10_000 : 600
            print("cancels: seed \(seed)")
            try await withPool(2) { notifier in
                try await withPool(4) { pool async throws in
                    try await PostgresCall.createTables(pool)
                    let load = PostgresCall.load(on: pool, notifier: notifier, seed: seed, cancelledPercentage: 60)
                    let found = await load.run(tasks: 8) { $0 >= wanted }
                    print(
                        "  \(found.answered) answers, \(found.cancelled) cancels in time, \(found.cancelledTooLate) too late"
                    )
                    // Nothing fails, whoever was cancelled before it: each call that was not cancelled has its own
                    // answer.
                    #expect(found.wrong.isEmpty, "\(found.wrong.prefix(5))")
                    #expect(found.failures == 0, "\(found.driverErrors) \(found.poolErrors)")
                    #expect(found.cancels >= wanted)
                    #expect(found.cancelled > wanted / 10)
                    #expect(found.cancelledTooLate > wanted / 50)
                    #expect(try await load.lostCommits(found).isEmpty)
                    // A cancel costs no connection.
                    #expect(pool.statistics.connectionsOpened <= 4, "\(pool.statistics.connectionsClosed)")
                }
            }
        }

        @Test("a cancelled statement ends also while its rows come without a pause")
        func cancelledFlood() async throws {
            try await withPool(1) { pool in
                func flood(_ count: Int32) async throws -> Int {
                    try await pool.query("SELECT generate_series(1, \(count)) -- a flood").count
                }
                // What the server knows already begins at once.
                for count in 1...10 as ClosedRange<Int32> { #expect(try await flood(count) == Int(count)) }
                let task = Task { try await flood(20_000_000) }
                try await waitUntilRunning("-- a flood")
                task.cancel()
                await #expect(throws: CancellationError.self) { _ = try await task.value }
                #expect(try await pool.query("SELECT 1").decode(Int.self) == [1])
                #expect(pool.statistics.connectionsOpened == 1)
            }
        }

        @Test("a batch that is cancelled while one of its statements runs ends as cancelled")
        func cancelledBatch() async throws {
            try await withPool(1) { pool in
                let task = Task {
                    try await pool.withConnection { lease in
                        try await lease.batch(["SELECT 1", "SELECT pg_sleep(1000), 'in a batch'", "SELECT 2"])
                    }
                }
                try await waitUntilRunning("pg_sleep(1000), 'in a batch'")
                task.cancel()
                await #expect(throws: CancellationError.self) { _ = try await task.value }
                #expect(try await pool.query("SELECT 1").decode(Int.self) == [1])
                #expect(pool.statistics.connectionsOpened == 1)
            }
        }

        @Test("a cancelled task does not stop its transaction's end")
        func rollbackOfCancelled() async throws {
            try await withConnection { _, connection async throws in
                try await connection.executeScript("CREATE TEMPORARY TABLE kept (i int)")
                let task = Task {
                    try await connection.transaction(.begin(SQLTransactionOptions()))
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
