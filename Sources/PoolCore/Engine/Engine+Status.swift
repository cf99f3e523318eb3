extension Engine {
    var status: PoolStatus {
        switch life {
        case .finished: .closed
        case .draining, .forcing: .draining
        case .running:
            if hasGoal(.reconfigured) {
                .reconfiguring
            } else {
                lanes.contains { $0.failures > 0 && !$0.waiters.isEmpty } ? .degraded : .open
            }
        }
    }
}

/// What the shell asks about connections and lanes.
extension Engine {
    /// False for the id of a connection that is gone.
    func contains(_ connection: ConnectionID) -> Bool { slots.contains(connection) }

    func isOpening(_ connection: ConnectionID) -> Bool {
        slots.contains(connection) && slots[connection.index].state == .opening
    }

    func isIdle(_ connection: ConnectionID) -> Bool {
        slots.contains(connection) && slots[connection.index].state == .idle
    }

    func isLeased(_ connection: ConnectionID) -> Bool {
        slots.contains(connection) && slots[connection.index].state == .leased
    }

    /// The lane of a connection: what came of it does not matter.
    func lane(of connection: ConnectionID) -> Int { slots[connection.index].lane }

    /// The time for which the connection has been in its state, or its lease has been held.
    func timeInState(of connection: ConnectionID, _ now: Nanoseconds) -> Nanoseconds {
        now - slots[connection.index].since
    }

    /// The leased connections, those with the longest leases first.
    func leasedConnections(limit: Int) -> [ConnectionID] {
        var result: [ConnectionID] = []
        var next = slots.leases.first
        while let slot = next, result.count < limit {
            result.append(slots.id(of: slot))
            next = slots.lease(after: slot)
        }
        return result
    }

    /// True if the shell hands on connections by itself.
    var hasCached: Bool { slots.cachedCount > 0 }

    /// The phase that the first waiter of the lane is in.
    func phase(of lane: Int) -> PoolError.Phase { lanes[lane].currentPhase }

    /// The number of connects of the lane that have failed since the last success, and the pause until the next.
    func backoff(of lane: Int, _ now: Nanoseconds) -> (failures: Int, remaining: Nanoseconds) {
        (lanes[lane].failures, max(0, lanes[lane].retryAt - now))
    }

    /// The counts of a lane; nil for a lane made on demand that is not in use any more.
    func counts(of lane: Int) -> PoolCounts? {
        if lanes[lane].isUnused { return nil }
        return PoolCounts(
            lanes[lane].counts, waiting: lanes[lane].waiters.count, maximum: lanes[lane].limits.maximum)
    }
}

extension PoolCounts {
    init(_ counts: SlotCounts, waiting: Int, maximum: Int) {
        self.init(
            idle: counts.idle, leased: counts.leased, opening: counts.opening, validating: counts.validating,
            resetting: counts.resetting, closing: counts.closing + counts.abandoned, waiting: waiting, maximum: maximum)
    }
}
