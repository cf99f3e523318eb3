import PoolCore
import PoolTesting
import Synchronization
import Testing

@Suite("Hooks that fail", .timeLimit(.minutes(1)))
struct PoolHookFailureTests {
    private static let typo = FakeError("syntax error at or near SELEC", verdict: .keep)

    /// Who has had a lease, in order.
    private final class Order: Sendable {
        private let list = Mutex<[Int]>([])
        var all: [Int] { list.withLock { $0 } }
        func note(_ number: Int) { list.withLock { $0.append(number) } }
    }

    /// Works on the connection in the hook of the kind; the driver's script says how that ends.
    private func hooks(_ kind: String) -> PoolHooks<FakeDriver> {
        switch kind {
        case "connect": PoolHooks(connect: { try await $0.work() })
        case "acquire": PoolHooks(acquire: { try await $0.work() })
        default: PoolHooks(session: { lease, _ in try await lease.work() })
        }
    }

    @Test("What a hook throws fails who waits at once, as it is", arguments: ["connect", "acquire", "session"])
    func final(kind: String) async throws {
        let fixture = try PoolFixture(maximum: 1, hooks: hooks(kind))
        fixture.driver.script(.work, [.fail(Self.typo)])
        #expect(await fixture.error(of: fixture.waiter()) as? FakeError == Self.typo)
        let statistics = fixture.pool.statistics
        #expect(statistics.failed == 1 && statistics.acquired == 0)
        #expect(fixture.driver.connections.count == 1)
        fixture.time.advance(by: .seconds(1))
        try await fixture.expectWhole()
    }

    @Test("What a connect hook throws reaches those who come during the pause, and a warm-up")
    func connectHookPause() async throws {
        let fixture = try PoolFixture(maximum: 1, hooks: hooks("connect"))
        fixture.driver.always(.work, .fail(Self.typo))
        for _ in 0..<3 { #expect(await fixture.error(of: fixture.waiter()) as? FakeError == Self.typo) }
        #expect(fixture.driver.connections.count == 1)
        let codes = fixture.observer.events.compactMap { event in
            if case .acquireFailed(let error) = event { error.code } else { nil }
        }
        #expect(codes == [.hookFailed, .hookFailed, .hookFailed])
        fixture.time.advance(by: .seconds(1))
        await #expect(throws: Self.typo) { try await fixture.pool.warmUp(to: 1) }
        fixture.time.advance(by: .seconds(30))
        try await fixture.expectWhole()
    }

    @Test("A hook that says so gets another connection", arguments: ["connect", "acquire", "session"])
    func tryAgain(kind: String) async throws {
        let fixture = try PoolFixture(maximum: 1, hooks: hooks(kind))
        fixture.driver.script(.work, [.fail(PoolTryAgain(reason: "a replica"))])
        let waiter = fixture.waiter()
        try await fixture.observer.event { $0.closeReason != nil || $0.connectFailure != nil }
        fixture.time.advance(by: .seconds(1))
        try await waiter.value
        #expect(fixture.driver.connections.count == 2)
        try await fixture.expectWhole()
    }

    @Test("A connection that breaks under a connect hook is a failed connect")
    func broken() async throws {
        let fixture = try PoolFixture(maximum: 1, hooks: hooks("connect"))
        fixture.driver.script(.work, [.fail(FakeError("the server went away"))])
        let waiter = fixture.waiter()
        try await fixture.observer.event { $0.connectFailure != nil }
        fixture.time.advance(by: .seconds(1))
        try await waiter.value
        try await fixture.expectWhole()
    }

    @Test("An acquire whose session hook wants another connection keeps its place in the queue")
    func place() async throws {
        let fixture = try PoolFixture(maximum: 1, hooks: hooks("session"))
        let order = Order()
        fixture.driver.script(.work, [.hang])
        let first = Task { try await fixture.pool.withConnection { _ in order.note(1) } }
        let hook = try await fixture.driver.nextHanging(.work)
        let second = Task { try await fixture.pool.withConnection { _ in order.note(2) } }
        await fixture.untilWaiting(1)
        hook.fail(PoolTryAgain(reason: "a test"))
        await fixture.untilWaiting(2)
        fixture.time.advance(by: .seconds(1))
        try await first.value
        try await second.value
        #expect(order.all == [1, 2])
        let statistics = fixture.pool.statistics
        #expect(statistics.requests == 2 && statistics.enqueued == 2 && statistics.dequeued == 2)
        try await fixture.expectWhole()
    }

    @Test("Acquires that end in the session hook keep nobody else from a connection")
    func noPoison() async throws {
        let fixture = try PoolFixture(maximum: 12, hooks: hooks("session"))
        fixture.driver.script(.work, Array(repeating: .hang, count: 12))
        let waiters = (0..<12).map { _ in fixture.waiter(AcquireOptions(timeout: .seconds(3))) }
        for _ in 0..<12 { _ = try await fixture.driver.nextHanging(.work) }
        for waiter in waiters[0..<6] { waiter.cancel() }
        for waiter in waiters[0..<6] { #expect(await fixture.error(of: waiter) is CancellationError) }
        fixture.time.advance(by: .seconds(3))
        for waiter in waiters[6...] { #expect(await fixture.poolError(of: waiter)?.code == .acquireTimedOut) }
        fixture.driver.script(.work, [.fail(Self.typo)])
        #expect(await fixture.error(of: fixture.waiter()) as? FakeError == Self.typo)
        try await fixture.pool.withConnection { _ in }
        let statistics = fixture.pool.statistics
        #expect(statistics.connectFailures == 0)
        #expect((statistics.cancelled, statistics.timedOut, statistics.failed, statistics.acquired) == (6, 6, 1, 1))
        #expect(statistics.requests == 14)
        try await fixture.expectWhole()
    }

    @Test("An acquire whose connection is cleared under its session hook gets another")
    func cleared() async throws {
        let fixture = try PoolFixture(maximum: 1, hooks: hooks("session"))
        fixture.driver.script(.work, [.hang])
        let waiter = fixture.waiter()
        _ = try await fixture.driver.nextHanging(.work)
        fixture.pool.clear(interrupt: true)
        try await waiter.value
        #expect(fixture.driver.connections.count == 2)
        #expect(fixture.pool.statistics.acquired == 1)
        try await fixture.expectWhole()
    }

    @Test("A pool that closes during a session hook fails the acquire as closed")
    func closed() async throws {
        let fixture = try PoolFixture(maximum: 1, hooks: hooks("session"))
        fixture.driver.script(.work, [.hang])
        let waiter = fixture.waiter()
        _ = try await fixture.driver.nextHanging(.work)
        try await fixture.pool.close(drain: .zero)
        let code = await fixture.poolError(of: waiter)?.code
        #expect(code == .closed || code == .draining)
        fixture.expectClosed()
    }

    @Test(
        "A hook that leaves a transaction open fails at once, and is named",
        arguments: ["connect", "acquire", "session"])
    func transactionLeftOpen(kind: String) async throws {
        let hooks: PoolHooks<FakeDriver> =
            switch kind {
            case "connect": PoolHooks(connect: { $0.connection.leave("transaction") })
            case "acquire": PoolHooks(acquire: { $0.connection.leave("transaction") })
            default: PoolHooks(session: { lease, _ in lease.connection.leave("transaction") })
            }
        let fixture = try PoolFixture(maximum: 1, hooks: hooks)
        let error = await fixture.error(of: fixture.waiter()) as? PoolHookLeftTransactionOpen
        #expect(error?.hook == kind)
        #expect(error?.description.contains("the \(kind) hook has left a transaction open") == true)
        await fixture.until { $0.total == 0 }
        try await fixture.pool.close(drain: .zero)
        fixture.expectClosed()
    }

    @Test("An acquire that never waited tells the phase that it would have waited in")
    func phase() async throws {
        let fixture = try PoolFixture(maximum: 1)
        try await fixture.pool.withConnection { _ in
            let error = await #expect(throws: PoolError.self) { try await fixture.pool.withConnection { _ in } }
            #expect(error?.code == .wouldDeadlock && error?.phase == .queue)
        }
        try await fixture.pool.close()
        let error = await #expect(throws: PoolError.self) { try await fixture.pool.withConnection { _ in } }
        #expect(error?.code == .closed && error?.phase == .queue)
    }
}
