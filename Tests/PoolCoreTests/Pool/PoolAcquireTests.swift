import PoolCore
import PoolTesting
import Testing

@Suite("Leases", .timeLimit(.minutes(1)))
struct PoolAcquireTests {
    @Test("A pool opens nothing until somebody asks, and then reuses what it has")
    func reuse() async throws {
        let fixture = try PoolFixture(maximum: 3)
        #expect(fixture.driver.ledger.begun.isEmpty)
        for _ in 0..<5 { try await fixture.pool.withConnection { try await $0.work() } }
        #expect(fixture.driver.connections.count == 1)
        #expect(fixture.pool.statistics.acquired == 5)
        #expect(fixture.pool.statistics.dequeued == 1)
        try await fixture.expectWhole()
    }

    @Test("The result and the error of the body reach the caller as they are")
    func results() async throws {
        let fixture = try PoolFixture(maximum: 1)
        let number = try await fixture.pool.withConnection { $0.connection.number }
        #expect(number == 1)
        await #expect(throws: FakeError("mine", verdict: .keep)) {
            try await fixture.pool.withConnection { _ in throw FakeError("mine", verdict: .keep) }
        }
        #expect(fixture.driver.connections.count == 1)
        try await fixture.expectWhole()
    }

    @Test(
        "An error that the driver calls a broken connection has it replaced",
        arguments: [
            PoolVerdict.discard, .discardGeneration, .endpointReadOnly,
        ])
    func brokenByError(verdict: PoolVerdict) async throws {
        let fixture = try PoolFixture(maximum: 2)
        try await fixture.holding(2)
        fixture.driver.script(.work, [.fail(FakeError("lost", verdict: verdict))])
        // Also if the body catches the error.
        try await fixture.pool.withConnection { connection in try? await connection.work() }
        let expected = verdict == .discard ? 1 : 2
        try await fixture.observer.events(expected) { $0.closeReason != nil }
        #expect(fixture.observer.events.count { $0.closeReason != nil } == expected)
        try await fixture.expectWhole()
    }

    @Test("A lease that goes out of scope comes back by itself")
    func outOfScope() async throws {
        let fixture = try PoolFixture(maximum: 1)
        do {
            let lease = try await fixture.pool.acquire()
            #expect(fixture.pool.statistics.counts.leased == 1)
            _ = lease.id
        }
        #expect(fixture.pool.statistics.counts.leased == 0)
        try await fixture.expectWhole()
    }

    @Test("A discarded lease is closed, and its place is free again")
    func discard() async throws {
        let fixture = try PoolFixture(maximum: 1)
        var lease = try await fixture.pool.acquire()
        lease.discard(reason: "a test")
        lease.release()
        try await fixture.observer.event { $0.closeReason == .discarded }
        try await fixture.pool.withConnection { $0.discard(reason: "another") }
        try await fixture.observer.events(2) { $0.closeReason == .discarded }
        await fixture.until { $0.closing == 0 }
        #expect(fixture.driver.connections.allSatisfy { $0.history.contains(.closed(.orderly)) })
        try await fixture.expectWhole()
    }

    @Test("A broken connection is closed at its release, a broken generation with all that were open")
    func brokenCondition() async throws {
        let fixture = try PoolFixture(maximum: 3)
        try await fixture.holding(3)
        try await fixture.pool.withConnection { $0.connection.condition = .broken }
        try await fixture.observer.event { $0.closeReason == .broken }
        #expect(fixture.pool.statistics.connectionsClosed == [.broken: 1])
        try await fixture.pool.withConnection { $0.connection.condition = .generationBroken }
        try await fixture.observer.events(1) { $0.closeReason == .cleared }
        #expect(fixture.pool.statistics.connectionsClosed == [.broken: 2, .cleared: 1])
        try await fixture.expectWhole()
    }

    @Test("A dirty connection is reset in the background before anybody sees it again")
    func dirty() async throws {
        let fixture = try PoolFixture(maximum: 1)
        fixture.driver.script(.reset, [.hang])
        try await fixture.pool.withConnection { $0.connection.leave("a temporary table") }
        let reset = try await fixture.driver.nextHanging(.reset)
        #expect(fixture.pool.statistics.counts.resetting == 1)
        let next = Task { try await fixture.pool.withConnection { $0.connection.residue } }
        await fixture.untilWaiting(1)
        reset.succeed()
        #expect(try await next.value == [])
        #expect(fixture.pool.statistics.resets == 1)
        try await fixture.expectWhole()
    }

    @Test("A connection that was idle for long is validated first, another is not")
    func validation() async throws {
        let fixture = try PoolFixture(maximum: 1)
        try await fixture.holding(1)
        fixture.time.advance(by: .seconds(29))
        try await fixture.holding(1)
        #expect(fixture.driver.ledger.begun[.validate] == nil)
        fixture.time.advance(by: .seconds(30))
        try await fixture.holding(1)
        #expect(fixture.driver.ledger.begun[.validate] == 1)
        try await fixture.expectWhole()
    }

    @Test("A connection that fails its validation is replaced without the caller's notice")
    func failedValidation() async throws {
        let fixture = try PoolFixture(maximum: 1)
        try await fixture.holding(1)
        fixture.time.advance(by: .seconds(31))
        fixture.driver.script(.validate, [.fail(FakeError("gone"))])
        let number = try await fixture.pool.withConnection { $0.connection.number }
        #expect(number == 2)
        #expect(fixture.pool.statistics.connectionsClosed == [.validationFailed: 1])
        try await fixture.expectWhole()
    }

    @Test(
        "Last in, first out by default; first in, first out on demand",
        arguments: [
            (PoolConfiguration.IdleOrder.lastInFirstOut, 1), (.firstInFirstOut, 3),
        ])
    func idleOrder(order: PoolConfiguration.IdleOrder, expected: Int) async throws {
        let fixture = try PoolFixture(PoolConfiguration(maximumConnections: 3, idleOrder: order))
        // The leases end one inside the other: the connection opened last is parked first.
        try await fixture.holding(3)
        let number = try await fixture.pool.withConnection { $0.connection.number }
        #expect(number == expected)
        try await fixture.expectWhole()
    }

    @Test("Zero seconds of idleness mean that every grant is validated, nil that none is")
    func validationLimits() async throws {
        let always = try PoolFixture(PoolConfiguration(maximumConnections: 1, validateAfterIdle: .zero))
        for _ in 0..<3 { try await always.holding(1) }
        #expect(always.driver.ledger.begun[.validate] == 3)
        // Also where one lease follows the other at once.
        let lease = try await always.pool.acquire()
        let waiter = always.waiter()
        await always.untilWaiting(1)
        lease.release()
        try await waiter.value
        #expect(always.driver.ledger.begun[.validate] == 5)
        try await always.expectWhole()
        let never = try PoolFixture(PoolConfiguration(maximumConnections: 1, validateAfterIdle: nil, idleTimeout: nil))
        try await never.holding(1)
        never.time.advance(by: .seconds(1_000))
        try await never.holding(1)
        #expect(never.driver.ledger.begun[.validate] == nil)
        try await never.expectWhole()
    }

    @Test("Holders are named with label, place and time, the longest first")
    func holders() async throws {
        let fixture = try PoolFixture(maximum: 2)
        let line: UInt = #line + 1
        let first = try await fixture.pool.acquire(AcquireOptions(label: "first"))
        fixture.time.advance(by: .seconds(2))
        let second = try await fixture.pool.acquire()
        fixture.time.advance(by: .seconds(1))
        let holders = fixture.pool.holders()
        #expect(holders.map(\.label) == ["first", nil])
        #expect(holders.map(\.held) == [.seconds(3), .seconds(1)])
        #expect(holders[0].fileID == #fileID)
        #expect(holders[0].line == line)
        #expect(holders[0].connection == first.id)
        #expect(holders[0].lane == "main")
        #expect(holders[0].description.contains("\"first\" at \(#fileID):\(line)"))
        first.release()
        second.release()
        #expect(fixture.pool.holders().isEmpty)
        try await fixture.expectWhole()
    }

    @Test("An access that no lane serves is refused")
    func noLane() async throws {
        let lanes = [PoolLaneConfiguration(name: "reader", maximumConnections: 1, serves: [.readOnly])]
        let fixture = try PoolFixture(PoolConfiguration(maximumConnections: 1), lanes: lanes)
        let error = await fixture.poolError(of: fixture.waiter())
        #expect(error?.code == .noLane)
        try await fixture.pool.withConnection(.readOnly) { try await $0.work() }
        try await fixture.pool.close(drain: .zero)
        fixture.expectClosed()
    }

    @Test("A task that is cancelled already acquires nothing")
    func cancelledBefore() async throws {
        let fixture = try PoolFixture(maximum: 1)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await fixture.pool.withConnection { _ in }
        }
        #expect(await fixture.error(of: task) is CancellationError)
        #expect(fixture.driver.ledger.begun.isEmpty)
        try await fixture.expectWhole()
    }
}
