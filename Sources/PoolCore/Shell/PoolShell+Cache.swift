/// Leases that begin and end without the pool's lock, and the way around if they cannot.
extension PoolShell {
    /// Begins a lease on a cached connection.
    ///
    /// - Returns: the seat, with a reference for the lease to take over; nil if the pool's lock is needed.
    func takeCached(
        _ options: AcquireOptions, _ fileID: StaticString, _ line: UInt, isLent: Bool
    ) -> UncountedReference<Seat>? {
        // Spelled out per cache: `let front = a ? x : y` would retain and release it.
        let isForReading = options.access == .readOnly
        guard (isForReading ? frontForReading?.isEmpty : frontForWriting?.isEmpty) == false,
            options.isPlain, !hub.hasReaders, !Task.isCancelled,
            let seat = isForReading ? frontForReading?.take() : frontForWriting?.take()
        else { return nil }
        let isUsable = seat.withObject { seat in
            seat.begin(holder: isLent ? currentTask() : 0, fileID, line: line)
            return seat.connection.condition.isUsable
        }
        if isUsable { return seat }
        giveUp(seat.take())
        return nil
    }

    /// Gives up a connection that died while it was idle, as its driver has noticed.
    func giveUp(_ seat: Seat) {
        let condition = seat.connection.condition
        let failure = seat.connection.failure
        transition { state, now, effects in
            state.reports.append(idleLoss(of: seat.ticket, failure, state))
            state.entries[seat.ticket.position].failure = failure
            state.engine.dropPreparation(of: seat.ticket)
            state.engine.release(seat.ticket, condition: condition, now: now, effects: &effects)
        }
    }

    /// Ends a lease. Immediate for the caller: any work that the connection still needs happens in the background.
    ///
    /// - Parameter seat: with the lease's reference.
    @usableFromInline
    static func release(_ seat: UncountedReference<Seat>, _ condition: ConnectionCondition, _ discardReason: String?) {
        if condition == .clean, discardReason == nil, seat.withObject({ $0.end() }) { return }
        releaseUncached(seat, condition, discardReason)
    }

    // Out of line, so that the cached path spills no registers for it.
    @inline(never)
    private static func releaseUncached(
        _ seat: UncountedReference<Seat>, _ condition: ConnectionCondition, _ discardReason: String?
    ) {
        let seat = seat.take()
        seat.pool.release(seat, condition, discardReason)
    }

    private func release(_ seat: Seat, _ condition: ConnectionCondition, _ discardReason: String?) {
        var condition = condition
        var failure = condition.isUsable ? nil : seat.connection.failure
        if let discardReason {
            failure = LeaseDiscarded(reason: discardReason)
            if condition != .generationBroken { condition = .broken }
        }
        let ticket = seat.ticket
        if isObserved { endLease(ticket) }
        let isHeard = isHeard
        let mayCache = condition == .clean && !isHeard
        transition(endsCaching: !mayCache) { state, now, effects in
            if let untold = seat.takeUntold() { state.engine.count(untold) }
            if isHeard, state.engine.isLeased(ticket) { state.reports.append(release(of: ticket, failure, state, now)) }
            if mayCache, cache(seat, &state, now, &effects) { return }
            if let failure, state.engine.isCurrent(ticket) { state.entries[ticket.position].failure = failure }
            state.engine.release(
                ticket, condition: condition, breaking: discardReason == nil ? .broken : .discarded, now: now,
                effects: &effects)
        }
    }

    private func cache(_ seat: Seat, _ state: inout PoolState, _ now: Nanoseconds, _ effects: inout EffectList) -> Bool
    {
        // The engine would refuse while acquires wait; asking first saves the reference.
        guard let front = seat.front, state.engine.waiting == 0 else { return false }
        let reference = UncountedReference(counting: seat)
        let isCached = front.put(reference) { cell in
            guard state.engine.cache(seat.ticket, now: now, effects: &effects) else { return false }
            seat.restart(in: cell)
            return true
        }
        if !isCached { reference.release() }
        return isCached
    }

    /// Takes all connections out of the cache. Call under the lock: the engine then sees each connection as it is.
    func endCaching(_ state: inout PoolState, _ now: Nanoseconds, _ effects: inout EffectList) {
        guard state.engine.cachedCount > 0 else { return }
        for front in fronts {
            front.empty { seat, isLeased in
                if isLeased { state.entries[seat.ticket.position].claim = seat.claim }
                state.engine.endCaching(
                    seat.ticket, seat.uses(isLeased: isLeased), now: now, effects: &effects)
            }
        }
    }

    /// The cache for connections of a lane, if they can be cached.
    func front(of plan: ConnectPlan) -> FrontCache? {
        guard plan.identity == nil, let lane = lanes.firstIndex(where: { $0.name == plan.lane.name }) else {
            return nil
        }
        return lane == laneForReading ? frontForReading : lane == laneForWriting ? frontForWriting : nil
    }
}
