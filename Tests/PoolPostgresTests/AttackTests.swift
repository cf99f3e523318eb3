import Foundation
import Logging
import PoolPostgres
import ServerTestSupport
import Synchronization
import Testing

extension PostgresTests {
    @Suite("Postgres that is killed, started again, and frozen", .timeLimit(.minutes(5)))
    struct AttackTests {
        @Test(
            "a pool that is reconfigured, cleared, rotated and closed under load loses nothing, and is never too large")
        func changed() async throws { try await attack(.changed) }

        @Test("connections that come and go all the time are never too many for the server")
        func brief() async throws { try await attack(.brief) }

        @Test("sessions are terminated at random under load")
        func ended() async throws { try await attack(.ended) }

        @Test("the server is killed under load, with all its processes or its first alone, and started again")
        func killed() async throws { try await attack(.killed) }

        @Test("the server stands still for longer than every time-out, and goes on")
        func frozen() async throws { try await attack(.frozen) }

        private func attack(_ scenario: AttackScenario) async throws {
            try await AttackSuite(PostgresUnderAttack(scenario)).run(scenario)
        }
    }
}

private final class PostgresUnderAttack: AttackSubject {
    static let pause: SQL = "SELECT pg_sleep(0.5)"
    static let mostSessions = AttackScenario.maximumConnections

    let pool: PostgresPool
    let attacker: PostgresPool
    let others: [PostgresPool]
    let load: TokenLoad<PostgresCall>
    let witness: Witness<PostgresDriver>
    private let server: PrivatePostgres
    private let name: String
    /// The servers that were started in place of the first. The last one runs.
    private let restarted = Mutex<[RestartedServer]>([])

    init(_ scenario: AttackScenario) async throws {
        let server = try PrivatePostgres()
        let seed = UInt64.random(in: 1...1_000_000)
        print("\(scenario): seed \(seed)")
        func pool(_ application: String, _ configuration: PoolConfiguration) throws -> PostgresPool {
            try PostgresPool(
                database: PostgresConfiguration(
                    server.connection(), applicationName: application, cancelTimeout: AttackScenario.timeout),
                configuration: configuration,
                // Each lost connection is logged: that is what the test is about.
                logger: Logger(label: "attack") { _ in SilentLog() })
        }
        (self.server, name) = (server, scenario.rawValue)
        let victim = try pool(scenario.rawValue, scenario.configuration())
        let notifier = try pool("notifier", scenario.configuration("notifier"))
        try await PostgresCall.createTables(victim)
        (self.pool, others) = (victim, [notifier])
        attacker = try pool("attacker", scenario.configuration("attacker", patience: .seconds(30)))
        load = PostgresCall.load(
            on: victim, notifier: notifier, seed: seed, cancelledPercentage: scenario.cancelledPercentage)
        // The pause leaves the processor to those who are watched.
        witness = Witness(
            PostgresDriver(configuration: try PostgresConfiguration(server.connection(), applicationName: "witness")),
            looking: """
                SELECT count(*), coalesce(string_agg(concat_ws(' ', pid, state, wait_event, left(query, 30)), '; '), ''),
                    pg_sleep(0.001)
                FROM pg_stat_activity WHERE application_name = \(scenario.rawValue)
                """)
    }

    /// Class 08 and 57: the connection was lost, the server was shut down, is starting, or was told to end the session.
    static func isExpected(_ errorName: String) -> Bool { errorName.hasPrefix("08") || errorName.hasPrefix("57P") }

    /// A termination may still be on its way when the load ends.
    static func isLate(_ error: any Error) -> Bool { (error as? PostgresError)?.code == .adminShutdown }

    func endSessions() async throws -> Int {
        try await attacker.query(
            """
            SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)), pg_sleep(0.02) FROM (
                SELECT pid FROM pg_stat_activity WHERE application_name = \(name) AND random() < 0.1
            ) AS victims
            """)[0][0, as: Int.self]
    }

    func killServer(round: Int) async throws {
        let postmaster = restarted.withLock { $0.last?.processID } ?? server.processID
        let processes = try RestartedServer.processes(of: postmaster)
        for process in round.isMultiple(of: 2) ? [postmaster] : processes { kill(process, SIGKILL) }
        let next = try await RestartedServer.start(server)
        restarted.withLock { $0.append(next) }
    }

    func freezeServer(_ isFrozen: Bool) throws {
        for process in try RestartedServer.processes(of: server.processID) {
            kill(process, isFrozen ? SIGSTOP : SIGCONT)
        }
    }
}
