extension Engine {
    /// Changes the state of a slot. This is the only place that does: counts, lists and phases follow.
    mutating func move(_ slot: Int32, to state: SlotState, _ turn: inout Turn) {
        let old = slots[slot].state
        let lane = slots[slot].lane
        switch old {
        case .idle: lanes[lane].idle.remove(slot, in: &slots)
        case .leased: endLease(slot)
        case .opening: endConnect(slot)
        case .free, .abandoned, .validating, .resetting, .closing: break
        }
        counts.change(old, by: -1)
        counts.change(state, by: 1)
        lanes[lane].counts.change(old, by: -1)
        lanes[lane].counts.change(state, by: 1)
        slots[slot].state = state
        slots[slot].since = turn.now
        switch state {
        case .idle: lanes[lane].idle.append(slot, in: &slots)
        case .leased: beginLease(slot)
        case .opening: lanes[server(of: lane)].connects += 1
        case .free: slots.remove(slot)
        case .abandoned, .validating, .resetting, .closing: break
        }
        if !lanes[lane].waiters.isEmpty { lanes[lane].settlePhase(turn.now) }
    }

    /// The lane that stands for the server of `lane`: temporary lanes share the server of the lane they were made from.
    func server(of lane: Int) -> Int { lanes[lane].base ?? lane }

    private mutating func endConnect(_ slot: Int32) {
        let lane = slots[slot].lane
        if !slots[slot].flags.contains(.isSilent) {
            lanes[server(of: lane)].connects -= 1
            return
        }
        slots[slot].flags.remove(.isSilent)
        counts.silent -= 1
        lanes[lane].counts.silent -= 1
    }

    /// Marks a connect that the server has not answered for long: others are tried beside it.
    mutating func markSilent(_ slot: Int32, _ turn: inout Turn) {
        let lane = slots[slot].lane
        slots[slot].flags.insert(.isSilent)
        counts.silent += 1
        lanes[lane].counts.silent += 1
        lanes[server(of: lane)].connects -= 1
        setDeadline(slot, slots[slot].connectDeadline, &turn)
    }

    mutating func beginLease(_ slot: Int32) {
        leases.append(slot, in: &slots)
        if firstUnwarnedLease == nil { firstUnwarnedLease = slot }
        if counts.leased > counters.peakLeased { counters.peakLeased = counts.leased }
    }

    mutating func endLease(_ slot: Int32) {
        endCaching(slotAt: slot)
        if firstUnwarnedLease == slot { firstUnwarnedLease = slots[slot].links.next }
        leases.remove(slot, in: &slots)
        waitGraph.end(slot)
    }

    /// Ends the lease in `slot` and begins the next one, which counts as the last to have begun.
    ///
    /// - Parameter holder: the task that holds the lease, or 0 if the lease may move between tasks.
    mutating func handOver(_ slot: Int32, holder: UInt, since: Nanoseconds) {
        endLease(slot)
        slots[slot].since = since
        beginLease(slot)
        waitGraph.begin(slot, of: slots[slot].lane, holder: holder)
    }

    /// Gives an idle or just freed connection to `holder`.
    mutating func grant(_ slot: Int32, to holder: UInt, _ turn: inout Turn) {
        if slots[slot].state == .leased {
            handOver(slot, holder: holder, since: turn.now)
        } else {
            move(slot, to: .leased, &turn)
            waitGraph.begin(slot, of: slots[slot].lane, holder: holder)
        }
        slots[slot].uses &+= 1
        if configuration.leakWarning != .never, firstUnwarnedLease == slot {
            arm(turn.now.adding(configuration.leakWarning), &turn)
        }
    }

    /// The idle connection that an acquire takes next.
    func nextIdle(of lane: Int) -> Int32? {
        configuration.isLastInFirstOut ? lanes[lane].idle.last : lanes[lane].idle.first
    }

    /// The idle connection that was unused for longest, of the lanes for which `isMeant` is true.
    func longestIdle(in isMeant: (Int) -> Bool) -> Int32? {
        var oldest: Int32?
        for lane in lanes.indices {
            guard let candidate = lanes[lane].idle.first, isMeant(lane) else { continue }
            if let found = oldest, slots[found].since <= slots[candidate].since { continue }
            oldest = candidate
        }
        return oldest
    }

    func needsValidation(_ slot: Int32, _ now: Nanoseconds) -> Bool {
        configuration.validatesEveryGrant || now - slots[slot].since >= configuration.validateAfterIdle
    }

    mutating func allocateSlot(lane: Int, _ turn: inout Turn) -> Int32 {
        let slot = slots.insert(Slot(lane: lane, epoch: lanes[lane].epoch))
        move(slot, to: .opening, &turn)
        return slot
    }

    mutating func close(
        _ slot: Int32, _ reason: ConnectionCloseReason, _ mode: ConnectionCloseMode, _ turn: inout Turn
    ) {
        move(slot, to: .closing, &turn)
        setTag(nil, ofSlot: slot)
        slotDeadlines.remove(slot)
        counters.closed[reason, default: 0] += 1
        if reason == .makingRoom {
            slots[slot].flags.insert(.makesRoom)
            permits.yielding += 1
        }
        turn.effects.append(.close(slots.id(of: slot), reason, mode))
    }

    /// The instant at which the slot next needs attention for its age alone.
    func lifetimeDue(_ slot: Int32, _ now: Nanoseconds) -> Nanoseconds {
        guard slots[slot].flags.contains(.isOverAge) else { return slots[slot].expiresAt }
        return min(max(nextRetirementAt, now.adding(1)), overdueAt(slot))
    }

    func overdueAt(_ slot: Int32) -> Nanoseconds {
        slots[slot].expiresAt.adding(configuration.maximumLifetime / 10)
    }

    /// Takes the turn to close the connection in `slot` for its age: connections retire one after the other, so that a
    /// pool never renews all its connections together.
    /// - Returns: false if it is not its turn yet.
    mutating func takeRetirementTurn(_ slot: Int32, _ turn: inout Turn) -> Bool {
        guard turn.now >= nextRetirementAt || turn.now >= overdueAt(slot) else { return false }
        nextRetirementAt = turn.now.adding(configuration.maximumLifetime / Int64(configuration.maximumConnections))
        return true
    }

    mutating func setDeadline(_ slot: Int32, _ due: Nanoseconds, _ turn: inout Turn) {
        slotDeadlines.set(slot, due: due)
        arm(due, &turn)
    }
}
