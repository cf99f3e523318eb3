internal import Synchronization

/// Connections that several pools share, also of different drivers: together they never have more than the budget.
///
/// ```swift
/// import PoolPostgres
///
/// let budget = try PoolBudget(maximumConnections: 20)
/// let orders = try PostgresPool(url: "postgres:///orders", configuration: .init(name: "orders"), budget: budget)
/// let reports = try PostgresPool(url: "postgres:///reports", configuration: .init(name: "reports"), budget: budget)
/// ```
///
/// A connection counts from the start of its connect until its driver has closed it, and each pool's own
/// ``PoolConfiguration/maximumConnections`` holds as well. When the budget is used up, acquires that would need a new
/// connection wait for each other in the order in which they came, across all pools:
///
/// - The idle connection that was unused for longest is closed for the first of them, in whichever pool it is, down to
///   the pool's ``PoolConfiguration/minimumConnections``, which are reserved for their own pool.
/// - If none is idle, the first connection that comes free and that its own pool has no waiter for is closed.
/// - A connection that its own pool has waiters for is closed only for an acquire that came before all of these, and
///   whose pool (or lane) has no connection at all: so no pool starves, and busy pools do not take connections from
///   each other for nothing.
///
/// The budget knows nothing of leases that tasks hold in one pool while they wait for another: such waits end at their
/// deadlines.
public final class PoolBudget: PermitIssuer {
    private struct State {
        var ledger: BudgetLedger
        var pools: [Int: PoolShell] = [:]
        /// Effects that are still to be delivered, in order.
        var outbox: [BudgetEffect] = []
        /// True while one thread delivers. Other threads leave their effects in the outbox, which keeps the order of
        /// each pool's effects.
        var isDelivering = false
    }

    /// The most connections open at the same time in all pools, including those being opened and closed.
    public let maximumConnections: Int
    private let state: Mutex<State>
    private let arrivals = Atomic<UInt64>(0)

    /// Makes a budget that pools can join.
    ///
    /// - Parameter maximumConnections: from 1 to 1,000,000.
    /// - Throws: ``PoolConfigurationError`` if `maximumConnections` is out of bounds.
    public init(maximumConnections: Int) throws {
        try PoolConfigurationError.check("maximumConnections", maximumConnections, 1...1_000_000)
        self.maximumConnections = maximumConnections
        state = Mutex(State(ledger: BudgetLedger(maximum: maximumConnections)))
    }

    /// Connections that count now, in all pools.
    public var connections: Int { state.withLock { $0.ledger.held } }

    /// The most connections that counted at the same time.
    public var peakConnections: Int { state.withLock { $0.ledger.peak } }

    /// The sum of the pools' minimums: each is reserved for its own pool.
    public var reservedConnections: Int { state.withLock { $0.ledger.reserved } }

    // MARK: For the pools

    func join(reserving minimum: Int) throws(PoolConfigurationError) -> any PermitSource {
        guard let id = state.withLock({ $0.ledger.join(reserving: minimum) }) else { throw doesNotFit(minimum) }
        return PoolBudgetMember(budget: self, id: id)
    }

    fileprivate func doesNotFit(_ minimum: Int) -> PoolConfigurationError {
        PoolConfigurationError(
            property: "minimumConnections", value: "\(minimum)",
            rule: "with those of the other pools it must fit into the budget (\(maximumConnections))")
    }

    fileprivate func attach(_ pool: PoolShell, as id: Int) {
        change { state in
            state.pools[id] = pool
            state.ledger.attach(id, &state.outbox)
        }
    }

    fileprivate func reserve(_ minimum: Int, for id: Int) throws(PoolConfigurationError) {
        if !change({ $0.ledger.reserve(minimum, for: id, &$0.outbox) }) { throw doesNotFit(minimum) }
    }

    fileprivate func demand(_ demand: PermitDemand, by id: Int) {
        change { state in
            state.ledger.demand(demand, by: id, &state.outbox)
            if state.ledger.members[id] == nil { state.pools[id] = nil }
        }
    }

    fileprivate func nextArrival() -> UInt64 {
        arrivals.wrappingAdd(1, ordering: .relaxed).oldValue
    }

    // MARK: Delivering

    private func change<Value: Sendable>(_ body: (inout State) -> Value) -> Value {
        let (value, mustDeliver) = state.withLock { state in
            let value = body(&state)
            let mustDeliver = !state.isDelivering && !state.outbox.isEmpty
            if mustDeliver { state.isDelivering = true }
            return (value, mustDeliver)
        }
        if mustDeliver { deliver() }
        return value
    }

    /// Calls the pools, with no lock of the budget held. Demands that the pools make meanwhile are delivered here too:
    /// a loop, because nested calls would exhaust the stack.
    private func deliver() {
        while true {
            let next: (effect: BudgetEffect, pools: [Int: PoolShell])? = state.withLock { state in
                if state.outbox.isEmpty {
                    state.isDelivering = false
                    return nil
                }
                return (state.outbox.removeFirst(), state.pools)
            }
            guard let next else { return }
            switch next.effect {
            case .grant(let id): next.pools[id]?.permitGranted()
            case .announce(let shortage, let id): next.pools[id]?.setShortage(shortage)
            case .search:
                let found = makeRoom(in: next.pools)
                change { $0.ledger.searched(found: found, &$0.outbox) }
            }
        }
    }

    private func makeRoom(in pools: [Int: PoolShell]) -> Bool {
        let spares = pools.compactMap { id, pool in pool.longestSpare().map { (idleFor: $0, id: id, pool: pool) } }
        // If another thread took the best spare meanwhile, try the next.
        return spares.sorted { ($0.idleFor, $1.id) > ($1.idleFor, $0.id) }.contains { $0.pool.makeRoom() }
    }
}

/// A pool's part in a budget.
struct PoolBudgetMember: PermitSource {
    let budget: PoolBudget
    fileprivate let id: Int

    func attach(_ pool: PoolShell) { budget.attach(pool, as: id) }

    func demand(_ demand: PermitDemand) { budget.demand(demand, by: id) }

    func reserve(_ minimum: Int) throws(PoolConfigurationError) { try budget.reserve(minimum, for: id) }

    func nextArrival() -> UInt64 { budget.nextArrival() }
}
