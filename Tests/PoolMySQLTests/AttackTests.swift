import Foundation
import Logging
import PoolMySQL
import ServerTestSupport
import Testing

extension MySQLTests {
    @Suite("MySQL that is killed, started again, and frozen, under load", .timeLimit(.minutes(5)))
    struct AttackTests {
        @Test(
            "a pool that is reconfigured, cleared, rotated and closed under load loses nothing, and is never too large")
        func changed() async throws { try await attack(.changed) }

        @Test("connections that come and go all the time are never too many for the server")
        func brief() async throws { try await attack(.brief) }

        @Test("sessions are killed at random under load")
        func ended() async throws { try await attack(.ended) }

        @Test("the server is killed under load, and started again")
        func killed() async throws { try await attack(.killed) }

        @Test("the server stands still for longer than every time-out, and goes on")
        func frozen() async throws { try await attack(.frozen) }

        private func attack(_ scenario: AttackScenario) async throws {
            try await AttackSuite(MySQLUnderAttack(scenario)).run(scenario)
        }
    }
}

private struct MySQLUnderAttack: AttackSubject {
    static let pause: SQL = "SELECT SLEEP(0.5)"
    /// With the one that cancels.
    static let mostSessions = AttackScenario.maximumConnections + 1

    let pool: MySQLPool
    /// As another user.
    let attacker: MySQLPool
    let others: [MySQLPool] = []
    let load: TokenLoad<MySQLCall>
    let witness: Witness<MySQLDriver>
    private let server: PrivateMariaDB

    init(_ scenario: AttackScenario) async throws {
        let server = try PrivateMariaDB()
        let seed = UInt64.random(in: 1...1_000_000)
        print("\(scenario): seed \(seed)")
        func configuration(_ user: String, _ password: String) throws -> MySQLConfiguration {
            var settings = MySQLTestSettings()
            (settings.user, settings.password) = (user, password)
            settings.cancelTimeout = AttackScenario.timeout
            return try settings.configuration(server)
        }
        let root = try configuration("root", "")
        self.server = server
        // Each lost connection is logged: that is what the test is about.
        let silence = Logger(label: "attack") { _ in SwiftLogNoOpLogHandler() }
        pool = try MySQLPool(
            database: configuration("app", "the right one"), configuration: scenario.configuration(), logger: silence)
        attacker = try MySQLPool(
            database: root, configuration: scenario.configuration("attacker", patience: .seconds(30)), logger: silence)
        try await MySQLCall.createTables(pool)
        load = MySQLCall.load(on: pool, seed: seed, cancelledPercentage: scenario.cancelledPercentage)
        // The pause leaves the processor to those who are watched. A session whose client is gone is listed, as
        // `Killed`, until the server has cleaned up after it.
        witness = Witness(
            MySQLDriver(configuration: root),
            looking: """
                SELECT coalesce(sum(command <> 'Killed'), 0),
                    coalesce(group_concat(concat_ws(' ', id, command, state, left(info, 30)) SEPARATOR '; '), ''),
                    SLEEP(0.001)
                FROM information_schema.processlist WHERE user = 'app'
                """)
    }

    /// The connection was killed, was lost or is gone, the server is shutting down, or nobody knows how a commit ended.
    static func isExpected(_ errorName: String) -> Bool {
        let codes: [MySQLError.Code] = [.connectionKilled, .serverLost, .serverGone, .serverShutdown]
        return codes.contains { errorName.hasPrefix("\($0.rawValue) ") } || errorName.hasSuffix(" 08007")
    }

    func endSessions() async throws -> Int {
        let victims: SQL = "SELECT id FROM information_schema.processlist WHERE user = 'app' AND rand() < 0.1"
        var count = 0
        for id in try await attacker.query(victims).decode(Int.self) {
            do {
                try await attacker.execute("KILL \(raw: "\(id)")")
                count += 1
            } catch let error as MySQLError where error.code.rawValue == 1094 {
                // ER_NO_SUCH_THREAD: it has gone by itself.
            }
        }
        try await attacker.execute("DO SLEEP(0.02)")
        return count
    }

    func killServer(round: Int) async throws {
        try send("KILL")
        let server = server
        // On a thread of its own: the load of the test needs those of Swift.
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try server.startAgain() }) }
        }
    }

    func freezeServer(_ isFrozen: Bool) throws { try send(isFrozen ? "STOP" : "CONT") }

    private func send(_ name: String) throws {
        if !signal(server.processID, name) { throw AttackProblems(description: "no server hears SIG\(name)") }
    }
}
