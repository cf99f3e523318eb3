import PoolMySQL
import ServerTestSupport
import Testing

extension MySQLTests {
    @Suite("Connections and servers of MySQL that are killed or stand still", .timeLimit(.minutes(3)))
    struct KillTests {
        @Test("a killed connection reports itself broken, while it runs and while it is idle")
        func killed() async throws {
            let administrator = try PrivateMariaDB.administrator.get()
            try await withConnection { driver, connection async throws in
                guard case .int(let id)? = try await connection.values("SELECT CONNECTION_ID()").first else { return }
                async let outcome = connection.query("SELECT SLEEP(1000), \(raw: "\(id)")")
                try await waitForProcess("SELECT SLEEP(1000), \(id)")
                try await administrator.execute("KILL \(raw: "\(id)")")
                do {
                    _ = try await outcome
                    throw MySQLTestFailure()
                } catch let error as MySQLError {
                    #expect([.serverLost, .connectionKilled].contains(error.code), "\(error)")
                    #expect(driver.verdict(on: error) == .discard)
                }
                #expect(connection.condition == .broken)
                let error = await #expect(throws: MySQLError.self) { _ = try await connection.query("SELECT 1") }
                #expect(error?.code == .serverGone)
            }
            try await withConnection { _, connection async throws in
                guard case .int(let id)? = try await connection.values("SELECT CONNECTION_ID()").first else { return }
                try await administrator.execute("KILL \(raw: "\(id)")")
                while connection.condition != .broken { await Task.yield() }
            }
        }

        @Test("connections that are killed at random under load: every task ends, and the pool is whole again")
        func killedUnderLoad() async throws {
            try await withPool(4) {
                ($0.user, $0.password) = ("app", "the right one")
            } _: { pool async throws in
                let isOver = Flag()
                async let killer: Int = {
                    let administrator = try PrivateMariaDB.administrator.get()
                    var kills = 0
                    while !isOver.isSet {
                        let victim: SQL =
                            "SELECT id FROM information_schema.processlist WHERE user = 'app' ORDER BY RAND() LIMIT 1"
                        for id in try await administrator.query(victim).decode(Int.self) {
                            // It may be gone already.
                            do {
                                kills +=
                                    try await administrator.execute("KILL \(raw: "\(id)")").affectedRows == 0 ? 1 : 0
                            } catch is MySQLError {}
                        }
                    }
                    return kills
                }()
                let outcomes = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
                    for task in 0..<8 {
                        group.addTask {
                            var (successes, failures) = (0, 0)
                            for number in 0..<100 {
                                let number = task * 1_000 + number
                                do {
                                    let answer = try await pool.query("SELECT \(number)").decode(Int.self)
                                    guard answer == [number] else { throw MySQLTestFailure() }
                                    successes += 1
                                } catch is MySQLError {
                                    failures += 1
                                } catch is PoolError {
                                    failures += 1
                                }
                            }
                            return (successes, failures)
                        }
                    }
                    return try await group.reduce((0, 0)) { ($0.0 + $1.0, $0.1 + $1.1) }
                }
                isOver.set()
                #expect(try await killer > 0)
                #expect(outcomes.0 + outcomes.1 == 800)
                #expect(outcomes.0 > 0)
                // Those that were hit last may still be noticed by their next user.
                for _ in 0..<8 { _ = try? await pool.query("SELECT 1") }
                #expect(try await pool.query("SELECT 1").decode(Int.self) == [1])
            }
        }

        @Test("a server that is killed under load and comes back: every task ends, and the pool works again")
        func killedServer() async throws {
            let server = try PrivateMariaDB()
            let pool = try MySQLPool(
                database: MySQLTestSettings().configuration(server),
                configuration: PoolConfiguration(
                    name: "doomed", maximumConnections: 4, acquireTimeout: .seconds(1), connectTimeout: .seconds(1),
                    maximumBackoff: .milliseconds(200)))
            let answers = try await withThrowingTaskGroup(of: Int.self) { group in
                for task in 0..<8 {
                    group.addTask {
                        for number in 0... {
                            do {
                                let answer = try await pool.query("SELECT \(number)").decode(Int.self)
                                #expect(answer == [number])
                                if task == 0, number == 50 { _ = signal(server.processID, "KILL") }
                            } catch let error as MySQLError {
                                #expect([.serverLost, .serverGone].contains(error.code), "\(error)")
                                return number
                            } catch is PoolError {
                                return number
                            }
                        }
                        return 0
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(answers > 50)
            await #expect(throws: PoolError.self) { try await pool.query("SELECT 1") }
            try server.startAgain()
            let options = AcquireOptions(timeout: .seconds(30))
            #expect(try await pool.query("SELECT 1", options).decode(Int.self) == [1])
            try await pool.close(drain: .seconds(5))
            #expect(pool.statistics.counts.total == 0)
        }

        @Test("a server that stands still as a whole costs a connect its time-out, and leases go on when it does")
        func frozenServer() async throws {
            let server = try PrivateMariaDB()
            let pool = try MySQLPool(
                database: MySQLTestSettings().configuration(server),
                configuration: PoolConfiguration(
                    name: "frozen", maximumConnections: 2, acquireTimeout: .milliseconds(700),
                    connectTimeout: .milliseconds(500), maximumBackoff: .milliseconds(200)))
            #expect(signal(server.processID, "STOP"))
            await #expect(throws: PoolError.self) { try await pool.query("SELECT 1") }
            #expect(signal(server.processID, "CONT"))
            let options = AcquireOptions(timeout: .seconds(30))
            #expect(try await pool.query("SELECT 1", options).decode(Int.self) == [1])
            #expect(signal(server.processID, "STOP"))
            let start = ContinuousClock.now
            let stuck = Task { try await pool.query("SELECT 1") }
            while pool.statistics.counts.leased == 0 { await Task.yield() }
            try await pool.close(drain: .zero)
            #expect(ContinuousClock.now - start < .seconds(15))
            await #expect(throws: (any Error).self) { _ = try await stuck.value }
            #expect(signal(server.processID, "CONT"))
        }

        @Test(
            "a commit whose server stands still is given up once its task was cancelled, and says that its end is unknown"
        )
        func frozenCommit() async throws {
            let server = try PrivateMariaDB()
            var settings = MySQLTestSettings()
            settings.cancelTimeout = .milliseconds(50)
            let driver = MySQLDriver(configuration: try settings.configuration(server))
            let connection = try await connect(driver)
            _ = try await connection.execute("CREATE TABLE f (i INT)")
            try await connection.transaction(.begin(SQLTransactionOptions()))
            _ = try await connection.execute("INSERT INTO f VALUES (1)")
            #expect(signal(server.processID, "STOP"))
            let start = ContinuousClock.now
            let commit = Task { try await connection.transaction(.commit) }
            commit.cancel()
            let error = await #expect(throws: MySQLError.self) { try await commit.value }
            #expect(error?.sqlState == "08007", "\(String(describing: error))")
            #expect(ContinuousClock.now - start < .seconds(10))
            #expect(connection.condition == .broken)
            await connection.close(.forced)
            #expect(signal(server.processID, "CONT"))
        }
    }
}
