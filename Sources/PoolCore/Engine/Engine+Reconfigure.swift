extension Engine {
    /// Puts new limits and times into force, all together. Waiting acquires keep their deadlines, and so do operations
    /// under way.
    ///
    /// Connections above a lowered maximum are closed: idle ones now, the others when they come back.
    mutating func reconfigure(
        _ new: EngineConfiguration, now: Nanoseconds, effects: inout EffectList
    ) -> GoalNumber {
        configuration = new
        ceiling = counts.total
        for lane in lanes.indices {
            lanes[lane].limits = lanes[lane].base.map { new.lanes[$0].onDemand } ?? new.lanes[lane]
        }
        for lane in lanes.indices {
            lanes[lane].retryAt = min(lanes[lane].retryAt, now.adding(new.maximumBackoff))
        }
        rebuildHolders()
        recomputeLifetimes(now)
        closeSurplus(now, &effects)
        let patience = new.connectTimeout.adding(Self.closingGrace)
        let number = addGoal(.reconfigured, deadline: now.adding(patience), &effects)
        serveAll(now, &effects)
        if let next = nextAlarm(now) { arm(next, &effects) }
        check()
        return number
    }

    /// Makes the table of holders as large as the pool may become.
    private mutating func rebuildHolders() {
        holders = HolderIndex(capacity: configuration.maximumConnections)
        for slot in leases.members(in: slots) {
            slots[slot].nextOfHolder = nil
            if slots[slot].holder != 0 { holders.insert(slot, in: &slots) }
        }
    }

    private mutating func recomputeLifetimes(_ now: Nanoseconds) {
        let pace = configuration.maximumLifetime / Int64(configuration.maximumConnections)
        nextRetirementAt = min(nextRetirementAt, now.adding(pace))
        for slot in slots.indices {
            switch slots[slot].state {
            case .idle, .leased:
                slots[slot].expiresAt = expiry(of: slot)
                slots[slot].flags.remove(.isOverAge)
                slotDeadlines.set(slot, due: slots[slot].expiresAt)
            case .validating, .resetting:
                slots[slot].expiresAt = expiry(of: slot)
                slots[slot].flags.remove(.isOverAge)
            case .free, .opening, .abandoned, .closing: break
            }
        }
    }

    private mutating func closeSurplus(_ now: Nanoseconds, _ effects: inout EffectList) {
        for slot in slots.indices where slots[slot].state == .idle && isUsedUp(slot) {
            closeAwaited(slot, .usedUp, now, &effects)
        }
        for lane in lanes.indices {
            while lanes[lane].counts.live > lanes[lane].limits.maximum, let slot = lanes[lane].idle.first {
                closeAwaited(slot, .shrunk, now, &effects)
            }
        }
        while counts.live > configuration.maximumConnections, let slot = longestIdle(in: { _ in true }) {
            closeAwaited(slot, .shrunk, now, &effects)
        }
    }

    private mutating func closeAwaited(
        _ slot: Int32, _ reason: ConnectionCloseReason, _ now: Nanoseconds, _ effects: inout EffectList
    ) {
        close(slot, reason, .orderly, now, &effects)
        slots[slot].flags.insert(.isAwaited)
    }
}
