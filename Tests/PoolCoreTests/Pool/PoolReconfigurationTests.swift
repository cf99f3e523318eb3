import PoolCore
import PoolTesting
import Testing

@Suite("Changing a pool that is in use", .timeLimit(.minutes(1)))
struct PoolReconfigurationTests {
    @Test("A raised maximum serves those who wait, and a lowered one closes what is idle before it returns")
    func sizes() async throws {
        let fixture = try PoolFixture(maximum: 1)
        let lease = try await fixture.pool.acquire()
        let waiter = fixture.waiter()
        await fixture.untilWaiting(1)
        try await fixture.pool.reconfigure { $0.maximumConnections = 3 }
        try await waiter.value
        #expect(fixture.pool.configuration.maximumConnections == 3)
        #expect(fixture.pool.statistics.counts.maximum == 3)
        lease.release()
        try await fixture.holding(3)
        try await fixture.pool.reconfigure { $0.maximumConnections = 1 }
        #expect(fixture.driver.ledger.openNow == 1)
        #expect(fixture.pool.statistics.connectionsClosed == [.shrunk: 2])
        try await fixture.expectWhole()
    }

    @Test("A leased connection above the maximum is closed at its release")
    func shrinksUnderLeases() async throws {
        let fixture = try PoolFixture(maximum: 2)
        try await fixture.holding(2) {
            try await fixture.pool.reconfigure { $0.maximumConnections = 1 }
            #expect(fixture.pool.statistics.counts.leased == 2)
        }
        await fixture.until { $0.total == 1 }
        try await fixture.expectWhole()
    }

    @Test("A change that breaks a rule, or that the driver refuses, changes nothing")
    func invalid() async throws {
        let fixture = try PoolFixture(maximum: 4)
        let before = fixture.pool.configuration
        let error = await #expect(throws: PoolConfigurationError.self) {
            try await fixture.pool.reconfigure {
                $0.maximumConnections = 2
                $0.minimumConnections = 3
            }
        }
        #expect(error?.property == "minimumConnections")
        await #expect(throws: PoolConfigurationError.self) { try await fixture.pool.reconfigure { $0.name = "other" } }
        await #expect(throws: FakeError("no")) { try await fixture.pool.reconfigure { _ in throw FakeError("no") } }
        #expect(fixture.pool.configuration == before)
        #expect(fixture.pool.status == .open)
        try await fixture.expectWhole()
    }

    @Test("While one change is under way the pool serves, and refuses a second change and close()")
    func oneAtATime() async throws {
        let fixture = try PoolFixture(maximum: 2)
        fixture.driver.script(.connect, [.hang])
        let change = Task { try await fixture.pool.reconfigure { $0.minimumConnections = 1 } }
        let connect = try await fixture.driver.nextHanging(.connect)
        #expect(fixture.pool.status == .reconfiguring)
        let second = await #expect(throws: PoolError.self) { try await fixture.pool.reconfigure { _ in } }
        #expect(second?.code == .reconfiguring)
        let close = await #expect(throws: PoolError.self) { try await fixture.pool.close() }
        #expect(close?.code == .reconfiguring)
        let waiter = fixture.waiter()
        connect.succeed()
        try await waiter.value
        try await change.value
        #expect(fixture.pool.status == .open)
        try await fixture.expectWhole()
        let closed = await #expect(throws: PoolError.self) { try await fixture.pool.reconfigure { _ in } }
        #expect(closed?.code == .closed)
    }

    @Test("A change whose task is cancelled stays in force")
    func cancelled() async throws {
        let fixture = try PoolFixture(maximum: 2)
        fixture.driver.script(.connect, [.hang])
        let change = Task { try await fixture.pool.reconfigure { $0.minimumConnections = 1 } }
        let connect = try await fixture.driver.nextHanging(.connect)
        change.cancel()
        await #expect(throws: CancellationError.self) { try await change.value }
        #expect(fixture.pool.status == .open)
        #expect(fixture.pool.configuration.minimumConnections == 1)
        connect.succeed()
        try await fixture.expectWhole()
    }

    @Test("A close during a change ends the change")
    func closedMeanwhile() async throws {
        let fixture = try PoolFixture(maximum: 2)
        fixture.driver.script(.connect, [.hang])
        let change = Task { try await fixture.pool.reconfigure { $0.minimumConnections = 1 } }
        _ = try await fixture.driver.nextHanging(.connect)
        try await fixture.pool.close(drain: .zero)
        let error = await #expect(throws: PoolError.self) { try await change.value }
        #expect(error?.code == .closed)
        fixture.expectClosed()
    }

    @Test("A pool whose connections serve one lease each opens one for every lease, and needs no queue for it")
    func noPooling() async throws {
        let fixture = try PoolFixture(PoolConfiguration(maximumConnections: 1, maximumWaiters: 0, maximumUses: 1))
        for number in 1...3 {
            try await fixture.pool.withConnection { #expect($0.connection.number == number) }
        }
        await fixture.until { $0.total == 0 }
        #expect(fixture.pool.statistics.connectionsClosed == [.usedUp: 3])
        #expect(fixture.driver.ledger.begun[.reset, default: 0] == 0)
        try await fixture.expectWhole()
    }

    @Test("Without a queue an acquire fails at once where all are leased")
    func noQueue() async throws {
        let fixture = try PoolFixture(PoolConfiguration(maximumConnections: 1, maximumWaiters: 0))
        try await fixture.holding(1) {
            #expect(await fixture.poolError(of: fixture.waiter())?.code == .tooManyWaiters)
        }
        #expect(fixture.pool.statistics.rejected == 1)
        try await fixture.expectWhole()
    }

    @Test("A warm-up returns when the connections are there")
    func warmUp() async throws {
        let fixture = try PoolFixture(maximum: 4)
        try await fixture.pool.warmUp(to: 3)
        #expect(fixture.pool.statistics.counts.idle == 3)
        try await fixture.pool.warmUp()
        #expect(fixture.driver.connections.count == 3)
        await #expect(throws: PoolConfigurationError.self) { try await fixture.pool.warmUp(to: 5) }
        try await fixture.expectWhole()
    }

    @Test("A warm-up repeats a connect that failed for a passing reason, and says why it failed in the end")
    func warmUpFails() async throws {
        let fixture = try PoolFixture(maximum: 1)
        let failure = FakeError("starting", verdict: .serverStarting)
        fixture.driver.always(.connect, .fail(failure))
        let warmUp = Task { try await fixture.pool.warmUp(timeout: .seconds(3)) }
        try await fixture.observer.event { $0.connectFailure != nil }
        fixture.time.advance(by: .seconds(3))
        let error = await #expect(throws: PoolError.self) { try await warmUp.value }
        #expect(error?.code == .acquireTimedOut)
        #expect(error?.lastConnectError as? FakeError == failure)
        fixture.driver.always(.connect, .fail(FakeError("no", verdict: .refused)))
        fixture.time.advance(by: .seconds(60))
        let refused = await #expect(throws: PoolError.self) { try await fixture.pool.warmUp() }
        #expect(refused?.code == .connectRefused)
        fixture.driver.always(.connect, .succeed)
        fixture.time.advance(by: .seconds(60))
        try await fixture.expectWhole()
    }

    @Test("A rotation replaces every connection, and never has fewer than one less than before")
    func rotates() async throws {
        let fixture = try PoolFixture(maximum: 3)
        try await fixture.holding(3)
        fixture.driver.decide(.connect) { _ in .succeed }
        try await fixture.pool.rotate(over: .zero)
        #expect(fixture.pool.statistics.connectionsClosed[.rotated] == 3)
        #expect(fixture.driver.connections.count == 6)
        await fixture.until { $0.closing == 0 }
        #expect(fixture.pool.statistics.counts.idle == 3)
        let isClosed = fixture.driver.connections.prefix(3).map(\.isClosed)
        #expect(isClosed == [true, true, true])
        // Each successor was open before the next of the old ones was closed.
        let steps = fixture.observer.events.compactMap { event -> Int? in
            event.isOpened ? 1 : event.closeReason == .rotated ? -1 : nil
        }
        var open = 0
        for step in steps.dropFirst(3) {
            open += step
            #expect(open >= -1 && open <= 0, "steps \(steps)")
        }
        try await fixture.expectWhole()
    }

    @Test("A rotation keeps to its pace, and stops when its task is cancelled")
    func paced() async throws {
        let fixture = try PoolFixture(maximum: 4)
        try await fixture.holding(2)
        let rotation = Task { try await fixture.pool.rotate(over: .seconds(10)) }
        try await fixture.observer.event { $0.closeReason == .rotated }
        // The alarm of the connects, which would have been silent by then.
        try await fixture.time.waitForSleeper(until: PoolInstant(nanoseconds: 4_000_000_000))
        fixture.time.advance(by: .seconds(4))
        try await fixture.time.waitForSleeper(until: PoolInstant(nanoseconds: 5_000_000_000))
        #expect(fixture.driver.connections.count == 3)
        rotation.cancel()
        await #expect(throws: CancellationError.self) { try await rotation.value }
        fixture.time.advance(by: .seconds(10))
        try await fixture.holding(1)
        #expect(fixture.pool.statistics.connectionsClosed == [.rotated: 1])
        try await fixture.expectWhole()
    }

    @Test("clear(interrupt:) interrupts what runs, and a lease clears its pool")
    func clears() async throws {
        let fixture = try PoolFixture(maximum: 2)
        fixture.driver.script(.work, [.hangUncancellably])
        let holder = Task { try await fixture.pool.withConnection { try await $0.work() } }
        _ = try await fixture.driver.nextHanging(.work)
        #expect(fixture.pool.clear(interrupt: true) == 1)
        #expect(await fixture.error(of: holder) as? FakeError == .interrupted)
        #expect(fixture.driver.connections[0].history.last == .closed(.forced))
        try await fixture.pool.withConnection { lease in
            #expect(lease.clearPool() == 1)
        }
        await fixture.until { $0.total == 0 }
        #expect(fixture.pool.statistics.connectionsClosed == [.cleared: 2])
        try await fixture.expectWhole()
    }
}
