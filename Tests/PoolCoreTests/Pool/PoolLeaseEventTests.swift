import PoolCore
import PoolTesting
import Testing

@Suite("Events of leases", .timeLimit(.minutes(1)))
struct PoolLeaseEventTests {
    @Test("A reader hears of each lease: how long it waited, if it is the connection's first, how long it lasted")
    func leases() async throws {
        let fixture = try UnobservedFixture(maximum: 1)
        var reader = fixture.pool.events.makeAsyncIterator()
        for _ in 0..<2 {
            let lease = try await fixture.pool.acquire()
            fixture.time.advance(by: .seconds(3))
            lease.release()
        }
        try await fixture.pool.close()
        var heard: [String] = []
        while let event = await reader.next() { heard.append(contentsOf: describe(event)) }
        // Whether the waiting or the opening is reported first is up to the threads.
        #expect(heard.filter { $0 != "waiting" } == ["acquired new", "released 3.00 s", "acquired", "released 3.00 s"])
        #expect(heard.count { $0 == "waiting" } == 1)
    }

    private func describe(_ event: PoolEvent) -> [String] {
        switch event {
        case .waiting: ["waiting"]
        case .acquired(_, "main", let waited, let isNew, _):
            waited == .zero ? [isNew ? "acquired new" : "acquired"] : ["\(waited)"]
        case .released(_, "main", let used, _): ["released \(used == .seconds(3) ? "3.00 s" : "\(used)")"]
        default: []
        }
    }

    @Test("The wait of an acquire that queued is told")
    func waited() async throws {
        let fixture = try UnobservedFixture(maximum: 1)
        let lease = try await fixture.pool.acquire()
        var reader = fixture.pool.events.makeAsyncIterator()
        let waiter = Task { try await fixture.pool.acquire().release() }
        while fixture.pool.statistics.waiting == 0 { await Task.yield() }
        fixture.time.advance(by: .seconds(2))
        lease.release()
        try await waiter.value
        while let event = await reader.next() {
            guard case .acquired(_, _, let waited, let isNew, let isHit) = event else { continue }
            #expect(waited == .seconds(2))
            #expect(!isNew && !isHit)
            break
        }
        try await fixture.pool.close()
    }

    @Test("A reader that comes or goes while leases are out disturbs nothing")
    func readersComeAndGo() async throws {
        let fixture = try UnobservedFixture(maximum: 2)
        let early = try await fixture.pool.acquire()
        var reader: PoolEvents.Iterator? = fixture.pool.events.makeAsyncIterator()
        let late = try await fixture.pool.acquire()
        early.release()
        #expect(await reader?.next() != nil)
        reader = nil
        late.release()
        #expect(fixture.pool.statistics.acquired == 2)
        #expect(fixture.pool.statistics.use.count == 2)
        try await fixture.pool.close()
    }

    @Test("An idle connection that dies is an event of its own, before it is closed")
    func idleLoss() async throws {
        let fixture = try PoolFixture(PoolConfiguration(maximumConnections: 1, minimumConnections: 1))
        await fixture.until { $0.idle == 1 }
        fixture.driver.connections[0].lose()
        let lost = try await fixture.observer.event {
            if case .idleConnectionLost(_, "main", _) = $0 { true } else { false }
        }
        try await fixture.observer.event { $0.closeReason == .broken }
        guard case .idleConnectionLost(let id, _, _) = lost else { return }
        let places = fixture.observer.events.indices.filter { place in
            switch fixture.observer.events[place] {
            case .idleConnectionLost(let other, _, _), .connectionClosed(let other, _, _, _): other == id
            default: false
            }
        }
        #expect(places.count == 2)
        guard case .idleConnectionLost = fixture.observer.events[places[0]] else {
            Issue.record("the close was reported first")
            return
        }
        try await fixture.pool.close(drain: .zero)
    }

    @Test("A connection that is found dead at its grant counts as lost while it was idle")
    func lossAtGrant() async throws {
        let fixture = try PoolFixture(maximum: 1)
        try await fixture.holding(1)
        fixture.driver.connections[0].condition = .broken
        try await fixture.holding(1)
        let losses = fixture.observer.events.count { if case .idleConnectionLost = $0 { true } else { false } }
        #expect(losses == 1)
        let releases = fixture.observer.events.count { if case .released = $0 { true } else { false } }
        #expect(releases == 2)
        try await fixture.expectWhole()
    }

    @Test("Connections that were closed for their age are counted")
    func expired() async throws {
        let fixture = try PoolFixture(
            PoolConfiguration(maximumConnections: 1, maximumLifetime: .seconds(10), lifetimeJitter: 0))
        let lease = try await fixture.pool.acquire()
        fixture.time.advance(by: .seconds(11))
        lease.release()
        try await fixture.observer.event { $0.closeReason == .lifetime }
        #expect(fixture.pool.statistics.expired == 1)
        #expect(fixture.pool.statistics.idle == 0)
        try await fixture.expectWhole()
    }
}

/// A pool that nobody observes, so that leases take the fast path until somebody listens.
struct UnobservedFixture: Sendable {
    let driver = FakeDriver()
    let time = ManualTime()
    let pool: Pool<FakeDriver>

    init(maximum: Int) throws {
        pool = try Pool(
            driver: driver, configuration: PoolConfiguration(maximumConnections: maximum),
            environment: .stepped(by: time))
    }
}
