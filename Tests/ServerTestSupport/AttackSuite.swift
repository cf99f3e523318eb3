public import PoolSQL

/// What may happen to a pool and its server while a load runs. `POOL_CAMPAIGN=full` makes each a minute long.
public enum AttackScenario: String, Sendable {
    /// The pool is reconfigured, cleared, rotated and closed.
    case changed
    /// Connections live for 20 milliseconds.
    case brief
    /// The server is told to end sessions at random.
    case ended
    /// The server is killed, and started again.
    case killed
    /// The server stands still for longer than every time-out.
    case frozen

    public static let maximumConnections = 4
    /// Shorter than a freeze.
    public static let timeout = Duration.milliseconds(500)
    static let maximumBackoff = Duration.milliseconds(400)

    public var cancelledPercentage: Int {
        switch self {
        case .changed: 0
        case .brief, .ended, .killed: 10
        case .frozen: 50
        }
    }

    /// The configuration of the pool under attack, or of another that lives through it.
    public func configuration(_ name: String? = nil, patience: Duration? = nil) throws -> PoolConfiguration {
        let isHarmless = self == .changed || self == .brief
        return try PoolConfiguration(
            name: name ?? rawValue, maximumConnections: Self.maximumConnections, minimumConnections: 2,
            acquireTimeout: patience ?? (isHarmless ? .seconds(30) : Self.timeout), connectTimeout: Self.timeout,
            validationTimeout: Self.timeout, resetTimeout: Self.timeout,
            maximumLifetime: self == .brief ? .milliseconds(20) : nil, maximumBackoff: Self.maximumBackoff)
    }
}

/// A server with a pool under load, and the ways to attack them that its database has.
public protocol AttackSubject: Sendable {
    associatedtype Call: TokenCall

    /// The pool under attack.
    var pool: Pool<Call.Driver> { get }
    /// Other pools that the load uses.
    var others: [Pool<Call.Driver>] { get }
    /// What attacks, on connections of its own that no attack hits.
    var attacker: Pool<Call.Driver> { get }
    var load: TokenLoad<Call> { get }
    var witness: Witness<Call.Driver> { get }

    /// A statement that lasts for half a second.
    static var pause: SQL { get }
    /// The sessions that the pool may have: its connections, and what cancels.
    static var mostSessions: Int { get }

    /// True for an error, by its name in the load's report, that an attack explains.
    static func isExpected(_ errorName: String) -> Bool
    /// True for an error of an attack that was still on its way when the load ended.
    static func isLate(_ error: any Error) -> Bool

    /// Ends some sessions of the pool, chosen at random, and returns their number. Takes about 20 milliseconds.
    func endSessions() async throws -> Int
    /// Kills the server, and starts it again.
    func killServer(round: Int) async throws
    /// Stops the server's processes, or lets them go on.
    func freezeServer(_ isFrozen: Bool) throws
}

extension AttackSubject {
    public static func isLate(_ error: any Error) -> Bool { false }
}

/// What an attack has found.
public struct AttackProblems: Error, CustomStringConvertible {
    public let description: String

    public init(description: String) {
        self.description = description
    }
}

/// Attacks a pool, and checks that each answer is its own, that no acknowledged commit is lost, that the server never
/// sees too many sessions, and that the pool is whole again.
public struct AttackSuite<Subject: AttackSubject>: Sendable {
    private typealias Report = Witness<Subject.Call.Driver>.Report

    private let subject: Subject
    private var maximum: Int { AttackScenario.maximumConnections }

    public init(_ subject: Subject) {
        self.subject = subject
    }

    /// - Throws: ``AttackProblems``, and what the attacker's own statements throw.
    public func run(_ scenario: AttackScenario) async throws {
        var problems = Problems()
        switch scenario {
        case .changed: try await change(&problems)
        case .brief: try await liveBriefly(&problems)
        case .ended: try await endSessions(&problems)
        case .killed: try await killServer(&problems)
        case .frozen: try await freezeServer(&problems)
        }
        if !problems.list.isEmpty {
            throw AttackProblems(description: problems.list.joined(separator: "; "))
        }
    }

    // MARK: Scenarios

    private func change(_ problems: inout Problems) async throws {
        let end = ContinuousClock.now + .seconds(isFullCampaign ? 60 : 3)
        let changes = PoolChanges(of: subject.pool, maximum: maximum, seed: .random(in: 1...1_000_000))
        let isChanged = Flag()
        let ((found, made), report) = await subject.witness.watching {
            async let made = changes.run(until: end)
            async let found = subject.load.run(tasks: 8) { _ in isChanged.isSet }
            let all = await made
            isChanged.set()
            return (await found, all)
        }
        print("  \(made)")
        checkAnswers(found, report, &problems)
        problems.expect(made.problems.isEmpty, "\(made.problems.prefix(3))")
        problems.expect(made.count > 0, "nothing was changed")
        problems.expect(made.leastAvailable >= maximum - 1, "a rotation left \(made.leastAvailable) connections")
        problems.expect(found.failures == 0, "calls failed: \(found.driverErrors) \(found.poolErrors)")
        // Closed under load: what was acknowledged is there, and what was not says why.
        let (pool, load) = (subject.pool, subject.load)
        async let last = load.run(tasks: 8, from: 500_000_000) { _ in pool.status == .closed }
        while pool.statistics.counts.leased == 0 { await Task.yield() }
        try await pool.close(drain: .seconds(10))
        let rest = await last
        problems.expect(rest.wrong.isEmpty && rest.driverErrors.isEmpty, "\(rest)")
        problems.expect(Set(rest.poolErrors.keys).isSubset(of: ["draining", "closed"]), "\(rest.poolErrors)")
        problems.expect(pool.statistics.counts.total == 0, "the closed pool has \(pool.statistics.counts)")
        let tokens = try await subject.attacker.query("SELECT token FROM ledger").decode(Int.self)
        let lost = Set(found.committed + rest.committed).subtracting(tokens)
        problems.expect(lost.isEmpty, "\(lost.count) acknowledged commits are lost")
        for pool in subject.others + [subject.attacker] { try await pool.close(drain: .seconds(5)) }
    }

    private func liveBriefly(_ problems: inout Problems) async throws {
        let end = ContinuousClock.now + .seconds(isFullCampaign ? 60 : 2)
        let (found, report) = await subject.witness.watching {
            await subject.load.run(tasks: 8) { _ in ContinuousClock.now > end }
        }
        checkAnswers(found, report, &problems)
        let closed = subject.pool.statistics.connectionsClosed[.lifetime, default: 0]
        print("  \(closed) connections were replaced")
        problems.expect(closed > 0, "no connection was replaced")
        problems.expect(found.failures == 0, "calls failed: \(found.driverErrors) \(found.poolErrors)")
        try await checkWhole(found, &problems)
    }

    private func endSessions(_ problems: inout Problems) async throws {
        let end = ContinuousClock.now + .seconds(isFullCampaign ? 60 : 3)
        let ((found, count), report) = try await subject.witness.watching {
            async let ended = endSessions(until: end)
            let found = await subject.load.run(tasks: 8) { _ in ContinuousClock.now > end }
            return (found, try await ended)
        }
        print("  \(count) sessions were ended")
        problems.expect(count > 0, "no session was ended")
        checkAnswers(found, report, &problems)
        problems.expect(found.failures > 0, "no call has noticed")
        try await checkWhole(found, &problems)
    }

    private func endSessions(until end: ContinuousClock.Instant) async throws -> Int {
        var count = 0
        while ContinuousClock.now < end { count += try await subject.endSessions() }
        return count
    }

    private func killServer(_ problems: inout Problems) async throws {
        let isOver = Flag()
        let (found, report) = try await subject.witness.watching {
            async let found = subject.load.run(tasks: 8) { _ in isOver.isSet }
            for round in 0..<(isFullCampaign ? 15 : 2) {
                // Some load before each.
                try await pause()
                try await subject.killServer(round: round)
            }
            _ = try? await subject.attacker.execute(Subject.pause)
            isOver.set()
            return await found
        }
        checkAnswers(found, report, &problems)
        problems.expect(found.failures > 0, "no call has noticed")
        try await checkWhole(found, &problems)
    }

    private func freezeServer(_ problems: inout Problems) async throws {
        let isOver = Flag()
        let ((found, unheard), report) = try await subject.witness.watching {
            async let found = subject.load.run(tasks: 8) { _ in isOver.isSet }
            var unheard = 0
            for _ in 0..<(isFullCampaign ? 15 : 1) {
                try await pause()
                let before = givenUp
                try subject.freezeServer(true)
                let end = ContinuousClock.now + AttackScenario.timeout * 5
                while ContinuousClock.now < end { await Task.yield() }
                unheard = max(unheard, givenUp - before)
                try subject.freezeServer(false)
                try await pause()
            }
            isOver.set()
            return (await found, unheard)
        }
        // A server that stands still does not hear that a connection is closed, or that its connect was given up: it
        // finds out when it goes on, and may by then have others.
        print("  at most \(unheard) connections were given up during a freeze")
        checkAnswers(found, report, unheard: unheard, &problems)
        problems.expect(found.failures > 0, "no call has noticed")
        try await checkWhole(found, &problems)
    }

    private func pause() async throws {
        _ = try await subject.attacker.query(Subject.pause, AcquireOptions(timeout: .seconds(30)))
    }

    private var givenUp: Int {
        let statistics = subject.pool.statistics
        return statistics.connectFailures + statistics.connectionsClosed.values.reduce(0, +)
    }

    // MARK: Checks

    private func checkAnswers(
        _ found: LoadReport, _ report: Report, unheard: Int = 0, _ problems: inout Problems
    ) {
        print(
            "  \(found.answered) answers, \(found.cancels) cancels, failures \(found.driverErrors) "
                + "\(found.poolErrors); \(report.looks) looks, at most \(report.peak) sessions")
        problems.expect(found.wrong.isEmpty, "\(found.wrong.prefix(5))")
        problems.expect(found.answered > 0, "no call has succeeded")
        problems.expect(found.driverErrors.keys.allSatisfy(Subject.isExpected), "\(found.driverErrors)")
        problems.expect(report.looks > 0, "nobody has looked at the server")
        problems.expect(
            report.peak <= Subject.mostSessions + unheard,
            "\(report.peak) sessions at the same time: \(report.sessions)")
    }

    /// All connections can be leased at the same time and work, within the backoff and a connect; then everything is
    /// closed.
    private func checkWhole(_ found: LoadReport, _ problems: inout Problems) async throws {
        let start = ContinuousClock.now
        try await hold(maximum)
        let needed = ContinuousClock.now - start
        problems.expect(
            needed < AttackScenario.maximumBackoff + AttackScenario.timeout + .seconds(3),
            "the pool was whole only after \(needed)")
        problems.expect(
            subject.pool.statistics.counts.total <= maximum, "the pool has \(subject.pool.statistics.counts)")
        let lost = try await subject.load.lostCommits(found)
        problems.expect(lost.isEmpty, "\(lost.count) acknowledged commits are lost")
        for pool in [subject.pool, subject.attacker] + subject.others {
            try await pool.close(drain: .seconds(5))
            problems.expect(pool.statistics.counts.total == 0, "a closed pool has \(pool.statistics.counts)")
        }
        print("  whole after \(needed); \(found.committed.count) commits, none lost")
    }

    /// Holds so many leases at the same time. No connection costs more than one late attack.
    private func hold(_ count: Int, late: Int = 0) async throws {
        guard count > 0 else { return }
        var lease = try await subject.pool.acquire(AcquireOptions(timeout: .seconds(30)))
        do {
            let answer = try await lease.query("SELECT \(raw: "\(count)")").decode(Int.self)
            if answer != [count] { throw AttackProblems(description: "\(answer) for \(count)") }
        } catch  where Subject.isLate(error) && late < maximum {
            lease.release()
            return try await hold(count, late: late + 1)
        }
        try await hold(count - 1, late: late)
        lease.release()
    }
}

private struct Problems {
    private(set) var list: [String] = []

    mutating func expect(_ condition: Bool, _ problem: @autoclosure () -> String) {
        if !condition { list.append(problem()) }
    }
}
