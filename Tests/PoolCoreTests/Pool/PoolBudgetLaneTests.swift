import PoolCore
import PoolTesting
import Testing

/// A pool with several lanes, whose minimum fills its budget.
@Suite("Lanes of one pool in a budget", .timeLimit(.minutes(1)))
struct PoolBudgetLaneTests {
    struct Fixture {
        let driver: FakeDriver
        let time = ManualTime()
        let budget: PoolBudget
        let pool: Pool<FakeDriver>

        init(_ maximum: Int, minimum: Int, lanes: [PoolLaneConfiguration]? = Self.readerAndWriter) throws {
            EngineSelfCheck.switchOn()
            driver = FakeDriver(lanes: lanes)
            budget = try PoolBudget(maximumConnections: maximum)
            pool = try Pool(
                driver: driver, configuration: PoolConfiguration(maximumConnections: 3, minimumConnections: minimum),
                budget: budget, environment: .stepped(by: time))
        }

        static let readerAndWriter = [
            PoolLaneConfiguration(name: "reader", maximumConnections: 3, serves: [.readOnly]),
            PoolLaneConfiguration(name: "writer", maximumConnections: 1, serves: [.readWrite]),
        ]

        func until(_ condition: (PoolCounts) -> Bool) async {
            while !condition(pool.statistics.counts) { await Task.yield() }
        }

        func expectWhole() async throws {
            try await pool.close(drain: .zero)
            #expect(budget.connections == 0)
            #expect(budget.reservedConnections == 0)
            #expect(driver.ledger.findingsAfterClose == [])
        }
    }

    @Test("An idle connection that the minimum keeps makes room for a waiter of another lane of the same pool")
    func idleMinimum() async throws {
        let fixture = try Fixture(2, minimum: 2)
        await fixture.until { $0.idle == 2 }
        try await fixture.pool.withConnection { #expect($0.connection.request.lane.name == "writer") }
        #expect(fixture.pool.statistics.connectionsClosed == [.makingRoom: 1])
        // And back.
        let first = try await fixture.pool.acquire(.readOnly)
        let second = try await fixture.pool.acquire(.readOnly)
        #expect(fixture.budget.peakConnections == 2)
        first.release()
        second.release()
        try await fixture.expectWhole()
    }

    @Test("A lane without a connection gets the next that comes free, also one of the minimum that newer waiters want")
    func busyMinimum() async throws {
        let fixture = try Fixture(2, minimum: 2)
        let pool = fixture.pool
        let first = try await pool.acquire(.readOnly)
        let second = try await pool.acquire(.readOnly)
        let writer = Task { try await pool.withConnection { $0.connection.request.lane.name } }
        await fixture.until { $0.waiting == 1 }
        let reader = Task { try await pool.withConnection(.readOnly) { $0.connection.request.lane.name } }
        await fixture.until { $0.waiting == 2 }
        first.release()
        #expect(try await writer.value == "writer")
        second.release()
        #expect(try await reader.value == "reader")
        try await fixture.expectWhole()
    }

    @Test("A connection of one identity makes room for a waiter without one, down to the last")
    func identities() async throws {
        let fixture = try Fixture(1, minimum: 1, lanes: nil)
        await fixture.until { $0.idle == 1 }
        let identity = PoolIdentity.credentials(PoolCredentials(user: "a"))
        try await fixture.pool.withConnection(AcquireOptions(identity: identity)) { _ in }
        try await fixture.pool.withConnection { _ in }
        #expect(fixture.budget.peakConnections == 1)
        try await fixture.expectWhole()
    }

    @Test("A change that is refused leaves the reservation of what is in force")
    func refusedChange() async throws {
        let fixture = try Fixture(4, minimum: 2, lanes: nil)
        await fixture.until { $0.idle == 2 }
        fixture.driver.script(.connect, [.hang])
        let first = Task { try await fixture.pool.reconfigure { $0.minimumConnections = 3 } }
        let connect = try await fixture.driver.nextHanging(.connect)
        #expect(fixture.budget.reservedConnections == 3)
        let refused = await #expect(throws: PoolError.self) {
            try await fixture.pool.reconfigure { ($0.maximumConnections, $0.minimumConnections) = (1, 1) }
        }
        #expect(refused?.code == .reconfiguring)
        #expect(fixture.budget.reservedConnections == 3)
        connect.succeed()
        try await first.value
        await #expect(throws: PoolConfigurationError.self) {
            try await fixture.pool.reconfigure { ($0.maximumConnections, $0.minimumConnections) = (9, 9) }
        }
        #expect(fixture.budget.reservedConnections == 3)
        try await fixture.pool.reconfigure { $0.minimumConnections = 1 }
        #expect(fixture.budget.reservedConnections == 1)
        try await fixture.expectWhole()
    }
}
