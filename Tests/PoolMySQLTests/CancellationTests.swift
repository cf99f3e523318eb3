import Foundation
import PoolMySQL
@_spi(Driver) import PoolSQL
import PoolTesting
import ServerTestSupport
import Testing

extension MySQLTests {
    @Suite("Cancelling on MySQL", .timeLimit(.minutes(3)))
    struct CancellationTests {
        @Test("a cancelled statement ends on the server, and the connection is clean")
        func cancelled() async throws {
            try await withConnection { driver, connection async throws in
                let id = try await connection.values("SELECT CONNECTION_ID()")
                for _ in 0..<20 {
                    let task = Task { try await connection.query("SELECT SLEEP(1000)") }
                    try await waitForProcess("SELECT SLEEP(1000)")
                    task.cancel()
                    await #expect(throws: CancellationError.self) { _ = try await task.value }
                    #expect(try await conditionAfterRelease(driver, connection) == .clean)
                    #expect(try await connection.values("SELECT CONNECTION_ID()") == id)
                }
            }
        }

        @Test(
            "cancels at random moments around the end never reach what comes next, and no answer goes to the wrong task"
        )
        func racingCancels() async throws {
            let seed = UInt64.random(in: 1...1_000_000)
            let outcome = try await cancelAtRandom(rounds: isCampaign ? 10_000 : 400, seed: seed)
            #expect(outcome.wrongAnswers == 0, "seed \(seed)")
            #expect(outcome.strayErrors == [], "seed \(seed)")
            #expect(outcome.cancelled > 0 && outcome.finished > 0, "seed \(seed): \(outcome)")
        }

        @Test("a statement that waits for a lock is cancelled, and its transaction goes on")
        func lockWait() async throws {
            let name = try await PrivateMariaDB.shared.get().createDatabase()
            try await withPool(2) {
                $0.database = name
                // The body must not need the thread that is blocked.
                $0.execution = .caller
            } _: { pool async throws in
                try await pool.execute("CREATE TABLE l (i INT PRIMARY KEY)")
                try await pool.execute("INSERT INTO l VALUES (1), (2)")
                try await pool.withTransaction { holder in
                    try await holder.execute("UPDATE l SET i = 10 WHERE i = 1")
                    try await pool.withTransaction { transaction in
                        try await transaction.execute("DELETE FROM l WHERE i = 2")
                        // The compiler refuses the transaction itself in a task.
                        let connection = transaction.handle.connection
                        let blocked = Task { try await connection.execute("UPDATE l SET i = 11 WHERE i = 1") }
                        try await waitForProcess("UPDATE l SET i = 11 WHERE i = 1")
                        blocked.cancel()
                        await #expect(throws: CancellationError.self) { _ = try await blocked.value }
                        try await transaction.execute("INSERT INTO l VALUES (3)")
                    }
                }
                #expect(try await pool.query("SELECT i FROM l ORDER BY i").decode(Int.self) == [3, 10])
            }
        }

        @Test("a stream is cancelled between two batches and within one")
        func streams() async throws {
            try await withConnection { driver, connection async throws in
                for _ in 0..<5 {
                    let task = Task {
                        let cursor = try await connection.open("SELECT seq, SLEEP(0.0001) FROM seq_1_to_1000000000")
                        do {
                            while try await cursor.next(maximumRows: 50) != nil {}
                        } catch {
                            await cursor.close()
                            throw error
                        }
                    }
                    try await waitForProcess("SELECT seq, SLEEP(0.0001) FROM seq_1_to_1000000000")
                    task.cancel()
                    await #expect(throws: CancellationError.self) { try await task.value }
                    #expect(try await conditionAfterRelease(driver, connection) == .clean)
                    #expect(try await connection.values("SELECT 1") == [.int(1)])
                }
            }
        }

        @Test("a cancelled statement ends also while its rows come without a pause")
        func flood() async throws {
            try await withPool(1) { pool in
                for _ in 0..<5 {
                    let task = Task { try await pool.query("SELECT seq FROM seq_1_to_20000000") }
                    try await waitForProcess("SELECT seq FROM seq_1_to_20000000")
                    task.cancel()
                    await #expect(throws: CancellationError.self) { _ = try await task.value }
                    #expect(try await pool.query("SELECT 1").decode(Int.self) == [1])
                }
                #expect(pool.statistics.connectionsOpened == 1)
            }
        }

        @Test("a cancelled task does not stop its transaction's end")
        func commitOfCancelled() async throws {
            try await withConnection { _, connection async throws in
                _ = try await connection.execute("CREATE TEMPORARY TABLE kept (i int)")
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

        @Test("the server's list never has more than the pool's maximum, and one for cancels")
        func listOfProcesses() async throws {
            // What another test has left is not counted.
            try await PrivateMariaDB.administrator.get().execute("CREATE USER counted@'%' IDENTIFIED BY 'by name'")
            try await withPool(4) {
                $0.database = nil
                ($0.user, $0.password) = ("counted", "by name")
            } _: { pool async throws in
                let isOver = Flag()
                async let most: Int = {
                    let administrator = try PrivateMariaDB.administrator.get()
                    var most = 0
                    while !isOver.isSet {
                        let count: SQL = "SELECT count(*) FROM information_schema.processlist WHERE user = 'counted'"
                        most = max(most, try await administrator.query(count).decode(Int.self)[0])
                    }
                    return most
                }()
                try await withThrowingTaskGroup { group in
                    for worker in 0..<8 {
                        group.addTask {
                            var random = SeededRandom(seed: UInt64(worker))
                            for _ in 0..<40 {
                                let task = Task { try await pool.query("SELECT SLEEP(0.01)") }
                                for _ in 0..<Int.random(in: 0...200, using: &random) { await Task.yield() }
                                task.cancel()
                                _ = await task.result
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                isOver.set()
                let found = try await most
                #expect(found <= 5)
                #expect(found > 0)
            }
        }

        @Test("a server that stands still costs a cancelled task its time-out and no more")
        func frozenServer() async throws {
            let server = try PrivateMariaDB()
            var settings = MySQLTestSettings()
            settings.cancelTimeout = .milliseconds(300)
            let driver = MySQLDriver(configuration: try settings.configuration(server))
            let connection = try await connect(driver)
            #expect(try await connection.values("SELECT 1") == [.int(1)])
            #expect(signal(server.processID, "STOP"))
            let start = ContinuousClock.now
            // A task that is cancelled before it has sent anything leaves the connection as it was.
            for patience in 1...10_000 where connection.condition == .clean {
                let task = Task { try await connection.query("SELECT 1") }
                for _ in 0..<patience { await Task.yield() }
                task.cancel()
                await #expect(throws: CancellationError.self) { _ = try await task.value }
            }
            #expect(connection.condition == .broken)
            #expect(ContinuousClock.now - start < .seconds(10))
            await connection.close(.forced)
            #expect(signal(server.processID, "CONT"))
        }

        @Test("where the server has no room for the cancel's connection, the time-out ends the statement")
        func noRoomForCancel() async throws {
            let server = try PrivateMariaDB(maximumConnections: 10)
            var settings = MySQLTestSettings()
            settings.cancelTimeout = .milliseconds(500)
            // Without the privilege for which the server keeps a place.
            (settings.user, settings.password) = ("other", "another")
            let driver = MySQLDriver(configuration: try settings.configuration(server))
            var connections: [MySQLConnection] = []
            do {
                while true { connections.append(try await connect(driver)) }
            } catch let error as MySQLError {
                #expect(error.code == .tooManyConnections)
                #expect(driver.verdict(on: error) == .serverFull)
            }
            let connection = try #require(connections.first)
            let task = Task { try await connection.query("SELECT SLEEP(1000)") }
            let running = "SELECT count(*) FROM information_schema.processlist WHERE info = 'SELECT SLEEP(1000)'"
            while try server.printed(running) != [["1"]] {}
            task.cancel()
            await #expect(throws: CancellationError.self) { _ = try await task.value }
            #expect(connection.condition == .broken)
            for connection in connections { await connection.close(.forced) }
        }
    }
}

/// True where `Scripts/campaign` asks for long runs.
let isCampaign = ProcessInfo.processInfo.environment["POOL_CAMPAIGN"] == "full"

/// What became of many statements that were cancelled at random moments.
struct CancelOutcome: Sendable {
    var cancelled = 0
    var finished = 0
    var wrongAnswers = 0
    var strayErrors: [String] = []
}

/// Cancels `rounds` statements around their end, each followed by one that nobody cancels.
func cancelAtRandom(rounds: Int, seed: UInt64, onThreads: Bool = false) async throws -> CancelOutcome {
    let driver = MySQLDriver(configuration: try MySQLTestSettings().configuration(PrivateMariaDB.shared.get()))
    let executor = onThreads ? driver.taskExecutor : nil
    return try await withPool(4, of: driver) { pool in
        try await withThrowingTaskGroup(of: CancelOutcome.self) { group in
            for worker in 0..<4 {
                group.addTask(executorPreference: executor) {
                    try await cancelAtRandom(rounds / 4, worker, seed &+ UInt64(worker), pool, executor)
                }
            }
            return try await group.reduce(into: CancelOutcome()) { sum, outcome in
                sum.cancelled += outcome.cancelled
                sum.finished += outcome.finished
                sum.wrongAnswers += outcome.wrongAnswers
                sum.strayErrors += outcome.strayErrors
            }
        }
    }
}

private func cancelAtRandom(
    _ rounds: Int, _ worker: Int, _ seed: UInt64, _ pool: MySQLPool, _ executor: (any TaskExecutor)?
) async throws -> CancelOutcome {
    var random = SeededRandom(seed: seed)
    var outcome = CancelOutcome()
    for round in 0..<rounds {
        let number = worker * 1_000_000 + round
        let task = Task(executorPreference: executor) {
            try await pool.query("SELECT \(number), SLEEP(\(Double(round % 3) * 0.0003))").first?[0, as: Int.self]
        }
        for _ in 0..<Int.random(in: 0...60, using: &random) { await Task.yield() }
        task.cancel()
        do {
            if try await task.value != number { outcome.wrongAnswers += 1 }
            outcome.finished += 1
        } catch is CancellationError {
            outcome.cancelled += 1
        } catch {
            outcome.strayErrors.append("\(error)")
        }
        do {
            let next = try await pool.query("SELECT \(number + 500)").decode(Int.self)
            if next != [number + 500] { outcome.wrongAnswers += 1 }
        } catch {
            outcome.strayErrors.append("\(error)")
        }
    }
    return outcome
}
