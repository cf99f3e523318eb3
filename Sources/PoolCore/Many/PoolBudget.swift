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
/// connection wait for each other in the order in which they came, whichever pool they came to:
///
/// - The idle connection that was unused for longest is closed for the first of them, in whichever pool it is, down to
///   the pool's ``PoolConfiguration/minimumConnections``, which are reserved for their own pool.
/// - Where none is idle, the first connection that comes free and that its own pool has no waiter for is closed.
/// - One that its own pool has waiters for is closed only for an acquire that came before all of these, and whose pool
///   (or lane) has no connection at all: so no pool starves, and busy pools do not take connections from each other for
///   nothing.
///
/// The budget knows nothing of leases that tasks hold in one pool while they wait for another: such waits end at their
/// deadlines.
public final class PoolBudget: Sendable {
    private struct State {
        var ledger: BudgetLedger
        var pools: [Int: PoolShell] = [:]
        /// What is still to be delivered, in order.
        var outbox: [BudgetEffect] = []
        /// Somebody delivers. Others leave theirs in the outbox, so that no pool hears of things in the wrong order.
        var isDelivering = false
    }

    /// Connections open at once in all pools, those being opened and closed included.
    public let maximumConnections: Int
    private let state: Mutex<State>
    private let arrivals = Atomic<UInt64>(0)

    /// - Parameter maximumConnections: from 1 to 1,000,000.
    /// - Throws: ``PoolConfigurationError``.
    public init(maximumConnections: Int) throws {
        try PoolConfigurationError.check("maximumConnections", maximumConnections, 1...1_000_000)
        self.maximumConnections = maximumConnections
        state = Mutex(State(ledger: BudgetLedger(maximum: maximumConnections)))
    }

    /// Connections that count now, in all pools.
    public var connections: Int { state.withLock { $0.ledger.held } }

    /// The most that there were at once.
    public var peakConnections: Int { state.withLock { $0.ledger.peak } }

    /// The sum of the pools' minimums: no other pool may have these.
    public var reservedConnections: Int { state.withLock { $0.ledger.reserved } }

    // MARK: For the pools

    /// Reserves a place for a pool that is about to be made.
    func join(reserving minimum: Int) throws(PoolConfigurationError) -> BudgetMembership {
        guard let id = state.withLock({ $0.ledger.join(reserving: minimum) }) else { throw doesNotFit(minimum) }
        return BudgetMembership(budget: self, id: id)
    }

    fileprivate func doesNotFit(_ minimum: Int) -> PoolConfigurationError {
        PoolConfigurationError(
            property: "minimumConnections", value: "\(minimum)",
            rule: "with those of the other pools it must fit into the budget (\(maximumConnections))")
    }

    fileprivate func attach(_ pool: PoolShell, as id: Int) {
        change { state in
            state.pools[id] = pool
            state.ledger.attach(id)
        }
    }

    fileprivate func reserve(_ minimum: Int, for id: Int) throws(PoolConfigurationError) {
        if !change({ $0.ledger.reserve(minimum, for: id) }) { throw doesNotFit(minimum) }
    }

    fileprivate func claim(_ claim: PermitClaim, by id: Int) {
        change { state in
            state.ledger.claim(claim, by: id)
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
            state.outbox += state.ledger.takeEffects()
            let mustDeliver = !state.isDelivering && !state.outbox.isEmpty
            if mustDeliver { state.isDelivering = true }
            return (value, mustDeliver)
        }
        if mustDeliver { deliver() }
        return value
    }

    /// Calls the pools, with no lock of the budget held. What they claim meanwhile is delivered here too: a loop, where
    /// calls within calls would exhaust the stack.
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
                change { $0.ledger.searched(found: found) }
            }
        }
    }

    private func makeRoom(in pools: [Int: PoolShell]) -> Bool {
        let spares = pools.compactMap { id, pool in pool.longestSpare().map { (idleFor: $0, id: id, pool: pool) } }
        // One that was taken meanwhile leaves the next.
        return spares.sorted { ($0.idleFor, $1.id) > ($1.idleFor, $0.id) }.contains { $0.pool.makeRoom() }
    }
}

/// A pool's part in a budget.
struct BudgetMembership: Sendable {
    let budget: PoolBudget
    fileprivate let id: Int

    /// The budget keeps the pool until it is closed.
    func attach(_ pool: PoolShell) { budget.attach(pool, as: id) }

    func claim(_ claim: PermitClaim) { budget.claim(claim, by: id) }

    /// For a pool whose minimum changes: call this before it does, and the engine with the new minimum afterwards.
    func reserve(_ minimum: Int) throws(PoolConfigurationError) { try budget.reserve(minimum, for: id) }

    /// The order in which acquires came, across all pools of the budget.
    func nextArrival() -> UInt64 { budget.nextArrival() }
}

/// What a budget asks of a pool.
extension PoolShell {
    func permitGranted() {
        transition { $0.engine.permitGranted(now: $1, effects: &$2) }
    }

    func setShortage(_ shortage: BudgetShortage) {
        transition { $0.engine.setShortage(shortage, now: $1, effects: &$2) }
    }

    func makeRoom() -> Bool {
        transition { $0.engine.makeRoom(now: $1, effects: &$2) }
    }

    func longestSpare() -> Nanoseconds? {
        let now = time.now().nanoseconds
        return state.withLock { $0.engine.longestSpare(now: max(now, $0.latest)) }
    }
}
