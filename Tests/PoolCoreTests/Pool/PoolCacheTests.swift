import PoolTesting
import Synchronization
import Testing

@testable import PoolCore

@Suite("Connections that go from lease to lease without the lock", .serialized, .timeLimit(.minutes(2)))
struct PoolCacheTests {
    /// A pool whose time runs, and that nobody listens to: only such a pool caches.
    private static func makePool(
        maximum: Int, _ driver: ExclusiveDriver = ExclusiveDriver(),
        _ change: (inout PoolConfiguration) -> Void = { _ in }
    ) throws -> Pool<ExclusiveDriver> {
        var configuration = try PoolConfiguration(maximumConnections: maximum)
        change(&configuration)
        return try Pool(driver: driver, configuration: configuration)
    }

    /// Leases until a connection is cached.
    private static func heat(_ pool: Pool<ExclusiveDriver>) async throws {
        while pool.shell.leaseCaches.allSatisfy(\.isEmpty) { try await pool.withConnection { _ in } }
    }

    private final class Workers: Sendable { let areDone = Atomic<Bool>(false) }

    @Test("Each lease is counted once, whoever looks and whenever")
    func counts() async throws {
        let pool = try Self.makePool(maximum: 4)
        let cycles = 500
        let workers = Workers()
        try await withThrowingTaskGroup { group in
            group.addTask {
                while !workers.areDone.load(ordering: .relaxed) {
                    let statistics = pool.statistics
                    #expect(statistics.counts.total <= 4)
                    // One that begins at this very moment is counted a moment later.
                    #expect(0...2 ~= statistics.use.count + statistics.counts.leased - statistics.acquired)
                    #expect(statistics.acquired == statistics.wait.count)
                    await Task.yield()
                }
            }
            try await withThrowingTaskGroup { group in
                for worker in 0..<8 {
                    group.addTask {
                        for cycle in 0..<cycles {
                            try await pool.withConnection { try $0.handle.base.use() }
                            if (cycle + worker) % 64 == 0 { await Task.yield() }
                        }
                    }
                }
                try await group.waitForAll()
            }
            workers.areDone.store(true, ordering: .relaxed)
            try await group.waitForAll()
        }
        let statistics = pool.statistics
        #expect(statistics.acquired == 8 * cycles)
        #expect(statistics.use.count == 8 * cycles)
        #expect(statistics.counts.leased == 0)
        try await pool.close()
    }

    @Test("Nobody shares a connection, and none is lost, whatever else is done to the pool")
    func exclusion() async throws {
        let driver = ExclusiveDriver()
        let pool = try Self.makePool(maximum: 4, driver) { $0.maximumLifetime = .milliseconds(50) }
        try await withThrowingTaskGroup { group in
            for worker in 0..<12 {
                group.addTask {
                    var random = SeededRandom(seed: UInt64(worker) + 1)
                    for _ in 0..<150 { try await Self.step(pool, &random) }
                }
            }
            try await group.waitForAll()
        }
        let statistics = pool.statistics
        #expect(statistics.counts.leased == 0)
        #expect(statistics.acquired == statistics.use.count)
        try await pool.close(drain: .zero)
        #expect(driver.opened.load(ordering: .relaxed) == driver.closed.load(ordering: .relaxed))
        #expect(pool.statistics.counts.total == 0)
    }

    private static func step(_ pool: Pool<ExclusiveDriver>, _ random: inout SeededRandom) async throws {
        switch random.next() % 64 {
        case 0: pool.clear()
        case 1: _ = pool.holders()
        case 2: _ = pool.statistics
        case 3: try await pool.withConnection(AcquireOptions(label: "named")) { try $0.handle.base.use() }
        case 4: try await pool.withConnection { $0.discard(reason: "at random") }
        case 5: try await pool.withConnection { $0.handle.base.leave(.dirty) }
        case 6: try await pool.withConnection { $0.handle.base.leave(.generationBroken) }
        case 7:
            let lease = try await pool.acquire()
            try lease.handle.base.use()
            lease.release()
        case 8..<12:
            try await pool.withConnection { lease in
                try lease.handle.base.use()
                await Task.yield()
            }
        case 12: await Task { try? await pool.withConnection { _ in } }.cancelAndWait()
        default: try await pool.withConnection { try $0.handle.base.use() }
        }
    }

    @Test("A waiter is served by a lease that began without the lock")
    func waiter() async throws {
        let pool = try Self.makePool(maximum: 1)
        try await Self.heat(pool)
        let lease = try await pool.acquire()
        let waiter = Task { try await pool.withConnection { _ in } }
        while pool.statistics.counts.waiting == 0 { await Task.yield() }
        lease.release()
        try await waiter.value
        try await pool.close()
    }

    @Test("Who holds such a lease is known, and a deadlock with it is found at once")
    func holder() async throws {
        let pool = try Self.makePool(maximum: 1)
        try await Self.heat(pool)
        let line: UInt = #line + 1
        try await pool.withConnection { _ in
            #expect(pool.holders().map(\.line) == [line])
            #expect(pool.holders().map(\.fileID) == [#fileID])
        }
        try await Self.heat(pool)
        try await pool.withConnection { _ in
            let error = await #expect(throws: PoolError.self) { try await pool.withConnection { _ in } }
            #expect(error?.code == .wouldDeadlock)
        }
        try await pool.close()
    }

    @Test("A pool with such a lease out does not close, and one that is closed grants none")
    func closing() async throws {
        let pool = try Self.makePool(maximum: 2)
        try await Self.heat(pool)
        try await pool.withConnection { _ in
            let error = await #expect(throws: PoolError.self) { try await pool.close() }
            #expect(error?.code == .leasesHeld)
        }
        try await Self.heat(pool)
        try await pool.close()
        let error = await #expect(throws: PoolError.self) { try await pool.withConnection { _ in } }
        #expect(error?.code == .closed)
    }

    @Test("A connection that was cleared while leased is closed when it comes back")
    func clearing() async throws {
        let pool = try Self.makePool(maximum: 1)
        try await Self.heat(pool)
        let before = try await pool.withConnection { lease in
            #expect(pool.clear() == 1)
            return lease.id
        }
        let after = try await pool.withConnection { $0.id }
        #expect(before != after)
        try await pool.close()
    }

    @Test("A session that was given a tag goes to nobody who did not ask for it")
    func tags() async throws {
        let pool = try Self.makePool(maximum: 1)
        try await Self.heat(pool)
        try await pool.withConnection { $0.tag = PoolSessionTag(["zone": "UTC"]) }
        try await pool.withConnection { #expect($0.tag == nil) }
        try await pool.close()
    }

    @Test("A connection that died while nobody used it is not granted")
    func loss() async throws {
        let pool = try Self.makePool(maximum: 1)
        try await Self.heat(pool)
        let dead = try await pool.withConnection { lease in
            lease.handle.base.breaksWhenIdle.store(true, ordering: .relaxed)
            return lease.id
        }
        let next = try await pool.withConnection { $0.id }
        #expect(dead != next)
        try await pool.close()
    }

    @Test("Who begins to listen hears of the next lease")
    func events() async throws {
        let pool = try Self.makePool(maximum: 1)
        try await Self.heat(pool)
        var events = pool.events.makeAsyncIterator()
        try await pool.withConnection { _ in }
        var heard: PoolEvent?
        repeat { heard = await events.next() } while !(heard?.isAcquired ?? true)
        #expect(heard != nil)
        try await pool.close()
    }

    @Test("A cancelled task gets no lease")
    func cancellation() async throws {
        let pool = try Self.makePool(maximum: 1)
        try await Self.heat(pool)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await pool.withConnection { _ in Issue.record("a cancelled task was given a lease") }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        try await pool.close()
    }

    @Test("A connection that nobody uses any more is idle again soon")
    func cooling() async throws {
        let pool = try Self.makePool(maximum: 1)
        try await Self.heat(pool)
        while !pool.shell.leaseCaches.allSatisfy(\.isEmpty) { await Task.yield() }
        try await pool.close()
    }
}

extension PoolEvent {
    fileprivate var isAcquired: Bool { if case .acquired = self { true } else { false } }
}

extension Task where Success == Void?, Failure == Never {
    fileprivate func cancelAndWait() async {
        cancel()
        await value
    }
}

/// A driver whose connections notice it when two leases use them at once.
private final class ExclusiveDriver: PoolDriver {
    struct SharedConnection: Error {}

    final class Connection: DriverConnection {
        private let isUsed = Atomic<Bool>(false)
        private let left = Mutex(ConnectionCondition.clean)
        let breaksWhenIdle = Atomic<Bool>(false)
        private let driver: ExclusiveDriver

        init(driver: ExclusiveDriver) { self.driver = driver }

        /// Dead as soon as it was looked at once.
        var condition: ConnectionCondition {
            left.withLock { left in
                let now = left
                if breaksWhenIdle.load(ordering: .relaxed) { left = .broken }
                return now
            }
        }

        func validate() async throws {}
        func reset() async throws { leave(.clean) }
        func close(_ mode: ConnectionCloseMode) async { driver.closed.add(1, ordering: .relaxed) }

        func leave(_ condition: ConnectionCondition) { left.withLock { $0 = condition } }

        func use() throws {
            guard !isUsed.exchange(true, ordering: .relaxed) else { throw SharedConnection() }
            isUsed.store(false, ordering: .relaxed)
        }

        func cancel() {}
    }

    let opened = Atomic<Int>(0)
    let closed = Atomic<Int>(0)

    var name: String { "exclusive" }

    func connect(_ request: ConnectRequest) async throws -> Connection {
        opened.add(1, ordering: .relaxed)
        return Connection(driver: self)
    }

    func verdict(on error: any Error) -> PoolVerdict { .discard }
}
