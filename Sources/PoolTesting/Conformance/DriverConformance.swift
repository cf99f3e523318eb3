@_spi(Driver) public import PoolCore
internal import Synchronization

/// The checks that every driver must pass, of whatever it connects to. A driver of an SQL database has
/// ``SQLDriverConformance``, which contains them.
///
/// ```swift
/// import PoolTesting
/// import Testing
///
/// struct ConformanceTests {
///     // Your own driver, with what it calls a ping, and a wait that only an interruption ends.
///     nonisolated static let subject = ConformanceSubject<FakeDriver>(
///         work: { try await $0.work() }, longWork: { try await $0.work("wait") }
///     ) {
///         let driver = FakeDriver()
///         driver.decide(.work) { $0.statement == "wait" ? .hang : .succeed }
///         return driver
///     }
///
///     @Test(arguments: DriverConformance(subject).checks)
///     func conforms(check: ConformanceCheck) async throws {
///         try await check.run()
///     }
/// }
/// ```
///
/// The checks can run in parallel and in any order.
public struct DriverConformance<Driver: PoolDriver>: Sendable {
    /// The driver to check.
    public let subject: ConformanceSubject<Driver>

    /// Makes the checks for a driver.
    public init(_ subject: ConformanceSubject<Driver>) {
        self.subject = subject
    }

    /// All checks that apply to the subject.
    public var checks: [ConformanceCheck] { connectionChecks + interruptionChecks + sizeChecks }

    // MARK: Places to work in

    func connect(_ driver: Driver) async throws -> Driver.Connection {
        let lanes = driver.lanes(maximumConnections: 4)
        guard let lane = lanes.first(where: { $0.serves.contains(.readWrite) }) else {
            throw BrokenExpectation(reason: "no lane serves writers")
        }
        return try await driver.connect(ConnectRequest(lane: lane, attempt: 1, deadline: .distantFuture))
    }

    func withDriver(_ body: (Driver) async throws -> Void) async throws {
        let driver = try await subject.makeDriver()
        let outcome: Result<Void, any Error>
        do {
            try await body(driver)
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        await subject.dispose(driver)
        try outcome.get()
    }

    func withConnection(_ body: (Driver, Driver.Connection) async throws -> Void) async throws {
        try await withDriver { driver in
            let connection = try await connect(driver)
            let outcome: Result<Void, any Error>
            do {
                try await body(driver, connection)
                outcome = .success(())
            } catch {
                outcome = .failure(error)
            }
            await connection.close(.orderly)
            try outcome.get()
        }
    }

    func withPool(
        _ maximumConnections: Int = 4, hooks: PoolHooks<Driver> = PoolHooks(), observer: (any PoolObserver)? = nil,
        _ body: (Pool<Driver>) async throws -> Void
    ) async throws {
        try await withDriver { driver in
            let pool = try Pool(
                driver: driver,
                configuration: PoolConfiguration(name: "conformance", maximumConnections: maximumConnections),
                hooks: hooks, observer: observer)
            let outcome: Result<Void, any Error>
            do {
                try await body(pool)
                outcome = .success(())
            } catch {
                outcome = .failure(error)
            }
            try await pool.close(drain: .seconds(5))
            let counts = pool.statistics.counts
            try outcome.get()
            try expect(counts.total == 0, "the closed pool still has connections: \(counts)")
        }
    }

    /// Checks that the connection works, and is clean: after an interruption perhaps only once it was reset.
    func expectHealthy(
        _ connection: Driver.Connection, after what: String, mayNeedReset: Bool = false
    ) async throws {
        if mayNeedReset, connection.condition == .dirty { try await connection.reset() }
        try expect(connection.condition == .clean, "after \(what) the connection is \(connection.condition)")
        try await subject.work(connection)
        try expect(connection.condition == .clean, "work leaves the connection \(connection.condition)")
    }
}

// MARK: -

extension DriverConformance {
    private var connectionChecks: [ConformanceCheck] {
        var checks = [
            ConformanceCheck("a new connection is clean and works") {
                try await withConnection { try await expectHealthy($1, after: "connect") }
            },
            ConformanceCheck("a healthy connection passes its validation") {
                try await withConnection { _, connection in
                    try await connection.validate()
                    try await expectHealthy(connection, after: "validate")
                }
            },
            ConformanceCheck("a reset of a clean connection changes nothing") {
                try await withConnection { _, connection in
                    try await connection.reset()
                    try await expectHealthy(connection, after: "reset")
                }
            },
            ConformanceCheck("the name is short and in lower case, and there are lanes for reading and for writing") {
                try await withDriver { driver in
                    let name = driver.name
                    let isFine = !name.isEmpty && name == name.lowercased() && !name.contains(" ")
                    try expect(isFine, "the name is \"\(name)\"")
                    let lanes = driver.lanes(maximumConnections: 4)
                    for access in [PoolAccess.readOnly, .readWrite] {
                        try expect(lanes.contains { $0.serves.contains(access) }, "no lane serves \(access)")
                    }
                }
            },
            ConformanceCheck("errors of the application, and cancellation, say nothing against a connection") {
                try await withConnection { driver, connection in
                    for error in [ErrorOfTheApplication(), CancellationError()] as [any Error] {
                        let verdict = driver.verdict(on: error)
                        try expect(verdict == .keep, "the verdict on \(error) is \(verdict)")
                        try await expectHealthy(connection, after: "\(error)")
                    }
                }
            },
            ConformanceCheck("work on a closed connection throws") {
                try await withDriver { driver in
                    let connection = try await connect(driver)
                    await connection.close(.orderly)
                    try await expectError("work on a closed connection") { try await subject.work(connection) }
                    try expect(connection.condition == .broken, "a closed connection is \(connection.condition)")
                }
            },
        ]
        if let makeRefusedDriver = subject.makeRefusedDriver { checks.append(refusalCheck(makeRefusedDriver)) }
        return checks
    }

    private func refusalCheck(_ makeRefusedDriver: @escaping @Sendable () async throws -> Driver) -> ConformanceCheck {
        ConformanceCheck("a connect that can never succeed is refused, and fails who waits at once") {
            let driver = try await makeRefusedDriver()
            let error = try await expectError("a connect that cannot") { _ = try await connect(driver) }
            try expect(driver.verdict(on: error) == .refused, "the verdict is \(driver.verdict(on: error)): \(error)")
            let pool = try Pool(driver: driver, configuration: PoolConfiguration(acquireTimeout: .seconds(60)))
            let refusal = try await expectError("an acquire") { try await pool.withConnection { _ in } }
            try await pool.close(drain: .zero)
            let poolError = refusal as? PoolError
            try expect(poolError?.code == .connectRefused, "the acquire failed with \(refusal)")
            try expect(poolError?.lastConnectError != nil, "the refusal does not name the connect's error")
        }
    }

    private var interruptionChecks: [ConformanceCheck] {
        [
            ConformanceCheck("cancelled work ends, and its connection is usable or says that it is broken") {
                try await withConnection { try await cancelTasks($1) }
            },
            ConformanceCheck("cancel() ends the work that runs, and its connection is usable or broken") {
                try await withConnection { try await cancelWork($1) }
            },
            ConformanceCheck("a forced close during work returns, and ends the work") {
                var random = SeededRandom(seed: subject.seed)
                for _ in 0..<10 {
                    try await withDriver { driver in
                        let connection = try await connect(driver)
                        let work = Task { [long = subject.longWork] in try await long(connection) }
                        await yieldRandomly(0...100, &random)
                        await connection.close(.forced)
                        try await expectError("work whose connection was closed") { try await work.value }
                    }
                }
            },
        ]
    }

    private func cancelTasks(_ connection: Driver.Connection) async throws {
        var random = SeededRandom(seed: subject.seed)
        for round in 1...max(subject.cancellationRounds, 1) {
            let work = Task { [long = subject.longWork] in try await long(connection) }
            await yieldRandomly(0...300, &random)
            work.cancel()
            let error = try await expectError("the long work") { try await work.value }
            try expect(error is CancellationError, "round \(round): cancelled work throws \(error)")
            if connection.condition == .broken { return }
            try await expectHealthy(connection, after: "the cancelled work of round \(round)", mayNeedReset: true)
        }
    }

    private func cancelWork(_ connection: Driver.Connection) async throws {
        for round in 1...10 {
            let isOver = SharedFlag()
            let work = Task { [long = subject.longWork] in
                defer { isOver.set() }
                try await long(connection)
            }
            // A cancel before the work has begun has no effect: another must follow.
            while !isOver.isSet {
                connection.cancel()
                await Task.yield()
            }
            try await expectError("the long work") { try await work.value }
            if connection.condition == .broken { return }
            try await expectHealthy(connection, after: "cancel() in round \(round)", mayNeedReset: true)
        }
    }

    private var sizeChecks: [ConformanceCheck] {
        [
            ConformanceCheck("the pool never opens more than its maximum") {
                try await withPool(2) { pool in
                    try await withThrowingTaskGroup { group in
                        for _ in 0..<20 {
                            group.addTask { [work = subject.work] in
                                try await pool.withConnection { try await work($0.handle.connection) }
                            }
                        }
                        try await group.waitForAll()
                    }
                    let statistics = pool.statistics
                    try expect(statistics.peakLeased <= 2, "\(statistics.peakLeased) leases at the same time")
                    try expect(statistics.counts.total <= 2, "\(statistics.counts)")
                }
            },
            ConformanceCheck("close(drain:) interrupts what runs and leaves no connection open") {
                let observer = RecordingObserver()
                try await withPool(2, observer: observer) { pool in
                    let lease = Task { [long = subject.longWork] in
                        try await pool.withConnection { try await long($0.handle.connection) }
                    }
                    try await observer.steps(1, .lease, .began)
                    try await pool.close(drain: .zero)
                    try await expectError("the work under which the pool was closed") { try await lease.value }
                    let counts = pool.statistics.counts
                    try expect(counts.total == 0, "the closed pool has \(counts)")
                }
            },
            ConformanceCheck("clear() replaces the connections, and the work goes on") {
                try await withPool { pool in
                    for _ in 1...10 {
                        try await pool.withConnection { try await subject.work($0.handle.connection) }
                        pool.clear()
                    }
                    try expect(pool.statistics.connectionsOpened > 5, "connections outlived clear()")
                }
            },
        ]
    }
}

/// An error that no driver can know.
private struct ErrorOfTheApplication: Error {}

/// A flag that two tasks share.
private final class SharedFlag: Sendable {
    private let flag = Atomic<Bool>(false)
    var isSet: Bool { flag.load(ordering: .acquiring) }
    func set() { flag.store(true, ordering: .releasing) }
}

func yieldRandomly(_ times: ClosedRange<Int>, _ random: inout SeededRandom) async {
    for _ in 0..<Int.random(in: times, using: &random) { await Task.yield() }
}
