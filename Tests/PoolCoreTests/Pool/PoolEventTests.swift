import PoolCore
import PoolTesting
import Testing

@Suite("Events, observers and statistics", .timeLimit(.minutes(1)))
struct PoolEventTests {
    @Test("Every reader gets every event, in order, until the pool is closed")
    func manyReaders() async throws {
        let fixture = try PoolFixture(maximum: 1)
        let readers = (0..<3).map { _ in fixture.pool.events.makeAsyncIterator() }
        try await fixture.holding(1)
        fixture.pool.clear()
        try await fixture.pool.close()
        for var reader in readers {
            var names: [String] = []
            while let event = await reader.next() { names.append(name(event)) }
            #expect(
                Set(names) == [
                    "waiting", "acquired", "released", "opened", "cleared", "closed connection", "draining", "closed",
                ])
            #expect(Set(names.prefix(2)) == ["opened", "waiting"])
            #expect(names.last == "closed")
        }
        var late = fixture.pool.events.makeAsyncIterator()
        #expect(await late.next() == nil)
    }

    private func name(_ event: PoolEvent) -> String {
        switch event {
        case .connectionOpened: "opened"
        case .connectionClosed: "closed connection"
        case .cleared: "cleared"
        case .draining: "draining"
        case .closed: "closed"
        case .waiting: "waiting"
        case .acquired: "acquired"
        case .released: "released"
        case .created: "created"
        case .connectFailed, .idleConnectionLost, .acquireFailed, .leaseOverdue, .missed: "other"
        }
    }

    @Test("A slow reader loses the oldest events, and is told how many")
    func slowReader() async throws {
        let fixture = try PoolFixture(maximum: 1)
        var reader = fixture.pool.events.makeAsyncIterator()
        for _ in 0..<300 { fixture.pool.clear() }
        let first = await reader.next()
        guard case .missed(let missed) = first else {
            Issue.record("the first event is \(String(describing: first))")
            return
        }
        #expect(missed == 300 - 256)
        for _ in 0..<256 {
            guard case .cleared = await reader.next() else {
                Issue.record("an event is missing")
                return
            }
        }
        try await fixture.expectWhole()
    }

    @Test("A lease that is held for too long is reported once, with the place of its acquire")
    func leakWarning() async throws {
        let fixture = try PoolFixture(PoolConfiguration(maximumConnections: 2, leakWarning: .seconds(5)))
        let lease = try await fixture.pool.acquire(AcquireOptions(label: "leaky"))
        fixture.time.advance(by: .seconds(5))
        let event = try await fixture.observer.event { if case .leaseOverdue = $0 { true } else { false } }
        guard case .leaseOverdue(let holder) = event else { return }
        #expect(holder.label == "leaky")
        #expect(holder.fileID == #fileID)
        #expect(holder.held == .seconds(5))
        fixture.time.advance(by: .seconds(50))
        lease.release()
        #expect(fixture.pool.statistics.leakWarnings == 1)
        try await fixture.expectWhole()
    }

    @Test("An observer hears the beginning and the end of every operation, with the same identity")
    func pairs() async throws {
        let fixture = try PoolFixture(maximum: 2)
        fixture.driver.script(.connect, [.succeed, .fail(FakeError("no"))])
        try await fixture.holding(1)
        fixture.time.advance(by: .seconds(31))
        try await fixture.pool.withConnection { $0.connection.leave("residue") }
        try await fixture.observer.steps(1, .reset, .ended)
        await fixture.until { $0.idle == 1 }
        try await fixture.pool.close()
        let steps = fixture.observer.steps
        for kind in [PoolOperation.Kind.acquire, .lease, .connect, .validate, .reset, .close] {
            let began = steps.filter { $0.operation.kind == kind && $0.side == .began }.map(\.operation)
            let ended = steps.filter { $0.operation.kind == kind && $0.side == .ended }.map(\.operation)
            #expect(!began.isEmpty, "\(kind) never began")
            #expect(began.map(\.id).sorted() == ended.map(\.id).sorted())
            #expect(Set(began.map(\.id)).count == began.count)
            #expect(began.allSatisfy { $0.lane == "main" })
        }
        fixture.expectClosed()
    }

    @Test("An operation that fails ends with its error")
    func failedOperation() async throws {
        let fixture = try PoolFixture(maximum: 1)
        fixture.driver.script(.connect, [.fail(FakeError("no", verdict: .refused))])
        _ = await fixture.waiter().result
        let connect = try await fixture.observer.steps(1, .connect, .ended)[0]
        #expect(connect.error as? FakeError == FakeError("no", verdict: .refused))
        let acquire = try await fixture.observer.steps(1, .acquire, .ended)[0]
        #expect((acquire.error as? PoolError)?.code == .connectRefused)
        try await fixture.pool.close(drain: .zero)
        fixture.expectClosed()
    }

    @Test("The numbers of the statistics agree with each other and with the driver's")
    func statistics() async throws {
        let fixture = try PoolFixture(PoolConfiguration(name: "numbers", maximumConnections: 2))
        try await fixture.holding(2)
        let lease = try await fixture.pool.acquire()
        fixture.time.advance(by: .seconds(2))
        lease.release()
        let statistics = fixture.pool.statistics
        #expect(statistics.pool == "numbers")
        #expect(statistics.uptime == .seconds(2))
        #expect(statistics.acquired == 3)
        #expect(statistics.dequeued == 2)
        #expect(statistics.wait.count == 3)
        #expect(statistics.use.count == 3)
        #expect(statistics.use.maximum == .seconds(2))
        #expect(statistics.use.sum == .seconds(2))
        #expect(statistics.connect.count == 2)
        #expect(statistics.connectionsOpened == fixture.driver.connections.count)
        #expect(statistics.peakLeased == 2)
        #expect(statistics.peakWaiting == 1)
        #expect(statistics.counts.idle == 2)
        #expect(statistics.counts.total == fixture.driver.ledger.openNow)
        #expect(statistics.lanes.map(\.counts) == [statistics.counts])
        for part in [
            "pool........................ numbers", "leases given................ 3", "dequeued.................... 2",
            "0 leased, 2 idle", "maximumConnections.......... 2",
        ] {
            #expect(statistics.description.contains(part), "\(part) is missing in \(statistics)")
        }
        try await fixture.expectWhole()
    }
}
