import Foundation
import PoolMySQL
import Testing

#if canImport(Glibc)
import Glibc
#endif

extension MySQLTests {
    @Suite("The driver's threads as an executor", .timeLimit(.minutes(5)))
    struct TaskExecutorTests {
        private static func driver() throws -> MySQLDriver {
            MySQLDriver(configuration: try MySQLTestSettings().configuration(PrivateMariaDB.shared.get()))
        }

        /// What tells the threads of now from each other.
        private static var thread: UInt {
            #if canImport(Darwin)
            unsafe UInt(bitPattern: pthread_self())
            #else
            UInt(pthread_self())
            #endif
        }

        @Test("statements and leases of a task that prefers it make no hop")
        func noHop() async throws {
            let driver = try Self.driver()
            try await withPool(4, of: driver) { pool async throws in
                try await openAll(pool)
                // A task that was resumed would often find itself on another of the four threads.
                let moves = try await withThrowingTaskGroup { group in
                    for _ in 0..<4 {
                        group.addTask(executorPreference: driver.taskExecutor) {
                            let thread = Self.thread
                            var moves = 0
                            for number in 0..<100 {
                                let rows = try await pool.withConnection { lease in
                                    try await lease.query("SELECT \(number), SLEEP(0.0001)")
                                }
                                #expect(try rows[0][0, as: Int.self] == number)
                                if Self.thread != thread { moves += 1 }
                            }
                            return moves
                        }
                    }
                    return try await group.reduce(0, +)
                }
                #expect(moves == 0)
            }
        }

        /// Opens the four connections of a pool, for which a task would wait.
        private func openAll(_ pool: MySQLPool) async throws {
            let first = try await pool.acquire()
            let second = try await pool.acquire()
            let third = try await pool.acquire()
            let fourth = try await pool.acquire()
            first.release()
            second.release()
            third.release()
            fourth.release()
        }

        @Test("the body of a lease from elsewhere stays on one thread for all its statements")
        func bodies() async throws {
            try await withPool(2) { pool async throws in
                try await pool.withConnection { lease in
                    let thread = Self.thread
                    for _ in 0..<50 {
                        try await lease.execute("DO 1")
                        #expect(Self.thread == thread)
                    }
                }
            }
        }

        @Test("cancels at random moments hit the statement that they are for, and no other")
        func racingCancels() async throws {
            let seed = UInt64.random(in: 1...1_000_000)
            let outcome = try await cancelAtRandom(rounds: isCampaign ? 10_000 : 400, seed: seed, onThreads: true)
            #expect(outcome.wrongAnswers == 0, "seed \(seed)")
            #expect(outcome.strayErrors == [], "seed \(seed)")
            #expect(outcome.cancelled > 0 && outcome.finished > 0, "seed \(seed): \(outcome)")
        }

        @Test("a statement that blocks on a thread of the executor is cancelled, and its connection is clean")
        func cancelled() async throws {
            let driver = try Self.driver()
            try await withPool(1, of: driver) { pool async throws in
                // With its only thread blocked, nothing else runs on the executor.
                let task = Task(executorPreference: driver.taskExecutor) {
                    try await pool.query("SELECT SLEEP(1001)")
                }
                try await waitForProcess("SELECT SLEEP(1001)")
                task.cancel()
                await #expect(throws: CancellationError.self) { _ = try await task.value }
                #expect(try await pool.query("SELECT 1").decode(Int.self) == [1])
                #expect(pool.statistics.connectionsOpened == 1)
            }
        }

        @Test("a task that was cancelled before sends nothing, and its connection is clean")
        func cancelledBefore() async throws {
            let driver = try Self.driver()
            try await withPool(1, of: driver) { pool async throws in
                let task = Task(executorPreference: driver.taskExecutor) {
                    try await pool.withConnection { lease in
                        unsafe withUnsafeCurrentTask { task in unsafe task?.cancel() }
                        await #expect(throws: CancellationError.self) { try await lease.execute("SET @sent = 1") }
                        await #expect(throws: CancellationError.self) { try await lease.query("SELECT 1") }
                    }
                }
                try await task.value
                #expect(try await pool.query("SELECT @sent").decode(Int?.self) == [nil])
                #expect(pool.statistics.connectionsOpened == 1)
            }
        }

        @Test("a holder that awaits something else goes on while all others block on its lock")
        func holderGoesOn() async throws {
            let name = try await PrivateMariaDB.shared.get().createDatabase()
            var settings = MySQLTestSettings()
            settings.database = name
            let driver = MySQLDriver(configuration: try settings.configuration(PrivateMariaDB.shared.get()))
            try await withPool(4, of: driver) { pool async throws in
                try await pool.execute("CREATE TABLE l (i INT PRIMARY KEY, n INT)")
                try await pool.execute("INSERT INTO l VALUES (1, 0)")
                try await withThrowingTaskGroup { group in
                    for _ in 0..<8 {
                        group.addTask(executorPreference: driver.taskExecutor) {
                            for _ in 0..<10 {
                                try await pool.withTransaction { transaction in
                                    try await transaction.execute("UPDATE l SET n = n + 1 WHERE i = 1")
                                    for _ in 0..<10 { await Task.yield() }
                                }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(try await pool.query("SELECT n FROM l").decode(Int.self) == [80])
            }
        }
    }
}
