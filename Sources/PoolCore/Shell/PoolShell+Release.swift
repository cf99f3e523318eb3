/// Leases that begin and end without the pool's lock, and the way around if they cannot.
extension PoolShell {
    /// Ends a lease. Immediate for the caller: any work that the connection still needs happens in the background.
    ///
    /// - Parameter pooled: with the lease's reference.
    @usableFromInline
    static func release(
        _ pooled: ManualReference<PooledConnection>, _ condition: ConnectionCondition, _ discardReason: String?
    ) {
        if condition == .clean, discardReason == nil, pooled.withObject({ $0.endLease() }) { return }
        releaseUncached(pooled, condition, discardReason)
    }

    // Out of line, so that the cached path spills no registers for it.
    @inline(never)
    private static func releaseUncached(
        _ pooled: ManualReference<PooledConnection>, _ condition: ConnectionCondition, _ discardReason: String?
    ) {
        let pooled = pooled.take()
        pooled.pool.release(pooled, condition, discardReason)
    }

    private func release(_ pooled: PooledConnection, _ condition: ConnectionCondition, _ discardReason: String?) {
        var condition = condition
        var failure = condition.isUsable ? nil : pooled.connection.failure
        if let discardReason {
            failure = LeaseDiscarded(reason: discardReason)
            if condition != .generationBroken { condition = .broken }
        }
        let id = pooled.id
        if isObserved { endObservedLease(id) }
        let hasListeners = hasListeners
        let mayCache = condition == .clean && !hasListeners
        transition(endsCaching: !mayCache) { state, turn in
            if let uses = pooled.takeUnreportedUses() { state.engine.count(uses) }
            if hasListeners, state.engine.isLeased(id) {
                state.reports.append(releaseEvent(of: id, failure, state, turn.now))
            }
            if mayCache, cache(pooled, &state, &turn) { return }
            if let failure, state.engine.contains(id) { state.entries[id.position].failure = failure }
            state.engine.release(
                id, condition: condition, breaking: discardReason == nil ? .broken : .discarded, &turn)
        }
    }

    private func cache(
        _ pooled: PooledConnection, _ state: inout PoolState, _ turn: inout Turn
    ) -> Bool {
        // The engine would refuse while acquires wait; asking first saves the reference.
        guard let leaseCache = pooled.leaseCache, state.engine.waiting == 0 else { return false }
        let reference = ManualReference(retaining: pooled)
        let isCached = leaseCache.put(reference) { cell in
            guard state.engine.cache(pooled.id, &turn) else { return false }
            pooled.restart(in: cell)
            return true
        }
        if !isCached { reference.release() }
        return isCached
    }

    /// Takes all connections out of the cache. Call under the lock: the engine then sees each connection as it is.
    func endCaching(_ state: inout PoolState, _ turn: inout Turn) {
        guard state.engine.hasCached else { return }
        for leaseCache in leaseCaches {
            leaseCache.empty { pooled, isLeased in
                if isLeased { state.entries[pooled.id.position].origin = pooled.origin }
                state.engine.endCaching(
                    pooled.id, pooled.uses(isLeased: isLeased), &turn)
            }
        }
    }
}
