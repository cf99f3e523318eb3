extension Engine {
    /// Stops a debug build whose state contradicts itself, if the configuration asks for the check: it takes time in
    /// proportion to the state.
    @inline(__always)
    func check() {
        #if DEBUG
        if configuration.checksItself, let violation {
            assertionFailure("The engine's state contradicts itself: \(violation)")
        }
        #endif
    }

    /// The first contradiction in the state, in words, or nil. Reads everything.
    var violation: String? {
        countViolation ?? listViolation ?? waiterViolation ?? promiseViolation ?? budgetViolation
    }

    private var countViolation: String? {
        var sums = Array(repeating: SlotCounts(), count: lanes.count)
        for slot in slots {
            sums[slot.lane].change(slot.state, by: 1)
            if slot.isSilent { sums[slot.lane].silent += 1 }
        }
        var all = SlotCounts()
        for lane in lanes.indices {
            if sums[lane] != lanes[lane].counts {
                return "lane \(lane) counts \(lanes[lane].counts), has \(sums[lane])"
            }
            // A closing pool keeps the idle connections of lanes that close last, also above a lowered maximum.
            if life == .running, lanes[lane].counts.live > lanes[lane].limits.maximum, lanes[lane].counts.idle > 0 {
                return "lane \(lane) is above its maximum and keeps idle connections"
            }
        }
        for slot in slots { all.change(slot.state, by: 1) }
        all.silent = slots.count { $0.isSilent }
        if all != counts { return "the pool counts \(counts), has \(all)" }
        if all.total > max(ceiling, configuration.maximumConnections) { return "the pool is above its maximum" }
        if life == .running, all.live > configuration.maximumConnections, all.idle > 0 {
            return "the pool is above its maximum and keeps idle connections"
        }
        if slots.rowCount != all.total { return "\(slots.rowCount) slots are taken, by \(all.total) connections" }
        for lane in lanes.indices where lanes[lane].base == nil {
            let connects = lanes.indices.reduce(0) { sum, other in
                sum + (lanes.server(of: other) == lane ? lanes[other].counts.opening - lanes[other].counts.silent : 0)
            }
            if connects != lanes[lane].connects { return "lane \(lane) counts \(lanes[lane].connects) connects" }
        }
        return nil
    }

    private var listViolation: String? {
        for lane in lanes.indices {
            let idle = lanes[lane].idle.members(in: slots)
            if idle.count != lanes[lane].counts.idle { return "lane \(lane) lists \(idle.count) idle" }
            if idle.contains(where: { slots[$0].state != .idle || slots[$0].lane != lane }) {
                return "lane \(lane) lists one that is not idle"
            }
            if zip(idle, idle.dropFirst()).contains(where: { slots[$0].since > slots[$1].since }) {
                return "lane \(lane) lists its idle out of order"
            }
        }
        let leased = slots.leases.members(in: slots)
        if leased.count != counts.leased { return "\(leased.count) leases are listed" }
        if leased.contains(where: { slots[$0].state != .leased }) { return "one that is not leased is listed" }
        if let slot = schedule.firstUnwarnedLease, slots[slot].state != .leased { return "leak cursor" }
        let cached = slots.indices.filter { slots[$0].isCached }
        if cached.count != slots.cachedCount {
            return "cachedCount is \(slots.cachedCount), but \(cached.count) slots are cached"
        }
        if cached.contains(where: { slots[$0].state != .leased || waitGraph.isHeld($0) }) {
            return "a cached one has a holder"
        }
        if slots.indices.contains(where: { slots[$0].state != .leased && waitGraph.isHeld($0) }) {
            return "one that is not leased has a holder"
        }
        if !waitGraph.isConsistent { return "the graph of waits contradicts itself" }
        return schedule.isConsistent ? nil : "deadlines are out of order"
    }

    private var waiterViolation: String? {
        var listed = 0
        for lane in lanes.indices {
            let members = lanes[lane].waiters.members(in: waiters)
            listed += members.count
            if members.contains(where: { !waiters.contains(waiters.id(of: $0)) || waiters[$0].lane != lane }) {
                return "lane \(lane) lists one that does not wait"
            }
        }
        if waiting > 0, slots.cachedCount > 0 { return "somebody waits, and connections are cached" }
        if listed != waiting { return "\(waiting) wait, \(listed) are listed" }
        if !counters.isBalanced(waiting: waiting) { return "not everyone who was enqueued is accounted for" }
        return nil
    }

    /// The first broken promise to the budget.
    private var budgetViolation: String? {
        guard permits.isShared else { return nil }
        if permits.held != counts.total { return "\(permits.held) permits are held for \(counts.total) connections" }
        let yielding = slots.count { $0.state == .closing && $0.flags.contains(.makesRoom) }
        if yielding != permits.yielding {
            return "yielding is \(permits.yielding), but \(yielding) connections make room"
        }
        if let demand = permits.wrongDemand(isLeaving: life != .running) { return "the budget believes \(demand)" }
        for lane in lanes.indices where lacksOnlyAPermit(lane) && !lanes[lane].isProbing && !permits.hasAsked {
            return "lane \(lane) does not ask for a permit"
        }
        let isKept = life == .running && permits.owesAConnection && spareSlot != nil
        return isKept ? "a connection is idle that the budget lacks" : nil
    }

    private var closingViolation: String? {
        guard case .draining = life else { return waiting > 0 ? "somebody waits for a closing pool" : nil }
        let coming = counts.onTheWay + counts.silent + max(0, configuration.maximumConnections - counts.total)
        if waiting > coming { return "somebody waits for a release in a closing pool" }
        for lane in lanes.indices where lanes[lane].counts.opening > lanes[lane].waiters.count {
            return "lane \(lane) of a closing pool opens connections for nobody"
        }
        return nil
    }

    /// The first broken promise to callers.
    private var promiseViolation: String? {
        if life != .running { return closingViolation }
        for lane in lanes.indices where !lanes[lane].waiters.isEmpty {
            if lanes[lane].waiters.count > lanes[lane].counts.validating, nextMatch(of: lane) != nil {
                return "lane \(lane) has idle connections and waiters"
            }
            if mustResetTagged(lane) { return "lane \(lane) has idle sessions of other tags, and resets none" }
            let mayOpen =
                lanes[lane].shortfall > 0 && !lanes[lane].isProbing && mayConnect(lane)
                && counts.total < configuration.maximumConnections && counts.total < permits.held
                && lanes[lane].counts.total < lanes[lane].limits.maximum
            if mayOpen { return "lane \(lane) does not open a connection for its waiter" }
        }
        for slot in slots.indices {
            switch slots[slot].state {
            case .opening, .validating, .resetting:
                guard let due = schedule.deadline(of: slot) else { return "slot \(slot) has no deadline" }
                if due < schedule.armedAt { return "no alarm for slot \(slot)" }
            case .free, .abandoned, .idle, .leased, .closing: break
            }
        }
        if !schedule.isArmedForWaiters { return "no alarm for a waiter" }
        return nil
    }
}
