import PoolCore
import PoolTesting
import Synchronization
import Testing

@Suite("Sessions with tags share the pool", .timeLimit(.minutes(1)))
struct PoolTagTests {
    /// A session hook that leaves what it was asked for, and counts its calls.
    private final class Hook: Sendable {
        private let calls = Atomic<Int>(0)
        var count: Int { calls.load(ordering: .relaxed) }

        func hooks(isSilent: Bool = false) -> PoolHooks<FakeDriver> {
            PoolHooks(session: { lease, tag in
                self.calls.add(1, ordering: .relaxed)
                if !isSilent { lease.connection.leave("set up for \(tag?.description ?? "all")") }
            })
        }
    }

    /// Acquires with the tag, and tells which connection came and what its session holds.
    private func use(_ fixture: PoolFixture, _ tag: PoolSessionTag?) async throws -> (number: Int, residue: [String]) {
        let result = try await fixture.pool.withConnection(AcquireOptions(tag: tag)) { lease in
            (lease.connection.number, lease.connection.residue)
        }
        await fixture.until { $0.resetting == 0 }
        return result
    }

    @Test("Where there is room, another tag gets a connection of its own, and no session is reset")
    func room() async throws {
        let hook = Hook()
        let fixture = try PoolFixture(maximum: 4, hooks: hook.hooks())
        for _ in 0..<5 {
            for tag in ["a=1", "b=1"] as [PoolSessionTag] {
                #expect(try await use(fixture, tag).residue == ["set up for \(tag)"])
            }
        }
        #expect(hook.count == 2)
        #expect(fixture.driver.connections.count == 2)
        #expect(fixture.pool.statistics.resets == 0)
        try await fixture.expectWhole()
    }

    @Test("Without room, the tagged session that was unused for longest is reset, once")
    func noRoom() async throws {
        let fixture = try PoolFixture(maximum: 2, hooks: Hook().hooks())
        _ = try await use(fixture, "a=1")
        _ = try await use(fixture, "b=1")
        #expect(try await use(fixture, "c=1") == (1, ["set up for c=1"]))
        #expect(try await use(fixture, "b=1").number == 2)
        #expect(fixture.pool.statistics.resets == 1)
        #expect(fixture.observer.steps.count { $0.operation.kind == .reset && $0.side == .ended } == 1)
        try await fixture.expectWhole()
    }

    @Test("A waiter takes an idle session of its tag while those before it have connections on the way")
    func passing() async throws {
        let fixture = try PoolFixture(maximum: 3, hooks: Hook().hooks())
        _ = try await use(fixture, "a=1")
        fixture.driver.script(.connect, [.hang])
        let other = fixture.waiter(AcquireOptions(tag: "b=1"))
        let connect = try await fixture.driver.nextHanging(.connect)
        #expect(try await use(fixture, "a=1").number == 1)
        connect.succeed()
        try await other.value
        try await fixture.expectWhole()
    }

    @Test("A tagged session that cannot be reset is closed, and the acquire gets another connection")
    func cannotBeReset() async throws {
        let fixture = try PoolFixture(maximum: 1)
        try await fixture.pool.withConnection { lease in
            lease.connection.leave("what cannot be undone")
            lease.tag = "a=1"
        }
        await fixture.until { $0.idle == 1 }
        fixture.driver.script(.reset, [.fail(FakeError("only a new connection can", verdict: .keep))])
        #expect(try await use(fixture, nil) == (2, []))
        #expect(fixture.pool.statistics.connectionsClosed == [.resetFailed: 1])
        #expect(fixture.pool.statistics.connectFailures == 0)
        try await fixture.expectWhole()
    }

    @Test("The reset of another tag's session is bounded by the reset timeout, and then another connection is opened")
    func resetThatHangs() async throws {
        let fixture = try PoolFixture(maximum: 1, hooks: Hook().hooks())
        _ = try await use(fixture, "a=1")
        fixture.driver.script(.reset, [.hang])
        let waiter = fixture.waiter()
        _ = try await fixture.driver.nextHanging(.reset)
        fixture.time.advance(by: .seconds(5))
        try await waiter.value
        #expect(fixture.driver.connections.count == 2)
        try await fixture.expectWhole()
    }

    @Test("A session hook runs again after a reset has undone what it did for no tag")
    func afterReset() async throws {
        let hook = Hook()
        let fixture = try PoolFixture(maximum: 1, hooks: hook.hooks())
        for _ in 0..<3 { #expect(try await use(fixture, nil).residue == ["set up for all"]) }
        #expect(hook.count == 3)
        #expect(fixture.driver.connections.count == 1)
        try await fixture.expectWhole()
    }

    @Test("A session hook that changes nothing runs once, until a lease's changes are undone")
    func silentHook() async throws {
        let hook = Hook()
        let fixture = try PoolFixture(maximum: 1, hooks: hook.hooks(isSilent: true))
        for _ in 0..<3 { _ = try await use(fixture, nil) }
        #expect(hook.count == 1)
        try await fixture.pool.withConnection { $0.connection.leave("residue") }
        await fixture.until { $0.resetting == 0 }
        _ = try await use(fixture, nil)
        #expect(hook.count == 2)
        try await fixture.expectWhole()
    }

    @Test("The session hook is an operation of its own, and a tagged session's end of a transaction is no reset")
    func operations() async throws {
        let fixture = try PoolFixture(maximum: 1, hooks: Hook().hooks())
        for _ in 0..<3 { _ = try await use(fixture, "a=1") }
        let kinds = fixture.observer.steps.filter { $0.side == .ended }.map(\.operation.kind)
        #expect(kinds.count { $0 == .session } == 1)
        #expect(kinds.count { $0 == .endUnfinishedWork } == 3)
        #expect(kinds.count { $0 == .reset } == 0)
        #expect(fixture.pool.statistics.resets == 0)
        try await fixture.expectWhole()
    }
}
