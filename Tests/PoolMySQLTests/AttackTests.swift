import Foundation
import Logging
import PoolMySQL
import ServerTestSupport
import Testing

extension MySQLTests {
    /// A server under attack. `POOL_CAMPAIGN=full` makes each test a minute long.
    @Suite("MySQL that is killed, started again, and frozen, under load", .timeLimit(.minutes(5)))
    struct AttackTests {
        /// All time-outs are shorter than a freeze.
        private static let maximum = 4
        private static let maximumBackoff = Duration.milliseconds(400)
        private static let timeout = Duration.milliseconds(500)
        /// The pool's connections, and the one that cancels.
        private static let mostSessions = maximum + 1

        private struct Stage: Sendable {
            let server: PrivateMariaDB
            let pool: MySQLPool
            let load: TokenLoad<MySQLCall>
            let witness: Witness<MySQLDriver>
            /// What attacks, on connections of its own and as another user.
            let attacker: MySQLPool
        }

        private func stage(
            _ name: String, cancelledPercentage: Int = 10, lifetime: Duration? = nil,
            acquireTimeout: Duration = Self.timeout
        ) async throws -> Stage {
            let server = try PrivateMariaDB()
            let seed = UInt64.random(in: 1...1_000_000)
            print("\(name): seed \(seed)")
            func configuration(_ user: String, _ password: String) throws -> MySQLConfiguration {
                var settings = MySQLTestSettings()
                (settings.user, settings.password) = (user, password)
                settings.cancelTimeout = Self.timeout
                return try settings.configuration(server)
            }
            func pool(_ name: String, _ database: MySQLConfiguration, _ acquireTimeout: Duration) throws -> MySQLPool {
                try MySQLPool(
                    database: database,
                    configuration: PoolConfiguration(
                        name: name, maximumConnections: Self.maximum, minimumConnections: 2,
                        acquireTimeout: acquireTimeout, connectTimeout: Self.timeout, validationTimeout: Self.timeout,
                        resetTimeout: Self.timeout, maximumLifetime: lifetime, maximumBackoff: Self.maximumBackoff),
                    // Each lost connection is logged: that is what the test is about.
                    logger: Logger(label: "killed") { _ in SwiftLogNoOpLogHandler() })
            }
            let root = try configuration("root", "")
            let victim = try pool(name, configuration("app", "the right one"), acquireTimeout)
            try await MySQLCall.createTables(victim)
            // The pause leaves the processor to those who are watched. A session whose client is gone is listed, as
            // `Killed`, until the server has cleaned up after it.
            let witness = Witness(
                MySQLDriver(configuration: root),
                looking: """
                    SELECT coalesce(sum(command <> 'Killed'), 0),
                        coalesce(group_concat(concat_ws(' ', id, command, state, left(info, 30)) SEPARATOR '; '), ''),
                        SLEEP(0.001)
                    FROM information_schema.processlist WHERE user = 'app'
                    """)
            return Stage(
                server: server, pool: victim,
                load: MySQLCall.load(on: victim, seed: seed, cancelledPercentage: cancelledPercentage),
                witness: witness, attacker: try pool("attacker", root, .seconds(30)))
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
            for pool in [stage.pool, stage.attacker] {
                try await pool.close(drain: .seconds(5))
                #expect(pool.statistics.counts.total == 0)
            }
            print("  whole after \(needed); \(found.committed.count) commits, none lost")
        }

        private func expectOwnResults(_ found: LoadReport, _ report: Witness<MySQLDriver>.Report) {
            print(
                "  \(found.answered) answers, \(found.cancels) cancels, failures \(found.driverErrors) "
                    + "\(found.poolErrors); \(report.looks) looks, at most \(report.peak) sessions")
            #expect(found.wrong.isEmpty, "\(found.wrong.prefix(5))")
            #expect(found.answered > 0)
            // The connection was killed, was lost or is gone, the server is shutting down, or nobody knows how a commit
            // ended.
            let codes: Set<MySQLError.Code> = [.connectionKilled, .serverLost, .serverGone, .serverShutdown]
            let named = found.driverErrors.keys.allSatisfy { name in
                codes.contains { name.hasPrefix("\($0.rawValue) ") } || name.hasSuffix(" 08007")
            }
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
            #expect(report.peak <= Self.mostSessions, "\(report.peak) sessions at once: \(report.sessions)")
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
            #expect(report.peak <= Self.mostSessions, "\(report.peak) sessions at once: \(report.sessions)")
            #expect(found.failures == 0)
            try await expectWhole(stage, found)
        }

        @Test("sessions are killed at random under load")
        func killed() async throws {
            let stage = try await stage("killed")
            let end = ContinuousClock.now + .seconds(isFullCampaign ? 60 : 3)
            let (found, report) = try await stage.witness.watching {
                async let killed = kill(stage, until: end)
                let found = await stage.load.run(tasks: 8) { _ in ContinuousClock.now > end }
                let count = try await killed
                print("  \(count) sessions were killed")
                #expect(count > 0)
                return found
            }
            expectOwnResults(found, report)
            #expect(report.peak <= Self.mostSessions, "\(report.peak) sessions at once: \(report.sessions)")
            #expect(found.failures > 0)
            try await expectWhole(stage, found)
        }

        private func kill(_ stage: Stage, until end: ContinuousClock.Instant) async throws -> Int {
            let victims: SQL = "SELECT id FROM information_schema.processlist WHERE user = 'app' AND rand() < 0.1"
            var count = 0
            while ContinuousClock.now < end {
                for id in try await stage.attacker.query(victims).decode(Int.self) {
                    do {
                        try await stage.attacker.execute("KILL \(raw: "\(id)")")
                        count += 1
                    } catch let error as MySQLError where error.code.rawValue == 1094 {
                        // ER_NO_SUCH_THREAD: it has gone by itself.
                    }
                }
                try await stage.attacker.execute("DO SLEEP(0.02)")
            }
            return count
        }

        @Test("the server is killed under load, and started again")
        func killedServer() async throws {
            let stage = try await stage("restarted")
            let isOver = Flag()
            let (found, report) = try await stage.witness.watching {
                async let found = stage.load.run(tasks: 8) { _ in isOver.isSet }
                for _ in 0..<(isFullCampaign ? 15 : 2) {
                    // Some load before each.
                    try await stage.attacker.execute("DO SLEEP(0.5)", AcquireOptions(timeout: .seconds(30)))
                    #expect(signal(stage.server.processID, "KILL"))
                    try await restart(stage.server)
                }
                _ = try? await stage.attacker.execute("DO SLEEP(0.5)")
                isOver.set()
                return await found
            }
            expectOwnResults(found, report)
            #expect(report.peak <= Self.mostSessions, "\(report.peak) sessions at once: \(report.sessions)")
            #expect(found.failures > 0)
            try await expectWhole(stage, found)
        }

        /// On a thread of its own: the load of the test needs those of Swift.
        private func restart(_ server: PrivateMariaDB) async throws {
            try await withCheckedThrowingContinuation { continuation in
                Thread.detachNewThread { continuation.resume(with: Result { try server.startAgain() }) }
            }
        }

        @Test("the server stands still for longer than every time-out, and goes on")
        func frozenServer() async throws {
            let stage = try await stage("frozen", cancelledPercentage: 50)
            let isOver = Flag()
            var unheard = 0
            let (found, report) = try await stage.witness.watching {
                async let found = stage.load.run(tasks: 8) { _ in isOver.isSet }
                for _ in 0..<(isFullCampaign ? 15 : 1) {
                    try await stage.attacker.execute("DO SLEEP(0.5)", AcquireOptions(timeout: .seconds(30)))
                    let before = givenUp(stage.pool)
                    #expect(signal(stage.server.processID, "STOP"))
                    let end = ContinuousClock.now + Self.timeout * 5
                    while ContinuousClock.now < end { await Task.yield() }
                    unheard = max(unheard, givenUp(stage.pool) - before)
                    #expect(signal(stage.server.processID, "CONT"))
                    try await stage.attacker.execute("DO SLEEP(0.5)", AcquireOptions(timeout: .seconds(30)))
                }
                isOver.set()
                return await found
            }
            expectOwnResults(found, report)
            // A server that stands still does not hear that a connection is closed, or that its connect was given up:
            // it finds out when it goes on, and may by then have others.
            print("  at most \(unheard) connections were given up during a freeze")
            #expect(
                report.peak <= Self.mostSessions + unheard, "\(report.peak) sessions at once: \(report.sessions)")
            #expect(found.failures > 0)
            try await expectWhole(stage, found)
        }

        private func givenUp(_ pool: MySQLPool) -> Int {
            let statistics = pool.statistics
            return statistics.connectFailures + statistics.connectionsClosed.values.reduce(0, +)
        }
    }
}
