import PoolCore
import PoolTesting
import Testing

/// Pools on fake drivers that share a budget.
struct BudgetFixture: Sendable {
    let budget: PoolBudget
    let time = ManualTime()
    let drivers: [FakeDriver]
    let pools: [Pool<FakeDriver>]

    init(_ maximum: Int, pools configurations: [PoolConfiguration]) throws {
        EngineSelfCheck.switchOn()
        let budget = try PoolBudget(maximumConnections: maximum)
        let drivers = configurations.map { _ in FakeDriver() }
        let time = time
        pools = try zip(drivers, configurations).map { driver, configuration in
            try Pool(driver: driver, configuration: configuration, budget: budget, environment: .stepped(by: time))
        }
        self.budget = budget
        self.drivers = drivers
    }

    init(_ maximum: Int, pools count: Int) throws {
        try self.init(maximum, pools: (0..<count).map { try PoolConfiguration(name: "pool \($0)") })
    }

    var open: Int { drivers.reduce(0) { $0 + $1.ledger.openNow } }

    /// A task that acquires and releases.
    func waiter(_ pool: Int, _ then: @escaping @Sendable () -> Void = {}) -> Task<Void, any Error> {
        Task { [pools] in try await pools[pool].withConnection { _ in then() } }
    }

    func untilWaiting(_ pool: Int, _ count: Int = 1) async {
        while pools[pool].statistics.waiting < count { await Task.yield() }
    }

    func until(_ condition: () -> Bool) async {
        while !condition() { await Task.yield() }
    }

    /// All are closed, and the budget has everything back.
    func expectWhole(_ location: SourceLocation = #_sourceLocation) async throws {
        for pool in pools { try await pool.close(drain: .zero) }
        #expect(budget.connections == 0, sourceLocation: location)
        #expect(budget.reservedConnections == 0, sourceLocation: location)
        #expect(budget.peakConnections <= budget.maximumConnections, sourceLocation: location)
        for driver in drivers { #expect(driver.ledger.findingsAfterClose == [], sourceLocation: location) }
    }
}

@Suite("Pools that share a budget", .timeLimit(.minutes(1)))
struct PoolBudgetTests {
    @Test("The connection that was idle for longest, in whichever pool, makes room for another pool")
    func stealing() async throws {
        let fixture = try BudgetFixture(3, pools: 3)
        for pool in [1, 0] {
            try await fixture.pools[pool].acquire().release()
            fixture.time.advance(by: .seconds(1))
        }
        try await fixture.pools[0].acquire().release()
        let first = try await fixture.pools[2].acquire()
        #expect(fixture.budget.connections == 3)
        // Pool 1 was idle for longer than pool 0.
        let second = try await fixture.pools[2].acquire()
        #expect(fixture.pools[1].statistics.connectionsClosed == [.makingRoom: 1])
        #expect(fixture.pools[0].statistics.connectionsClosed == [:])
        let third = try await fixture.pools[2].acquire()
        #expect(fixture.pools[0].statistics.connectionsClosed == [.makingRoom: 1])
        #expect(fixture.open == 3)
        first.release()
        second.release()
        third.release()
        try await fixture.expectWhole()
    }

    @Test("Where none is idle, the first connection that comes free is closed for the waiter of another pool")
    func firstRelease() async throws {
        let fixture = try BudgetFixture(2, pools: 3)
        let first = try await fixture.pools[0].acquire()
        let second = try await fixture.pools[1].acquire()
        let waiter = fixture.waiter(2)
        await fixture.untilWaiting(2)
        second.release()
        try await waiter.value
        #expect(fixture.pools[1].statistics.connectionsClosed == [.makingRoom: 1])
        first.release()
        #expect(fixture.pools[0].statistics.idle == 1)
        try await fixture.expectWhole()
    }

    @Test("Permits go to the waiters in the order in which they came, across the pools")
    func fairness() async throws {
        let fixture = try BudgetFixture(1, pools: 3)
        let order = OrderLog()
        let lease = try await fixture.pools[0].acquire()
        var waiters: [Task<Void, any Error>] = []
        for (place, pool) in [1, 2, 1, 2, 0].enumerated() {
            let before = fixture.pools[pool].statistics.waiting
            waiters.append(fixture.waiter(pool) { order.append("\(place)") })
            await fixture.untilWaiting(pool, before + 1)
        }
        lease.release()
        for waiter in waiters { try await waiter.value }
        #expect(order.entries == ["0", "1", "2", "3", "4"])
        #expect(fixture.drivers.map(\.ledger.peakOpen) == [1, 1, 1])
        try await fixture.expectWhole()
    }

    @Test("A busy pool gives a connection up for an older waiter whose pool has none")
    func noStarvation() async throws {
        let fixture = try BudgetFixture(1, pools: 2)
        let lease = try await fixture.pools[0].acquire()
        let stranger = fixture.waiter(1)
        await fixture.untilWaiting(1)
        let own = fixture.waiter(0)
        await fixture.untilWaiting(0)
        lease.release()
        try await stranger.value
        try await own.value
        #expect(fixture.pools[0].statistics.connectionsClosed[.makingRoom] == 1)
        try await fixture.expectWhole()
    }

    @Test("A busy pool keeps its connection for an older waiter of its own")
    func noThrashing() async throws {
        let fixture = try BudgetFixture(1, pools: 2)
        let lease = try await fixture.pools[0].acquire()
        fixture.drivers[0].script(.work, [.hang])
        let own = Task { [pool = fixture.pools[0]] in try await pool.withConnection { try await $0.work() } }
        await fixture.untilWaiting(0)
        let stranger = fixture.waiter(1)
        await fixture.untilWaiting(1)
        lease.release()
        let work = try await fixture.drivers[0].nextHanging(.work)
        #expect(fixture.pools[0].statistics.connectionsOpened == 1)
        #expect(fixture.pools[1].statistics.waiting == 1)
        work.succeed()
        try await own.value
        try await stranger.value
        try await fixture.expectWhole()
    }

    @Test("Minimums are reserved: no other pool gets them, and they must fit")
    func minimums() async throws {
        let configuration = try PoolConfiguration(name: "reserved", minimumConnections: 2)
        let fixture = try BudgetFixture(3, pools: [configuration, PoolConfiguration(name: "greedy")])
        await fixture.until { fixture.pools[0].statistics.idle == 2 }
        #expect(fixture.budget.reservedConnections == 2)
        let lease = try await fixture.pools[1].acquire()
        let error = await #expect(throws: PoolError.self) {
            try await fixture.pools[1].acquire(AcquireOptions(deadline: .now)).release()
        }
        #expect(error?.code == .acquireTimedOut)
        let waiter = fixture.waiter(1)
        await fixture.untilWaiting(1)
        #expect(fixture.pools[0].statistics.idle == 2)
        lease.release()
        try await waiter.value
        let refusal = #expect(throws: PoolConfigurationError.self) {
            _ = try Pool(
                driver: FakeDriver(), configuration: PoolConfiguration(minimumConnections: 2), budget: fixture.budget)
        }
        #expect(refusal?.property == "minimumConnections")
        try await fixture.expectWhole()
    }

    @Test("A pool that joins late gets its minimum from one that uses more than its own")
    func lateMinimum() async throws {
        let fixture = try BudgetFixture(2, pools: 1)
        let lease = try await fixture.pools[0].acquire()
        try await fixture.pools[0].acquire().release()
        #expect(fixture.budget.connections == 2)
        let late = try Pool(
            driver: FakeDriver(), configuration: PoolConfiguration(minimumConnections: 1), budget: fixture.budget,
            environment: .stepped(by: fixture.time))
        await fixture.until { late.statistics.idle == 1 }
        #expect(fixture.pools[0].statistics.connectionsClosed == [.makingRoom: 1])
        lease.release()
        try await late.close(drain: .zero)
        try await fixture.expectWhole()
    }

    @Test("Closing a pool gives its permits to those who wait")
    func closing() async throws {
        let fixture = try BudgetFixture(1, pools: [PoolConfiguration(minimumConnections: 1), PoolConfiguration()])
        await fixture.until { fixture.pools[0].statistics.idle == 1 }
        let waiter = fixture.waiter(1)
        await fixture.untilWaiting(1)
        await Task.yield()
        #expect(fixture.pools[0].statistics.idle == 1)
        try await fixture.pools[0].close()
        try await waiter.value
        #expect(fixture.budget.reservedConnections == 0)
        try await fixture.expectWhole()
    }

    @Test("A pool that is dropped without being closed gives its permits back")
    func dropping() async throws {
        let fixture = try BudgetFixture(1, pools: 1)
        do {
            let dropped = try Pool(driver: FakeDriver(), budget: fixture.budget)
            try await dropped.withConnection { _ in }
            #expect(fixture.budget.connections == 1)
        }
        try await fixture.pools[0].acquire().release()
        #expect(fixture.budget.connections == 1)
        try await fixture.expectWhole()
    }

    @Test("A waiter that is cancelled, or whose time is over, withdraws its request", arguments: [true, false])
    func withdrawing(isCancelled: Bool) async throws {
        let fixture = try BudgetFixture(1, pools: 2)
        let lease = try await fixture.pools[0].acquire()
        let waiter = fixture.waiter(1)
        await fixture.untilWaiting(1)
        if isCancelled { waiter.cancel() } else { fixture.time.advance(by: .seconds(30)) }
        await #expect(throws: (any Error).self) { try await waiter.value }
        lease.release()
        // Nobody wants it: it stays.
        #expect(fixture.pools[0].statistics.idle == 1)
        #expect(fixture.pools[0].statistics.connectionsClosed == [:])
        #expect(fixture.drivers[1].ledger.begun[.connect] == nil)
        try await fixture.expectWhole()
    }

    @Test("A connection counts until its driver has closed it")
    func slowClose() async throws {
        let fixture = try BudgetFixture(1, pools: 2)
        fixture.drivers[0].script(.close, [.hangUncancellably])
        try await fixture.pools[0].acquire().release()
        let waiter = fixture.waiter(1)
        let close = try await fixture.drivers[0].nextHanging(.close)
        #expect(fixture.budget.connections == 1)
        #expect(fixture.drivers[1].ledger.begun[.connect] == nil)
        close.succeed()
        try await waiter.value
        try await fixture.expectWhole()
    }

    @Test("A budget of nothing is refused")
    func badBudget() throws {
        for maximum in [0, -1, 1_000_001] {
            let error = #expect(throws: PoolConfigurationError.self) { try PoolBudget(maximumConnections: maximum) }
            #expect(error?.property == "maximumConnections")
        }
    }
}

@Suite("Many tasks on three pools that share a budget", .timeLimit(.minutes(2)))
struct PoolBudgetStressTests {
    @Test("The budget holds, and nothing is lost, while connects fail and tasks are cancelled", arguments: [1, 3, 5])
    func stress(maximum: Int) async throws {
        let seed = UInt64.random(in: 1...1_000_000)
        let budget = try PoolBudget(maximumConnections: maximum)
        let random = SeededRandom.source(seed: seed)
        let gauge = Gauge()
        let drivers = (0..<3).map { _ in FakeDriver() }
        for driver in drivers {
            for step in FakeStep.allCases {
                driver.decide(step) { _ in
                    let draw = random()
                    let fails = draw % 25 == 0
                    return .yield(times: Int(draw >> 32) % 4, then: fails ? .fail(FakeError("seed \(seed)")) : .succeed)
                }
            }
        }
        let pools = try drivers.enumerated().map { index, driver in
            try Pool(
                driver: driver,
                configuration: PoolConfiguration(
                    name: "pool \(index)", maximumConnections: 4, maximumWaiters: 100,
                    validateAfterIdle: .microseconds(50), idleTimeout: .milliseconds(2),
                    initialBackoff: .microseconds(10), maximumBackoff: .milliseconds(1)),
                observer: gauge, budget: budget)
        }
        await withTaskGroup { group in
            for task in 0..<24 {
                group.addTask {
                    var random = SeededRandom(seed: seed &+ UInt64(task))
                    for _ in 0..<60 { await work(pools[Int.random(in: 0..<3, using: &random)], &random) }
                }
            }
        }
        for driver in drivers { for step in FakeStep.allCases { driver.always(step, .succeed) } }
        #expect(gauge.peak <= maximum, "seed \(seed)")
        #expect(budget.peakConnections <= maximum, "seed \(seed)")
        // Everybody still gets a connection, one pool after the other.
        for pool in pools { try await pool.withConnection { _ in } }
        for pool in pools { try await pool.close(drain: .seconds(10)) }
        #expect(budget.connections == 0, "seed \(seed)")
        for driver in drivers { #expect(driver.ledger.findingsAfterClose == [], "seed \(seed)") }
    }

    private func work(_ pool: Pool<FakeDriver>, _ random: inout SeededRandom) async {
        let timeout: Duration = random.oneIn(6) ? .microseconds(200) : .seconds(20)
        let patience = Int.random(in: 0..<50, using: &random)
        let isCancelled = random.oneIn(4)
        let task = Task {
            try await pool.withConnection(AcquireOptions(timeout: timeout)) { try await $0.work() }
        }
        if isCancelled {
            for _ in 0..<patience { await Task.yield() }
            task.cancel()
        }
        _ = await task.result
    }
}
