import PoolCore
import PoolTesting
import Testing

@Suite("Closing and clearing", .timeLimit(.minutes(1)))
struct PoolClosingTests {
    @Test("close() refuses while leases are held, names them, and the pool goes on")
    func leasesHeld() async throws {
        let fixture = try PoolFixture(maximum: 2)
        let lease = try await fixture.pool.acquire(AcquireOptions(label: "forgotten"))
        let error = await #expect(throws: PoolError.self) { try await fixture.pool.close() }
        #expect(error?.code == .leasesHeld)
        #expect(error?.longestHolders.map(\.label) == ["forgotten"])
        try await fixture.pool.withConnection { try await $0.work() }
        lease.release()
        try await fixture.pool.close()
        fixture.expectClosed()
        let again = await #expect(throws: PoolError.self) { try await fixture.pool.close() }
        #expect(again?.code == .closed)
        try await fixture.pool.close(drain: .seconds(1))
    }

    @Test("A closed pool refuses at once")
    func refuses() async throws {
        let fixture = try PoolFixture(maximum: 1)
        try await fixture.pool.close()
        #expect(await fixture.poolError(of: fixture.waiter())?.code == .closed)
        #expect(fixture.driver.ledger.begun.isEmpty)
        #expect(fixture.observer.events.contains { if case .closed = $0 { true } else { false } })
    }

    @Test("close(drain:) refuses new acquires, fails those that wait, and waits for the leases")
    func drains() async throws {
        let fixture = try PoolFixture(maximum: 1)
        let lease = try await fixture.pool.acquire()
        let waiter = fixture.waiter()
        await fixture.untilWaiting(1)
        let closing = Task { try await fixture.pool.close(drain: .seconds(10)) }
        #expect(await fixture.poolError(of: waiter)?.code == .closed)
        #expect(await fixture.poolError(of: fixture.waiter())?.code == .draining)
        #expect(fixture.pool.status == .draining)
        #expect(fixture.pool.statistics.counts.leased == 1)
        fixture.time.advance(by: .seconds(9))
        #expect(fixture.pool.statistics.counts.leased == 1)
        lease.release()
        try await closing.value
        fixture.expectClosed()
        #expect(fixture.driver.connections[0].history.last == .closed(.orderly))
    }

    @Test("When the drain is over, what runs is interrupted, and a later release does no harm")
    func forces() async throws {
        let fixture = try PoolFixture(maximum: 2)
        fixture.driver.script(.work, [.hangUncancellably])
        let holder = Task { try await fixture.pool.withConnection { try await $0.work() } }
        _ = try await fixture.driver.nextHanging(.work)
        let lease = try await fixture.pool.acquire()
        let closing = Task { try await fixture.pool.close(drain: .seconds(7)) }
        try await fixture.observer.event { if case .draining = $0 { true } else { false } }
        fixture.time.advance(by: .seconds(7))
        try await closing.value
        #expect(await fixture.error(of: holder) as? FakeError == .interrupted)
        #expect(fixture.driver.connections.allSatisfy { $0.history.last == .closed(.forced) })
        lease.release()
        fixture.expectClosed()
    }

    @Test("Cancelling the task that drains ends the drain at once")
    func cancelledDrain() async throws {
        let fixture = try PoolFixture(maximum: 1)
        let lease = try await fixture.pool.acquire()
        let closing = Task { try await fixture.pool.close(drain: .seconds(3_600)) }
        await fixture.until { _ in fixture.observer.events.contains { if case .draining = $0 { true } else { false } } }
        closing.cancel()
        try await closing.value
        #expect(fixture.driver.connections[0].isClosed)
        lease.release()
        fixture.expectClosed()
    }

    @Test("close() during a drain says so, and leaves the leases the time that they were given")
    func closeDuringDrain() async throws {
        let fixture = try PoolFixture(maximum: 1)
        let lease = try await fixture.pool.acquire()
        let draining = Task { try await fixture.pool.close(drain: .seconds(10)) }
        try await fixture.observer.event { if case .draining = $0 { true } else { false } }
        while await fixture.poolError(of: fixture.waiter(AcquireOptions(timeout: .nanoseconds(1))))?.code != .draining {
        }
        let error = await #expect(throws: PoolError.self) { try await fixture.pool.close() }
        #expect(error?.code == .draining)
        #expect(!fixture.driver.connections[0].isClosed)
        lease.release()
        try await draining.value
        #expect(fixture.pool.status == .closed)
        fixture.expectClosed()
    }

    @Test("A driver that never answers is left behind 5 s after the drain")
    func abandonsTheDriver() async throws {
        let fixture = try PoolFixture(maximum: 1)
        fixture.driver.script(.connect, [.hangUncancellably])
        let waiter = fixture.waiter()
        let connect = try await fixture.driver.nextHanging(.connect)
        let closing = Task { try await fixture.pool.close(drain: .zero) }
        try await fixture.time.waitForSleeper(until: PoolInstant(nanoseconds: 5_000_000_000))
        fixture.time.advance(by: .seconds(5))
        try await closing.value
        #expect(await fixture.poolError(of: waiter)?.code == .closed)
        // It answers in the end: what it has opened is closed, not lost.
        connect.succeed()
        while fixture.driver.ledger.openNow > 0 { await Task.yield() }
        #expect(fixture.driver.ledger.findingsAfterClose == [])
    }

    @Test("Lanes that close last wait for the others")
    func closesLast() async throws {
        let lanes = [
            PoolLaneConfiguration(name: "writer", maximumConnections: 1, serves: [.readWrite], closesLast: true),
            PoolLaneConfiguration(name: "reader", maximumConnections: 2, serves: [.readOnly]),
        ]
        let fixture = try PoolFixture(PoolConfiguration(maximumConnections: 3), lanes: lanes)
        try await fixture.holding(1) { try await fixture.holding(2, .readOnly) }
        fixture.driver.always(.close, .hang)
        let closing = Task { try await fixture.pool.close() }
        let readers = [try await fixture.driver.nextHanging(.close), try await fixture.driver.nextHanging(.close)]
        #expect(readers.map(\.lane) == ["reader", "reader"])
        #expect(fixture.driver.hanging.count == 2)
        for reader in readers { reader.succeed() }
        let writer = try await fixture.driver.nextHanging(.close)
        #expect(writer.lane == "writer")
        writer.succeed()
        try await closing.value
        fixture.expectClosed()
    }

    @Test("clear() closes what is idle now, and what is leased when it comes back")
    func clear() async throws {
        let fixture = try PoolFixture(maximum: 3)
        try await fixture.holding(2)
        let lease = try await fixture.pool.acquire()
        #expect(fixture.pool.clear() == 2)
        try await fixture.observer.event { $0.closeReason == .cleared }
        #expect(fixture.pool.statistics.counts.leased == 1)
        lease.release()
        try await fixture.observer.events(2) { $0.closeReason == .cleared }
        try await fixture.pool.withConnection { #expect($0.connection.number == 3) }
        #expect(fixture.pool.clear() == 1)
        try await fixture.expectWhole()
    }

    @Test("clear() also reaches a connection that is being opened")
    func clearWhileOpening() async throws {
        let fixture = try PoolFixture(maximum: 1)
        fixture.driver.script(.connect, [.hang])
        let waiter = fixture.waiter()
        let connect = try await fixture.driver.nextHanging(.connect)
        fixture.pool.clear()
        connect.succeed()
        try await waiter.value
        #expect(fixture.driver.connections.map(\.isClosed) == [true, false])
        try await fixture.expectWhole()
    }

    @Test("A pool that is dropped without being closed closes its idle connections")
    func dropped() async throws {
        let driver = FakeDriver()
        do {
            let pool = try Pool(driver: driver)
            try await pool.withConnection { try await $0.work() }
        }
        while driver.ledger.openNow > 0 { await Task.yield() }
        #expect(driver.ledger.findingsAfterClose == [])
    }

    @Test(
        "close(drain:) still serves those whose connection is being opened, or has room, and fails the others at once")
    func servesTheLast() async throws {
        let fixture = try PoolFixture(maximum: 20)
        fixture.driver.always(.connect, .hang)
        let acquires = (0..<25).map { _ in fixture.waiter() }
        await fixture.untilWaiting(25)
        let closing = Task { try await fixture.pool.close(drain: .seconds(5)) }
        // Twenty have a place, and two of them a connect by now; five would have to wait for a release.
        await fixture.until { $0.waiting == 20 }
        fixture.driver.always(.connect, .succeed)
        fixture.driver.succeedHanging(.connect)
        try await closing.value
        var codes: [PoolError.Code] = []
        for acquire in acquires { if let error = await fixture.poolError(of: acquire) { codes.append(error.code) } }
        #expect(codes == Array(repeating: .closed, count: 5))
        #expect(fixture.pool.statistics.acquired == 20)
        fixture.expectClosed()
    }

    @Test("Whoever is still not served when the drain is over, or whose connect fails, is told that the pool is closed")
    func lastOnesFail() async throws {
        let fixture = try PoolFixture(maximum: 2)
        fixture.driver.script(.connect, [.hang, .hang])
        let acquires = [fixture.waiter(), fixture.waiter()]
        let connects = [
            try await fixture.driver.nextHanging(.connect), try await fixture.driver.nextHanging(.connect),
        ]
        let closing = Task { try await fixture.pool.close(drain: .seconds(5)) }
        try await fixture.observer.event { if case .draining = $0 { true } else { false } }
        connects[0].fail(FakeError("away", verdict: .serverStarting))
        await fixture.until { $0.waiting == 1 }
        try await fixture.time.waitForSleeper(until: PoolInstant(nanoseconds: 4_000_000_000))
        fixture.time.advance(by: .seconds(4))
        try await fixture.time.waitForSleeper(until: PoolInstant(nanoseconds: 5_000_000_000))
        fixture.time.advance(by: .seconds(1))
        try await closing.value
        for acquire in acquires { #expect(await fixture.poolError(of: acquire)?.code == .closed) }
        fixture.expectClosed()
    }
}
