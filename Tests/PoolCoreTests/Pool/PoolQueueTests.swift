import PoolCore
import PoolTesting
import Synchronization
import Testing

@Suite("The queue of waiters", .timeLimit(.minutes(1)))
struct PoolQueueTests {
    /// Who was served, in order.
    private final class Order: Sendable {
        private let names = Mutex<[String]>([])
        func add(_ name: String) { names.withLock { $0.append(name) } }
        var all: [String] { names.withLock { $0 } }
    }

    private func enqueue(
        _ name: String, _ options: AcquireOptions, _ order: Order, _ fixture: PoolFixture
    ) async -> Task<Void, any Error> {
        let before = fixture.pool.statistics.counts.waiting
        let task = Task { try await fixture.pool.withConnection(options) { _ in order.add(name) } }
        await fixture.untilWaiting(before + 1)
        return task
    }

    @Test("Waiters are served in the order of their arrival")
    func arrival() async throws {
        let (fixture, order) = (try PoolFixture(maximum: 1), Order())
        var tasks: [Task<Void, any Error>] = []
        let lease = try await fixture.pool.acquire()
        for number in 1...20 { tasks.append(await enqueue("\(number)", AcquireOptions(), order, fixture)) }
        lease.release()
        for task in tasks { try await task.value }
        #expect(order.all == (1...20).map { "\($0)" })
        try await fixture.expectWhole()
    }

    @Test("A higher priority is served first, whoever came first")
    func priority() async throws {
        let (fixture, order) = (try PoolFixture(maximum: 1), Order())
        var tasks: [Task<Void, any Error>] = []
        let lease = try await fixture.pool.acquire()
        for (name, priority) in [
            ("a", AcquireOptions.Priority.low), ("b", .normal), ("c", .high), ("d", .normal), ("e", .high),
        ] {
            tasks.append(await enqueue(name, AcquireOptions(priority: priority), order, fixture))
        }
        lease.release()
        for task in tasks { try await task.value }
        #expect(order.all == ["c", "e", "b", "d", "a"])
        try await fixture.expectWhole()
    }

    @Test("A waiter takes what comes first: the connection that is released, or the one that is opened")
    func whicheverComesFirst() async throws {
        let fixture = try PoolFixture(maximum: 2)
        let lease = try await fixture.pool.acquire()
        fixture.driver.script(.connect, [.hang])
        let waiter = fixture.waiter()
        let connect = try await fixture.driver.nextHanging(.connect)
        lease.release()
        try await waiter.value
        connect.succeed()
        await fixture.until { $0.idle == 2 }
        try await fixture.expectWhole()
    }

    @Test("No more than the configured number wait; one more fails at once")
    func tooMany() async throws {
        let fixture = try PoolFixture(PoolConfiguration(maximumConnections: 1, maximumWaiters: 1))
        let lease = try await fixture.pool.acquire()
        let waiter = fixture.waiter()
        await fixture.untilWaiting(1)
        let error = await fixture.poolError(of: fixture.waiter())
        #expect(error?.code == .tooManyWaiters)
        #expect(error?.counts.waiting == 1)
        #expect(fixture.pool.statistics.rejected == 1)
        lease.release()
        try await waiter.value
        try await fixture.expectWhole()
    }

    @Test("Only so many connects are under way at once")
    func concurrentConnects() async throws {
        let fixture = try PoolFixture(PoolConfiguration(maximumConnections: 10, concurrentConnects: 2))
        fixture.driver.always(.connect, .hang)
        fixture.driver.always(.work, .hang)
        let workers = (0..<5).map { _ in Task { try await fixture.pool.withConnection { try await $0.work() } } }
        for _ in 0..<5 { try await fixture.driver.nextHanging(.connect).succeed() }
        for _ in 0..<5 { try await fixture.driver.nextHanging(.work).succeed() }
        for worker in workers { try await worker.value }
        #expect(fixture.driver.ledger.peakConnecting <= 2)
        try await fixture.expectWhole()
    }

    @Test("An error of a timeout says who holds the connections, and what the last connect said")
    func errorContent() async throws {
        let fixture = try PoolFixture(PoolConfiguration(name: "shop", maximumConnections: 2))
        fixture.driver.script(.connect, [.succeed])
        fixture.driver.always(.connect, .fail(FakeError("connection reset by peer")))
        let line: UInt = #line + 1
        let lease = try await fixture.pool.acquire(AcquireOptions(label: "report"))
        let waiter = fixture.waiter(AcquireOptions(timeout: .seconds(2)))
        try await fixture.observer.event { $0.connectFailure != nil }
        fixture.time.advance(by: .seconds(2))
        let error = try #require(await fixture.poolError(of: waiter))
        #expect(error.code == .acquireTimedOut)
        #expect(error.pool == "shop")
        #expect(error.elapsed == .seconds(2))
        #expect(error.lastConnectError as? FakeError == FakeError("connection reset by peer"))
        #expect(error.counts.leased == 1)
        #expect(error.counts.maximum == 2)
        #expect(error.longestHolders.map(\.label) == ["report"])
        let text = "\(error)"
        for part in [
            "shop", "acquireTimedOut", "connection reset by peer", "\"report\" at \(#fileID):\(line)", error.remedy,
        ] {
            #expect(text.contains(part), "\(part) is missing")
        }
        lease.release()
        fixture.time.advance(by: .seconds(60))
        fixture.driver.always(.connect, .succeed)
        try await fixture.pool.close(drain: .zero)
        fixture.expectClosed()
    }

    @Test("A holder that would wait for itself fails at once, and is named")
    func deadlockOfOne() async throws {
        let fixture = try PoolFixture(maximum: 1)
        let error = await fixture.poolError(
            of: Task {
                try await fixture.pool.withConnection(AcquireOptions(label: "outer")) { _ in
                    try await fixture.pool.withConnection { _ in }
                }
            })
        #expect(error?.code == .wouldDeadlock)
        #expect(error?.longestHolders.map(\.label) == ["outer"])
        #expect(fixture.time.now() == PoolInstant(nanoseconds: 0))
        try await fixture.expectWhole()
    }

    @Test("Two holders that would wait for each other's lane: the second fails at once, the first goes on")
    func deadlockOfTwo() async throws {
        let lanes = [
            PoolLaneConfiguration(name: "writer", maximumConnections: 1, serves: [.readWrite]),
            PoolLaneConfiguration(name: "reader", maximumConnections: 1, serves: [.readOnly]),
        ]
        let fixture = try PoolFixture(PoolConfiguration(maximumConnections: 2), lanes: lanes)
        fixture.driver.script(.work, [.hang, .hang])
        let first = Task {
            try await fixture.pool.withConnection { writer in
                try await writer.work()
                try await fixture.pool.withConnection(.readOnly) { _ in }
            }
        }
        let second = Task {
            try await fixture.pool.withConnection(.readOnly) { reader in
                try await reader.work()
                try await fixture.pool.withConnection { _ in }
            }
        }
        let calls = [try await fixture.driver.nextHanging(.work), try await fixture.driver.nextHanging(.work)]
        calls.first { $0.lane == "writer" }?.succeed()
        await fixture.untilWaiting(1)
        calls.first { $0.lane == "reader" }?.succeed()
        #expect(await fixture.poolError(of: second)?.code == .wouldDeadlock)
        try await first.value
        try await fixture.pool.close(drain: .zero)
        fixture.expectClosed()
    }

    @Test("A holder that waits while another works waits in earnest")
    func noFalseAlarm() async throws {
        let fixture = try PoolFixture(maximum: 2)
        fixture.driver.script(.work, [.hang])
        let worker = Task { try await fixture.pool.withConnection { try await $0.work() } }
        let work = try await fixture.driver.nextHanging(.work)
        let nested = Task {
            try await fixture.pool.withConnection { _ in try await fixture.pool.withConnection { _ in } }
        }
        await fixture.untilWaiting(1)
        work.succeed()
        try await worker.value
        try await nested.value
        try await fixture.expectWhole()
    }
}
