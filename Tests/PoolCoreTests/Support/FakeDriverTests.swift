import PoolCore
import PoolTesting
import Testing

@Suite("The fake driver", .timeLimit(.minutes(1)))
struct FakeDriverTests {
    private let driver = FakeDriver()

    private func connect(
        _ lane: PoolLaneConfiguration = PoolLaneConfiguration(name: "main", maximumConnections: 2)
    )
        async throws -> FakeConnection
    {
        try await driver.connect(ConnectRequest(lane: lane, attempt: 1, deadline: .distantFuture))
    }

    @Test("Scripts come first, then the decision, then success")
    func scripts() async throws {
        driver.script(.connect, [.fail(FakeError("first"))])
        driver.always(.connect, .fail(FakeError("rest")))
        await #expect(throws: FakeError("first")) { _ = try await connect() }
        await #expect(throws: FakeError("rest")) { _ = try await connect() }
        driver.always(.connect, .succeed)
        #expect(try await connect().number == 1)
        #expect(driver.ledger.begun[.connect] == 3)
        #expect(driver.ledger.failed[.connect] == 2)
        #expect(driver.ledger.openNow == 1)
    }

    @Test("A hanging call is handed to the test and ends as the test says")
    func gates() async throws {
        driver.script(.connect, [.hang, .hang])
        let good = Task { try await connect() }
        let first = try await driver.nextHanging(.connect)
        let bad = Task { try await connect() }
        let second = try await driver.nextHanging(.connect)
        #expect(driver.ledger.connectingNow == 2)
        second.fail(FakeError("no"))
        await #expect(throws: FakeError("no")) { _ = try await bad.value }
        first.succeed()
        #expect(try await good.value.number == 1)
        #expect(driver.hanging.isEmpty)
    }

    @Test("A cancelled call ends by itself, unless it is deaf")
    func cancellation() async throws {
        driver.script(.connect, [.hang, .hangUncancellably])
        let hearing = Task { try await connect() }
        _ = try await driver.nextHanging(.connect)
        hearing.cancel()
        await #expect(throws: CancellationError.self) { _ = try await hearing.value }
        let deaf = Task { try await connect() }
        let call = try await driver.nextHanging(.connect)
        deaf.cancel()
        try await call.waitForCancellation()
        #expect(call.isCancelled)
        call.succeed()
        #expect(try await deaf.value.number == 1)
    }

    @Test("A test that stops waiting for a call does not take it from the next")
    func cancelledTaker() async throws {
        let taker = Task { try await driver.nextHanging(.connect) }
        taker.cancel()
        await #expect(throws: CancellationError.self) { _ = try await taker.value }
        driver.script(.connect, [.hang])
        let connecting = Task { try await connect() }
        try await driver.nextHanging(.connect).succeed()
        _ = try await connecting.value
    }

    @Test("The ledger notices each broken rule")
    func violations() async throws {
        _ = driver.lanes(maximumConnections: 2)
        let connection = try await connect(PoolLaneConfiguration(name: "small", maximumConnections: 1))
        let other = try await connect(PoolLaneConfiguration(name: "small", maximumConnections: 1))
        #expect(driver.ledger.violations == ["2 connections of lane small are open, but its maximum is 1"])
        let third = try await connect()
        #expect(driver.ledger.violations.last == "3 connections are open, but the pool's maximum is 2")

        driver.script(.validate, [.hang])
        let validation = Task { try await connection.validate() }
        let call = try await driver.nextHanging(.validate)
        await #expect(throws: FakeError.self) { try await connection.work() }
        #expect(driver.ledger.violations.last == "work on connection 1 while validate is still running")
        call.succeed()
        try await validation.value

        await connection.close(.orderly)
        await #expect(throws: FakeError.self) { try await connection.validate() }
        #expect(driver.ledger.violations.last == "validate on connection 1, which is closed")
        await connection.close(.orderly)
        #expect(driver.ledger.violations.last == "second close of connection 1")
        #expect(driver.ledger.findingsAfterClose.last == "2 connections were never closed")
        await other.close(.orderly)
        await third.close(.orderly)
        #expect(driver.ledger.openNow == 0)
        #expect(driver.ledger.violations.count == 5)
    }

    @Test("A forced close interrupts what runs, and cancel() ends only work")
    func interruption() async throws {
        let connection = try await connect()
        driver.always(.work, .hangUncancellably)
        let work = Task { try await connection.work() }
        _ = try await driver.nextHanging(.work)
        connection.cancel()
        await #expect(throws: CancellationError.self) { try await work.value }
        let reset = Task {
            driver.script(.reset, [.hang])
            try await connection.reset()
        }
        _ = try await driver.nextHanging(.reset)
        connection.cancel()
        #expect(connection.cancelCount == 2)
        await connection.close(.forced)
        await #expect(throws: FakeError.interrupted) { try await reset.value }
        #expect(driver.ledger.findingsAfterClose == [])
        await #expect(throws: FakeError.connectionClosed) { try await connection.work() }
        #expect(connection.history == [.opened, .cancelled, .cancelled, .closed(.forced)])
    }

    @Test("Residue makes a connection dirty, and a reset scrubs it")
    func residue() async throws {
        let connection = try await connect()
        connection.leave("temporary table")
        #expect(connection.condition == .dirty)
        try await connection.reset()
        #expect(connection.residue.isEmpty)
        #expect(connection.condition == .clean)
    }
}

@Suite("The recording observer", .timeLimit(.minutes(1)))
struct RecordingObserverTests {
    private let observer = RecordingObserver()

    @Test("It can be asked for what was and for what will be")
    func events() async throws {
        observer.happened(.draining, in: "pool")
        try await observer.event { if case .draining = $0 { true } else { false } }
        let closed = Task { try await observer.events(2) { if case .closed = $0 { true } else { false } } }
        observer.happened(.closed, in: "pool")
        observer.happened(.closed, in: "pool")
        #expect(try await closed.value.count == 2)
        #expect(observer.events.count == 3)
    }

    @Test("Waiting for an event ends when the task is cancelled")
    func cancelled() async {
        let waiting = Task { try await observer.event { _ in true } }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { _ = try await waiting.value }
    }
}
