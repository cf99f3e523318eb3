import PoolCore
import PoolTesting
import Testing

@Suite("Hooks", .timeLimit(.minutes(1)))
struct PoolHookTests {
    @Test("Each hook runs at its point: once for a connect, for each grant, after each release")
    func points() async throws {
        let hooks = PoolHooks<FakeDriver>(
            connect: { try await $0.work("CONNECT HOOK") },
            acquire: { try await $0.work("ACQUIRE HOOK") },
            release: { try await $0.work("RELEASE HOOK") })
        let fixture = try PoolFixture(maximum: 1, hooks: hooks)
        for _ in 0..<2 { try await fixture.pool.withConnection { try await $0.work("BODY") } }
        await fixture.until { $0.idle == 1 }
        let expected = ["ACQUIRE HOOK", "BODY", "RELEASE HOOK"]
        #expect(fixture.driver.connections[0].statements == ["CONNECT HOOK"] + expected + expected)
        try await fixture.pool.close(drain: .zero)
        fixture.expectClosed()
    }

    @Test("A connect hook that throws makes the connect fail, and its connection is closed")
    func connectHook() async throws {
        let fixture = try PoolFixture(maximum: 1, hooks: PoolHooks(connect: { try await $0.work() }))
        fixture.driver.script(.work, [.fail(FakeError("hook"))])
        let waiter = fixture.waiter()
        let event = try await fixture.observer.event { $0.connectFailure != nil }
        #expect(event.connectFailure?.error as? FakeError == FakeError("hook"))
        #expect(fixture.driver.connections[0].isClosed)
        fixture.time.advance(by: .seconds(1))
        try await waiter.value
        try await fixture.expectWhole()
    }

    @Test("An acquire hook that throws has its connection replaced")
    func acquireHook() async throws {
        let fixture = try PoolFixture(maximum: 1, hooks: PoolHooks(acquire: { try await $0.work() }))
        fixture.driver.script(.work, [.fail(FakeError("hook"))])
        let waiter = fixture.waiter()
        try await fixture.observer.event { $0.closeReason == .validationFailed }
        fixture.time.advance(by: .seconds(1))
        try await waiter.value
        #expect(fixture.driver.connections.count == 2)
        try await fixture.expectWhole()
    }

    @Test("A release hook that throws has its connection closed; the caller of the release does not wait for it")
    func releaseHook() async throws {
        let fixture = try PoolFixture(maximum: 1, hooks: PoolHooks(release: { try await $0.work() }))
        fixture.driver.script(.work, [.hang])
        try await fixture.pool.withConnection { _ in }
        try await fixture.driver.nextHanging(.work).fail(FakeError("hook"))
        try await fixture.observer.event { $0.closeReason == .resetFailed }
        fixture.time.advance(by: .seconds(1))
        try await fixture.expectWhole()
    }

    @Test("A hook can declare its connection unusable")
    func discards() async throws {
        let hooks = PoolHooks<FakeDriver>(acquire: { lease in
            if lease.connection.number == 1 { lease.discard(reason: "a test") }
        })
        let fixture = try PoolFixture(maximum: 1, hooks: hooks)
        let waiter = fixture.waiter()
        try await fixture.observer.event { $0.closeReason == .validationFailed }
        fixture.time.advance(by: .seconds(1))
        try await waiter.value
        #expect(fixture.driver.connections.count == 2)
        try await fixture.expectWhole()
    }

    @Test("The close hook runs on each connection that still works before it is closed; what it throws changes nothing")
    func closeHook() async throws {
        let fixture = try PoolFixture(maximum: 2, hooks: PoolHooks(close: { try await $0.work("GOODBYE") }))
        try await fixture.holding(2)
        fixture.driver.script(.work, [.fail(FakeError("hook", verdict: .keep))])
        #expect(fixture.pool.clear() == 2)
        await fixture.until { $0.total == 0 }
        for connection in fixture.driver.connections {
            #expect(connection.statements == ["GOODBYE"])
            #expect(connection.history.last == .closed(.orderly))
        }
        try await fixture.pool.withConnection { $0.connection.condition = .broken }
        await fixture.until { $0.total == 0 }
        #expect(fixture.driver.connections[2].statements == [])
        try await fixture.expectWhole()
    }

    @Test("A close hook that hangs is interrupted at the reset timeout, and its place comes free")
    func closeHookThatHangs() async throws {
        let fixture = try PoolFixture(maximum: 1, hooks: PoolHooks(close: { try await $0.work() }))
        try await fixture.pool.withConnection { _ in }
        fixture.driver.script(.work, [.hang])
        fixture.pool.clear()
        _ = try await fixture.driver.nextHanging(.work)
        fixture.time.advance(by: .seconds(5))
        await fixture.until { $0.total == 0 }
        #expect(fixture.driver.connections[0].history.last == .closed(.forced))
        try await fixture.expectWhole()
    }
}
