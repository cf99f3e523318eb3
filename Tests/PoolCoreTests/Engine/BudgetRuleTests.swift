import Testing

@testable import PoolCore

/// The decisions of a budget, for tests that call it step by step.
private final class LedgerBench {
    private(set) var ledger: BudgetLedger
    private var untaken: [BudgetEffect] = []

    init(maximum: Int) { ledger = BudgetLedger(maximum: maximum) }

    func join(reserving count: Int) -> Int? { ledger.join(reserving: count) }
    func attach(_ member: Int) { ledger.attach(member, &untaken) }
    func reserve(_ count: Int, for member: Int) -> Bool { ledger.reserve(count, for: member, &untaken) }
    func demand(_ demand: PermitDemand, by member: Int) { ledger.demand(demand, by: member, &untaken) }
    func searched(found: Bool) { ledger.searched(found: found, &untaken) }
    func effects() -> [BudgetEffect] {
        defer { untaken = [] }
        return untaken
    }
}

@Suite("The rules of a budget")
struct BudgetRuleTests {
    private let second = EngineBench.second

    private func bench(maximum: Int = 4, _ lanes: [EngineConfiguration.Lane]? = nil) -> EngineBench {
        let bench = EngineBench(maximum: maximum, lanes: lanes, sharesBudget: true)
        bench.call { $0.start(&$1) }
        return bench
    }

    private func grant(_ bench: EngineBench) {
        bench.call { $0.permitGranted(&$1) }
    }

    /// A lease on a connection that the budget allowed.
    private func lease(_ bench: EngineBench, lane: Int = 0) throws -> ConnectionID {
        bench.acquire(lane: lane)
        grant(bench)
        bench.opened(try #require(bench.opens.first))
        return try #require(bench.grants.first?.connection)
    }

    private func announce(_ bench: EngineBench, starving: UInt64 = .max) {
        bench.call { $0.setShortage(BudgetShortage(exists: true, starving: starving), &$1) }
    }

    // MARK: The engine

    @Test("A place waits for its permit, and asks for one permit at a time")
    func asks() throws {
        let bench = bench()
        for _ in 0..<3 { bench.acquire() }
        #expect(bench.opens.isEmpty)
        #expect(bench.engine.permits.demand.wanted == 1)
        #expect(bench.engine.permits.demand.sequence == 0)
        grant(bench)
        #expect(bench.opens.count == 1)
        #expect(bench.engine.permits.demand.wanted == 2)
        #expect(bench.engine.permits.demand.sequence == 1)
        #expect(bench.engine.permits.demand.starving == .max)
    }

    @Test("Who gives up waiting withdraws the request, and a permit that comes too late goes back")
    func withdraws() throws {
        let bench = bench()
        let waiter = try #require(bench.acquire().waiter)
        #expect(bench.cancel(waiter))
        #expect(bench.engine.permits.demand.wanted == 0)
        grant(bench)
        #expect(bench.opens.isEmpty)
        #expect(bench.engine.permits.demand.returned == 1)
        bench.acquire(patience: second)
        #expect(bench.engine.permits.hasAsked)
        bench.alarm(at: second)
        #expect(bench.failures.map(\.reason) == [.timedOut])
        #expect(!bench.engine.permits.hasAsked)
    }

    @Test("The permit is given back when the driver has closed the connection, and not before")
    func returns() throws {
        let bench = bench()
        let connection = try lease(bench)
        bench.release(connection, .broken)
        #expect(bench.engine.permits.demand.returned == 0)
        bench.closed(connection)
        #expect(bench.engine.permits.demand.returned == 1)
    }

    @Test("A place that comes free is not taken by a waiter of its own pool without a new permit")
    func noShortcut() throws {
        let bench = bench(maximum: 1)
        let connection = try lease(bench)
        bench.acquire()
        bench.release(connection, .broken)
        bench.closed(connection)
        #expect(bench.opens.isEmpty)
        #expect(bench.engine.permits.demand.returned == 1)
        #expect(bench.engine.permits.demand.wanted == 2)
        bench.acquire()
        grant(bench)
        bench.failed(try #require(bench.opens.first))
        #expect(bench.opens.isEmpty)
        #expect(bench.engine.permits.demand.returned == 2)
    }

    @Test("Closing an engine gives all its permits back, also one that is still on its way")
    func closing() throws {
        let bench = bench()
        let connection = try lease(bench)
        bench.acquire()
        bench.call { $0.beginClosing(forceAt: $1.now, &$1) }
        #expect(bench.engine.permits.demand.isLeaving)
        bench.closed(connection)
        grant(bench)
        #expect(bench.engine.permits.demand.returned == 2)
        #expect(bench.engine.life == .finished)
    }

    @Test("The connection that was idle for longest makes room, but not below the minimum")
    func makesRoom() throws {
        let bench = bench(maximum: 4, [.init(maximum: 2, minimum: 1), .init(maximum: 2)])
        grant(bench)
        bench.opened(try #require(bench.opens.first))
        let first = try lease(bench, lane: 1)
        let second = try lease(bench, lane: 1)
        bench.now = 5
        bench.release(second)
        bench.now = 9
        bench.release(first)
        for expected in [second, first] {
            #expect(bench.call { $0.makeRoom(&$1) })
            #expect(bench.closes.map(\.connection) == [expected])
            #expect(bench.closes.map(\.reason) == [.makingRoom])
        }
        #expect(!bench.call { $0.makeRoom(&$1) })
        #expect(bench.engine.counts.idle == 1)
    }

    @Test("In a shortage a connection that its pool does not need is closed when it comes free, one at a time")
    func shortage() throws {
        let bench = bench()
        let leases = [try lease(bench), try lease(bench)]
        announce(bench)
        #expect(bench.closes.isEmpty)
        bench.release(leases[0])
        #expect(bench.closes.map(\.connection) == [leases[0]])
        bench.release(leases[1])
        #expect(bench.closes.isEmpty)
        bench.closed(leases[0])
        #expect(bench.closes.map(\.connection) == [leases[1]])
    }

    @Test("A connection that its pool needs is closed only for an older waiter that has none")
    func starving() throws {
        let bench = bench(maximum: 1)
        bench.engine.nextSequence = 10
        let connection = try lease(bench)
        bench.engine.nextSequence = 20
        bench.acquire()
        bench.acquire()
        announce(bench)
        bench.release(connection)
        #expect(bench.grants.count == 1)
        announce(bench, starving: 22)
        bench.release(connection)
        #expect(bench.grants.count == 1)
        bench.acquire()
        announce(bench, starving: 15)
        bench.release(connection)
        #expect(bench.grants.isEmpty)
        #expect(bench.closes.map(\.reason) == [.makingRoom])
    }

    // MARK: The budget

    private func demand(
        _ number: UInt64, wanted: Int, returned: Int = 0, sequence: UInt64 = .max, starving: UInt64 = .max,
        yielding: Int = 0
    ) -> PermitDemand {
        PermitDemand(
            number: number, returned: returned, wanted: wanted, sequence: sequence, starving: starving,
            yielding: yielding)
    }

    @Test("A free permit goes to the waiter that came first, in whichever pool")
    func order() throws {
        let bench = LedgerBench(maximum: 1)
        let ids = try (0..<3).map { _ in try #require(bench.join(reserving: 0)) }
        for id in ids { bench.attach(id) }
        bench.demand(demand(1, wanted: 1, sequence: 1), by: ids[0])
        #expect(bench.effects() == [.grant(member: ids[0])])
        bench.demand(demand(1, wanted: 1, sequence: 9), by: ids[1])
        bench.demand(demand(1, wanted: 1, sequence: 5), by: ids[2])
        #expect(bench.effects() == [.search])
        bench.demand(demand(2, wanted: 1, returned: 1), by: ids[0])
        #expect(bench.effects() == [.grant(member: ids[2])])
        // One that was overtaken by a later one says nothing any more.
        bench.demand(demand(1, wanted: 1, sequence: 1), by: ids[0])
        #expect(bench.ledger.held == 1)
        #expect(bench.ledger.peak == 1)
    }

    @Test("What is reserved goes to nobody else, and the sum must fit")
    func reserved() throws {
        let bench = LedgerBench(maximum: 3)
        let small = try #require(bench.join(reserving: 2))
        let greedy = try #require(bench.join(reserving: 1))
        #expect(bench.join(reserving: 1) == nil)
        for wanted in 1...2 { bench.demand(demand(UInt64(wanted), wanted: wanted, sequence: 1), by: greedy) }
        #expect(bench.ledger.held == 1)
        for wanted in 1...2 { bench.demand(demand(UInt64(wanted), wanted: wanted), by: small) }
        #expect(bench.ledger.held == 3)
        #expect(!bench.reserve(2, for: greedy))
        #expect(bench.reserve(0, for: small))
        #expect(bench.reserve(2, for: greedy))
    }

    @Test("A pool that joins late gets its minimum from those that use more than theirs")
    func late() throws {
        let bench = LedgerBench(maximum: 1)
        let early = try #require(bench.join(reserving: 0))
        bench.attach(early)
        bench.demand(demand(1, wanted: 1, sequence: 1), by: early)
        let late = try #require(bench.join(reserving: 1))
        bench.attach(late)
        _ = bench.effects()
        bench.demand(demand(1, wanted: 1), by: late)
        #expect(bench.effects() == [.search])
        bench.searched(found: false)
        let shortage = BudgetShortage(exists: true, starving: 0)
        #expect(bench.effects() == [.announce(shortage, member: early), .announce(shortage, member: late)])
        bench.demand(demand(2, wanted: 1, yielding: 1), by: early)
        #expect(bench.effects() == [.announce(.none, member: early), .announce(.none, member: late)])
        bench.demand(demand(3, wanted: 2, returned: 1, sequence: 7), by: early)
        #expect(bench.effects().first == .grant(member: late))
    }

    @Test("A connection that is wanted only to be idle takes none from others")
    func idleWish() throws {
        let bench = LedgerBench(maximum: 1)
        let first = try #require(bench.join(reserving: 0))
        let second = try #require(bench.join(reserving: 0))
        bench.demand(demand(1, wanted: 1, sequence: 1), by: first)
        bench.demand(demand(1, wanted: 1), by: second)
        #expect(bench.effects() == [.grant(member: first)])
        bench.demand(demand(2, wanted: 1, returned: 1), by: first)
        #expect(bench.effects() == [.grant(member: second)])
    }
}
