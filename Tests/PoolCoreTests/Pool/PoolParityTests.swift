import PoolTesting
import Testing

@testable import PoolCore

@Suite("What users of other pools look for")
struct PoolParityTests {
    @Test("While leases are out and acquires wait, the counts say how many there are of each")
    func counts() async throws {
        let fixture = try PoolFixture(maximum: 3)
        var waiters: [Task<Void, any Error>] = []
        try await fixture.holding(2) {
            #expect(fixture.pool.statistics.counts.leased == 2)
            #expect(fixture.pool.statistics.counts.total == 2)
            let third = try await fixture.pool.acquire()
            for count in 1...4 {
                waiters.append(fixture.waiter())
                await fixture.untilWaiting(count)
                #expect(fixture.pool.statistics.counts.waiting == count)
            }
            #expect(fixture.pool.statistics.counts.leased == 3)
            #expect(fixture.pool.statistics.counts.idle == 0)
            third.release()
            for waiter in waiters { try await waiter.value }
            #expect(fixture.pool.statistics.counts.waiting == 0)
            #expect(fixture.pool.statistics.counts.idle == 1)
        }
        #expect(fixture.pool.statistics.counts.idle == 3)
        try await fixture.expectWhole()
    }

    @Test("The statistics carry what is known of the driver and its endpoint")
    func information() async throws {
        let fixture = try PoolFixture(maximum: 1)
        #expect(fixture.pool.statistics.information == fixture.pool.information)
        #expect(fixture.pool.statistics.information.name == fixture.driver.information.name)
        try await fixture.expectWhole()
    }

    @Test("A second close(drain:) joins the first, with the earlier end of the two", arguments: [(9, 3), (3, 9)])
    func secondClose(first: Int, second: Int) async throws {
        let fixture = try PoolFixture(maximum: 1)
        let lease = try await fixture.pool.acquire()
        let one = Task { try await fixture.pool.close(drain: .seconds(first)) }
        try await fixture.observer.event { if case .draining = $0 { true } else { false } }
        let other = Task { try await fixture.pool.close(drain: .seconds(second)) }
        try await fixture.time.waitForSleeper(until: PoolInstant(nanoseconds: 3_000_000_000))
        #expect(!fixture.driver.connections[0].isClosed)
        fixture.time.advance(by: .seconds(3))
        try await one.value
        try await other.value
        #expect(fixture.driver.connections[0].isClosed)
        lease.release()
        fixture.expectClosed()
    }

    @Test("Every property but the name can be changed while the pool is in use, and is in force then")
    func everyProperty() async throws {
        let changes: [@Sendable (inout PoolConfiguration) -> Void] = [
            { $0.maximumConnections = 7 }, { $0.minimumConnections = 1 }, { $0.minimumIdle = 1 },
            { $0.growthIncrement = 2 }, { $0.maximumConnectionsPerShard = 3 }, { $0.maximumWaiters = 9 },
            { $0.acquireTimeout = .seconds(11) }, { $0.connectTimeout = .seconds(12) }, { $0.concurrentConnects = 3 },
            { $0.validateAfterIdle = .seconds(13) }, { $0.validationTimeout = .seconds(14) },
            { $0.resetTimeout = .seconds(15) }, { $0.idleTimeout = .seconds(16) },
            { $0.maximumLifetime = .seconds(1_700) }, { $0.maximumUses = 18 }, { $0.statementCacheCapacity = 19 },
            { $0.lifetimeJitter = 0.2 }, { $0.initialBackoff = .milliseconds(21) },
            { $0.maximumBackoff = .seconds(22) }, { $0.idleOrder = .firstInFirstOut },
            { $0.leakWarning = .seconds(23) },
        ]
        let fixture = try PoolFixture(PoolConfiguration(maximumConnections: 5))
        // A property that is added must be added here.
        #expect(Mirror(reflecting: fixture.pool.configuration).children.count == changes.count + 1)
        var expected = fixture.pool.configuration
        for change in changes {
            let before = expected
            change(&expected)
            #expect(expected != before)
            try await fixture.pool.reconfigure(change)
            #expect(fixture.pool.configuration == expected)
            #expect(fixture.pool.statistics.configuration == expected)
        }
        let error = try await #require(throws: PoolConfigurationError.self) {
            try await fixture.pool.reconfigure { $0.name = "other" }
        }
        #expect(error.property == "name")
        try await fixture.expectWhole()
    }

    @Test("A release during a change does not wait for it: the next acquire has the connection")
    func releaseDuringChange() async throws {
        let fixture = try PoolFixture(maximum: 2)
        let lease = try await fixture.pool.acquire()
        fixture.driver.script(.connect, [.hang])
        let change = Task { try await fixture.pool.reconfigure { $0.minimumConnections = 2 } }
        let connect = try await fixture.driver.nextHanging(.connect)
        #expect(fixture.pool.status == .reconfiguring)
        lease.release()
        try await fixture.waiter().value
        #expect(fixture.pool.status == .reconfiguring)
        #expect(fixture.driver.connections.count == 1)
        connect.succeed()
        try await change.value
        try await fixture.expectWhole()
    }
}
