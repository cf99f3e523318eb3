import PoolCore
import PoolTesting
import Testing

@Suite("Connections that break", .timeLimit(.minutes(1)))
struct PoolFaultTests {
    @Test("An error of another pool, or of another lease, leaves a connection as it is")
    func othersErrors() async throws {
        let (outer, inner) = (try PoolFixture(maximum: 2), try PoolFixture(maximum: 1))
        inner.driver.script(.work, [.fail(FakeError("lost", verdict: .discardGeneration))])
        await #expect(throws: FakeError.self) {
            try await outer.pool.withConnection { _ in
                try await inner.pool.withConnection { try await $0.work() }
            }
        }
        try await inner.observer.event { $0.closeReason == .broken }
        #expect(!outer.driver.connections[0].isClosed)
        try await outer.expectWhole()
        try await inner.expectWhole()
    }

    @Test("One restart that several leases report closes no connection that was opened after it")
    func oneRestart() async throws {
        let fixture = try PoolFixture(maximum: 3)
        let first = try await fixture.pool.acquire()
        let second = try await fixture.pool.acquire()
        fixture.driver.connections.forEach { $0.condition = .generationBroken }
        first.release()
        let fresh = try await fixture.pool.acquire()
        let id = fresh.id
        fresh.release()
        second.release()
        try await fixture.observer.events(2) { $0.closeReason == .broken }
        let again = try await fixture.pool.acquire()
        #expect(again.id == id)
        again.release()
        try await fixture.expectWhole()
    }

    @Test("A restart of one lane's server leaves the connections of the others")
    func otherLanes() async throws {
        let fixture = try PoolFixture(
            PoolConfiguration(maximumConnections: 4),
            lanes: [
                PoolLaneConfiguration(name: "primary", maximumConnections: 2, serves: [.readWrite]),
                PoolLaneConfiguration(name: "replica", maximumConnections: 2, serves: [.readOnly]),
            ])
        try await fixture.pool.withConnection { _ in }
        try await fixture.pool.withConnection(.readOnly) { $0.connection.condition = .generationBroken }
        try await fixture.observer.event { $0.closeReason == .broken }
        #expect(fixture.pool.statistics.lanes[0].counts.idle == 1)
        try await fixture.pool.close(drain: .zero)
        fixture.expectClosed()
    }

    @Test("What a connect hook set up is there again after a reset")
    func hookAfterReset() async throws {
        let fixture = try PoolFixture(
            maximum: 1, hooks: PoolHooks(connect: { try await $0.work("CONNECT HOOK") }))
        try await fixture.pool.withConnection { $0.connection.condition = .dirty }
        await fixture.until { $0.idle == 1 }
        #expect(fixture.driver.connections[0].statements == ["CONNECT HOOK", "CONNECT HOOK"])
        try await fixture.expectWhole()
    }

    @Test("A connection that breaks in a hook is not granted, although the hook caught the error")
    func brokenInHook() async throws {
        let fixture = try PoolFixture(maximum: 1, hooks: PoolHooks(acquire: { try? await $0.work() }))
        fixture.driver.script(.work, [.fail(FakeError("lost", verdict: .discard))])
        let waiter = fixture.waiter()
        try await fixture.observer.event { $0.closeReason == .validationFailed }
        fixture.time.advance(by: .seconds(1))
        try await waiter.value
        #expect(fixture.driver.connections.count == 2)
        try await fixture.expectWhole()
    }

    @Test("When a validation takes too long, the connections that were idle for as long are closed with it")
    func silentlyCut() async throws {
        let fixture = try PoolFixture(maximum: 5)
        try await fixture.holding(5)
        fixture.time.advance(by: .seconds(31))
        fixture.driver.script(.validate, [.hang])
        let waiter = fixture.waiter()
        _ = try await fixture.driver.nextHanging(.validate)
        fixture.time.advance(by: .seconds(5))
        try await waiter.value
        #expect(fixture.observer.events.count { $0.closeReason == .validationFailed } == 5)
        #expect(fixture.driver.connections.count == 6)
        try await fixture.expectWhole()
    }

    @Test("A lease that asks for another through acquire() is told at once that it would wait for ever")
    func deadlockOfOwnedLease() async throws {
        let fixture = try PoolFixture(maximum: 1)
        let error = await #expect(throws: PoolError.self) {
            try await fixture.pool.withConnection { _ in try await fixture.pool.acquire().release() }
        }
        #expect(error?.code == .wouldDeadlock)
        try await fixture.expectWhole()
    }

    @Test("A connection that its driver knows to be dead is replaced while idle, without a failed acquire")
    func deadWhileIdle() async throws {
        let fixture = try PoolFixture(maximum: 2)
        try await fixture.holding(2)
        let next = try await fixture.pool.withConnection { $0.connection }
        next.condition = .broken
        let granted = try await fixture.pool.withConnection { $0.connection.number }
        #expect(granted != next.number)
        try await fixture.observer.event { $0.closeReason == .broken }
        try await fixture.expectWhole()
    }

    @Test("A connection that dies while idle is closed at once, and the minimum is opened again without an acquire")
    func lostWhileIdle() async throws {
        let fixture = try PoolFixture(PoolConfiguration(maximumConnections: 3, minimumConnections: 2))
        await fixture.until { $0.idle == 2 }
        for connection in fixture.driver.connections { connection.lose() }
        try await fixture.observer.events(2) { $0.closeReason == .broken }
        await fixture.until { $0.idle == 2 }
        #expect(fixture.driver.connections.count == 4)
        #expect(fixture.driver.ledger.failed.isEmpty)
        try await fixture.expectWhole()
    }

    @Test("A connection that dies as its lease ends is closed, although the lease had left it clean")
    func lostWhileLeased() async throws {
        let fixture = try PoolFixture(maximum: 1)
        try await fixture.pool.withConnection { lease in
            lease.connection.lose()
            // What the release reads was true a moment ago.
            lease.connection.condition = .clean
        }
        try await fixture.observer.event { $0.closeReason == .broken }
        #expect(try await fixture.pool.withConnection { $0.connection.number } == 2)
        try await fixture.expectWhole()
    }

    @Test("A deadline of the caller's own counts if it is earlier than the time-out")
    func callersDeadline() async throws {
        let fixture = try PoolFixture(maximum: 1)
        try await fixture.holding(1) {
            let past = AcquireOptions(deadline: .now - .seconds(1))
            let error = await fixture.poolError(of: fixture.waiter(past))
            #expect(error?.code == .acquireTimedOut)
            let late = AcquireOptions(timeout: .zero, deadline: .now + .seconds(1000))
            #expect(await fixture.poolError(of: fixture.waiter(late))?.code == .acquireTimedOut)
        }
        try await fixture.expectWhole()
    }

    @Test("Two lanes for the same access are refused: the second could never be reached")
    func unreachableLane() throws {
        let lanes = ["a", "b"].map { PoolLaneConfiguration(name: $0, maximumConnections: 1) }
        let error = #expect(throws: PoolConfigurationError.self) {
            try Pool(driver: FakeDriver(lanes: lanes))
        }
        #expect(error?.value == "a, b")
    }

    @Test("A drain of no time still waits for its drivers")
    func noDrain() async throws {
        let fixture = try PoolFixture(maximum: 1)
        try await fixture.holding(1)
        fixture.driver.script(.close, [.hang])
        let closing = Task { try await fixture.pool.close(drain: .zero) }
        let call = try await fixture.driver.nextHanging(.close)
        #expect(fixture.pool.statistics.counts.closing == 1)
        call.succeed()
        try await closing.value
        fixture.expectClosed()
    }
}
