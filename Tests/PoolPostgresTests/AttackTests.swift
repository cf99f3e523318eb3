import Foundation
import Logging
import PoolPostgres
import ServerTestSupport
import Testing

extension PostgresTests {
    /// A server under attack. `POOL_CAMPAIGN=full` makes each test a minute long.
    @Suite("Postgres that is killed, started again, and frozen", .timeLimit(.minutes(5)))
    struct AttackTests {
        /// All time-outs are shorter than a freeze.
        private static let maximum = 4
        private static let maximumBackoff = Duration.milliseconds(400)
        private static let timeout = Duration.milliseconds(500)

        private struct Stage: Sendable {
            let server: PrivatePostgres
            let pool: PostgresPool
            let notifier: PostgresPool
            let load: TokenLoad<PostgresCall>
            let witness: Witness<PostgresDriver>
            /// What attacks, on connections of its own.
            let attacker: PostgresPool
        }

        private func stage(
            _ name: String, cancelledPercentage: Int = 10, lifetime: Duration? = nil,
            acquireTimeout: Duration = Self.timeout
        ) async throws -> Stage {
            let server = try PrivatePostgres()
            let seed = UInt64.random(in: 1...1_000_000)
            print("\(name): seed \(seed)")
            func pool(_ application: String, _ acquireTimeout: Duration) throws -> PostgresPool {
                try PostgresPool(
                    database: PostgresConfiguration(
                        server.connection(), applicationName: application, cancelTimeout: Self.timeout),
                    configuration: PoolConfiguration(
                        name: application, maximumConnections: Self.maximum, minimumConnections: 2,
                        acquireTimeout: acquireTimeout, connectTimeout: Self.timeout, validationTimeout: Self.timeout,
                        resetTimeout: Self.timeout, maximumLifetime: lifetime, maximumBackoff: Self.maximumBackoff),
                    // Each lost connection is logged: that is what the test is about.
                    logger: Logger(label: "killed") { _ in SilentLog() })
            }
            let (victim, notifier) = (try pool(name, acquireTimeout), try pool("\(name)_notifier", acquireTimeout))
            try await PostgresCall.createTables(victim)
            return Stage(
                server: server, pool: victim, notifier: notifier,
                load: PostgresCall.load(
                    on: victim, notifier: notifier, seed: seed, cancelledPercentage: cancelledPercentage),
                witness: try witness(server, of: name), attacker: try pool("attacker", .seconds(30)))
        }

        private func witness(_ server: PrivatePostgres, of application: String) throws -> Witness<PostgresDriver> {
            let configuration = try PostgresConfiguration(server.connection(), applicationName: "witness")
            // The pause leaves the processor to those who are watched.
            return Witness(
                PostgresDriver(configuration: configuration),
                looking: """
                    SELECT count(*), coalesce(string_agg(concat_ws(' ', pid, state, wait_event, left(query, 30)), '; '), ''),
                        pg_sleep(0.001)
                    FROM pg_stat_activity WHERE application_name = \(application)
                    """)
        }

        /// All connections can be leased at once and work, within the backoff and a connect; then everything is closed.
        private func expectWhole(_ stage: Stage, _ found: LoadReport) async throws {
            let start = ContinuousClock.now
            try await hold(Self.maximum, of: stage.pool)
            let needed = ContinuousClock.now - start
            #expect(
                needed < Self.maximumBackoff + Self.timeout + .seconds(3), "the pool was whole only after \(needed)")
            #expect(stage.pool.statistics.counts.total <= Self.maximum)
            let lost = try await stage.load.lostCommits(found)
            #expect(lost.isEmpty, "\(lost.count) acknowledged commits are lost")
            for pool in [stage.pool, stage.notifier, stage.attacker] {
                try await pool.close(drain: .seconds(5))
                #expect(pool.statistics.counts.total == 0)
            }
            print("  whole after \(needed)")
        }

        /// Holds so many leases at once. A termination that was still on its way when the load ended may cost a lease;
        /// no connection costs more than one.
        private func hold(_ count: Int, of pool: PostgresPool, lost: Int = 0) async throws {
            guard count > 0 else { return }
            var lease = try await pool.acquire(AcquireOptions(timeout: .seconds(30)))
            do {
                #expect(try await lease.query("SELECT \(count)::int8").decode(Int.self) == [count])
            } catch let error as PostgresError where error.code == .adminShutdown && lost < Self.maximum {
                lease.release()
                return try await hold(count, of: pool, lost: lost + 1)
            }
            try await hold(count - 1, of: pool, lost: lost)
            lease.release()
        }

        private func expectOwnResults(_ found: LoadReport, _ report: Witness<PostgresDriver>.Report) {
            print(
                "  \(found.answered) answers, \(found.cancels) cancels, failures \(found.driverErrors) "
                    + "\(found.poolErrors); \(report.looks) looks, at most \(report.peak) sessions")
            #expect(found.wrong.isEmpty, "\(found.wrong.prefix(5))")
            #expect(found.answered > 0)
            // Class 08 and 57: the connection was lost, the server was shut down, is starting, or was told to end the
            // session.
            let named = found.driverErrors.keys.allSatisfy { $0.hasPrefix("08") || $0.hasPrefix("57P") }
            #expect(named, "\(found.driverErrors)")
            #expect(report.looks > 0)
        }

        @Test(
            "a pool that is reconfigured, cleared, rotated and closed under load loses nothing, and is never too large")
        func changed() async throws {
            let stage = try await stage("changed", cancelledPercentage: 0, acquireTimeout: .seconds(30))
            let end = ContinuousClock.now + .seconds(isFullCampaign ? 60 : 3)
            let changes = PoolChanges(of: stage.pool, maximum: Self.maximum, seed: .random(in: 1...1_000_000))
            let isChanged = Flag()
            let ((found, made), report) = await stage.witness.watching {
                async let made = changes.run(until: end)
                async let found = stage.load.run(tasks: 8) { _ in isChanged.isSet }
                let all = await made
                isChanged.set()
                return (await found, all)
            }
            print("  \(made)")
            expectOwnResults(found, report)
            #expect(made.problems.isEmpty, "\(made.problems.prefix(3))")
            #expect(made.count > 0)
            #expect(made.leastAvailable >= Self.maximum - 1, "a rotation left \(made.leastAvailable) connections")
            #expect(report.peak <= Self.maximum, "\(report.peak) sessions at once: \(report.sessions)")
            #expect(found.failures == 0)
            // Closed under load: what was acknowledged is there, and what was not says why.
            let (pool, load) = (stage.pool, stage.load)
            async let last = load.run(tasks: 8, from: 500_000_000) { _ in pool.status == .closed }
            while pool.statistics.counts.leased == 0 { await Task.yield() }
            try await pool.close(drain: .seconds(10))
            let rest = await last
            #expect(rest.wrong.isEmpty && rest.driverErrors.isEmpty, "\(rest)")
            #expect(Set(rest.poolErrors.keys).isSubset(of: ["draining", "closed"]), "\(rest.poolErrors)")
            #expect(pool.statistics.counts.total == 0)
            let tokens = try await stage.attacker.query("SELECT token FROM ledger").decode(Int.self)
            #expect(Set(found.committed + rest.committed).subtracting(tokens).isEmpty)
            try await stage.notifier.close(drain: .seconds(5))
            try await stage.attacker.close(drain: .seconds(5))
        }

        @Test("connections that come and go all the time are never too many for the server")
        func shortLives() async throws {
            let stage = try await stage("brief", lifetime: .milliseconds(20), acquireTimeout: .seconds(30))
            let end = ContinuousClock.now + .seconds(isFullCampaign ? 60 : 2)
            let (found, report) = await stage.witness.watching {
                await stage.load.run(tasks: 8) { _ in ContinuousClock.now > end }
            }
            expectOwnResults(found, report)
            let closed = stage.pool.statistics.connectionsClosed[.lifetime, default: 0]
            print("  \(closed) connections were replaced")
            #expect(closed > 0)
            #expect(report.peak <= Self.maximum, "\(report.peak) sessions at once: \(report.sessions)")
            #expect(found.failures == 0)
            try await expectWhole(stage, found)
        }

        @Test("sessions are terminated at random under load")
        func terminated() async throws {
            let stage = try await stage("terminated")
            let end = ContinuousClock.now + .seconds(isFullCampaign ? 60 : 3)
            let (found, report) = try await stage.witness.watching {
                async let killed = terminate(stage, until: end)
                let found = await stage.load.run(tasks: 8) { _ in ContinuousClock.now > end }
                let count = try await killed
                print("  \(count) sessions were terminated")
                #expect(count > 0)
                return found
            }
            expectOwnResults(found, report)
            #expect(report.peak <= Self.maximum, "\(report.peak) sessions at once: \(report.sessions)")
            #expect(found.failures > 0)
            try await expectWhole(stage, found)
        }

        private func terminate(_ stage: Stage, until end: ContinuousClock.Instant) async throws -> Int {
            var count = 0
            while ContinuousClock.now < end {
                count += try await stage.attacker.query(
                    """
                    SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)), pg_sleep(0.02) FROM (
                        SELECT pid FROM pg_stat_activity WHERE application_name = 'terminated' AND random() < 0.1
                    ) AS victims
                    """)[0][0, as: Int.self]
            }
            return count
        }

        @Test("the server is killed under load, with all its processes or its first alone, and started again")
        func killedServer() async throws {
            let stage = try await stage("killed")
            let isOver = Flag()
            var restarted: [RestartedServer] = []
            let (found, report) = try await stage.witness.watching {
                async let found = stage.load.run(tasks: 8) { _ in isOver.isSet }
                for round in 0..<(isFullCampaign ? 15 : 2) {
                    let postmaster = restarted.last?.processID ?? stage.server.processID
                    // Some load before each.
                    try await stage.attacker.execute("SELECT pg_sleep(0.5)", AcquireOptions(timeout: .seconds(30)))
                    let processes = try RestartedServer.processes(of: postmaster)
                    for process in round.isMultiple(of: 2) ? [postmaster] : processes { kill(process, SIGKILL) }
                    restarted.append(try await RestartedServer.start(stage.server))
                }
                _ = try? await stage.attacker.execute("SELECT pg_sleep(0.5)")
                isOver.set()
                return await found
            }
            expectOwnResults(found, report)
            #expect(report.peak <= Self.maximum, "\(report.peak) sessions at once: \(report.sessions)")
            #expect(found.failures > 0)
            try await expectWhole(stage, found)
        }

        @Test("the server stands still for longer than every time-out, and goes on")
        func frozenServer() async throws {
            let stage = try await stage("frozen", cancelledPercentage: 50)
            let isOver = Flag()
            var unheard = 0
            let (found, report) = try await stage.witness.watching {
                async let found = stage.load.run(tasks: 8) { _ in isOver.isSet }
                for _ in 0..<(isFullCampaign ? 15 : 1) {
                    try await stage.attacker.execute("SELECT pg_sleep(0.5)", AcquireOptions(timeout: .seconds(30)))
                    let before = givenUp(stage.pool)
                    let processes = try RestartedServer.processes(of: stage.server.processID)
                    for process in processes { kill(process, SIGSTOP) }
                    let end = ContinuousClock.now + Self.timeout * 5
                    while ContinuousClock.now < end { await Task.yield() }
                    unheard = max(unheard, givenUp(stage.pool) - before)
                    for process in processes { kill(process, SIGCONT) }
                    try await stage.attacker.execute("SELECT pg_sleep(0.5)", AcquireOptions(timeout: .seconds(30)))
                }
                isOver.set()
                return await found
            }
            expectOwnResults(found, report)
            // A server that stands still does not hear that a connection is closed, or that its connect was given up:
            // it finds out when it goes on, and may by then have others.
            print("  at most \(unheard) connections were given up during a freeze")
            #expect(report.peak <= Self.maximum + unheard, "\(report.peak) sessions at once: \(report.sessions)")
            #expect(found.failures > 0)
            try await expectWhole(stage, found)
        }

        private func givenUp(_ pool: PostgresPool) -> Int {
            let statistics = pool.statistics
            return statistics.connectFailures + statistics.connectionsClosed.values.reduce(0, +)
        }
    }
}
