extension Engine {
    /// Puts new limits and times into force, all together. Waiting acquires keep their deadlines, and so do operations
    /// under way.
    ///
    /// Connections above a lowered maximum are closed: idle ones now, the others when they come back.
    mutating func reconfigure(
        _ new: EngineConfiguration, _ turn: inout Turn
    ) -> GoalNumber {
        configuration = new
        ceiling = counts.total
        for lane in lanes.indices {
            lanes[lane].limits = lanes[lane].base.map { new.lanes[$0].onDemand } ?? new.lanes[lane]
        }
        for lane in lanes.indices {
            lanes[lane].retryAt = min(lanes[lane].retryAt, turn.now.adding(new.maximumBackoff))
        }
        waitGraph.resize(capacity: new.maximumConnections)
        recomputeLifetimes(&turn)
        closeSurplus(&turn)
        let limit = new.connectTimeout.adding(Self.closingGrace)
        let number = addGoal(.reconfigured, deadline: turn.now.adding(limit), &turn)
        serveAll(&turn)
        if let next = nextAlarm(turn.now) { schedule.arm(next, &turn) }
        check()
        return number
    }

    private mutating func recomputeLifetimes(_ turn: inout Turn) {
        let pace = configuration.maximumLifetime / Int64(configuration.maximumConnections)
        nextRetirementAt = min(nextRetirementAt, turn.now.adding(pace))
        for slot in slots.indices {
            switch slots[slot].state {
            case .idle, .leased:
                slots[slot].expiresAt = expiry(of: slot)
                slots[slot].flags.remove(.isOverAge)
                schedule.setDeadline(of: slot, slots[slot].expiresAt)
            case .validating, .resetting:
                slots[slot].expiresAt = expiry(of: slot)
                slots[slot].flags.remove(.isOverAge)
            case .free, .opening, .abandoned, .closing: break
            }
        }
    }

    private mutating func closeSurplus(_ turn: inout Turn) {
        for slot in slots.indices where slots[slot].state == .idle && isUsedUp(slot) {
            closeAwaited(slot, .usedUp, &turn)
        }
        for lane in lanes.indices {
            while lanes[lane].counts.live > lanes[lane].limits.maximum, let slot = lanes[lane].idle.first {
                closeAwaited(slot, .shrunk, &turn)
            }
        }
        while counts.live > configuration.maximumConnections, let slot = longestIdle(in: { _ in true }) {
            closeAwaited(slot, .shrunk, &turn)
        }
    }

    private mutating func closeAwaited(
        _ slot: Int32, _ reason: ConnectionCloseReason, _ turn: inout Turn
    ) {
        close(slot, reason, .orderly, &turn)
        slots[slot].flags.insert(.isAwaited)
    }
}
