extension Engine {
    /// Changes the state of a slot. This is the only place that does.
    mutating func move(_ slot: Int32, to state: SlotState, _ turn: inout Turn) {
        if slots[slot].state == .leased { noteEndOfLease(slot) }
        slots.move(slot, to: state, in: &lanes, turn.now)
        if state == .leased { noteLease(slot) }
    }

    private mutating func noteLease(_ slot: Int32) {
        schedule.add(lease: slot)
        if counts.leased > counters.peakLeased { counters.peakLeased = counts.leased }
    }

    private mutating func noteEndOfLease(_ slot: Int32) {
        schedule.remove(lease: slot, next: slots.lease(after: slot))
        waitGraph.end(slot)
    }

    /// Ends the lease in `slot` and begins the next one, which counts as the last to have begun.
    ///
    /// - Parameter holder: the task that holds the lease, or 0 if the lease may move between tasks.
    mutating func handOver(_ slot: Int32, holder: UInt, since: Nanoseconds) {
        noteEndOfLease(slot)
        slots.handOver(slot, since: since)
        noteLease(slot)
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
        if configuration.leakWarning != .never, schedule.firstUnwarnedLease == slot {
            schedule.arm(turn.now.adding(configuration.leakWarning), &turn)
        }
    }

    /// The idle connection that an acquire takes next.
    @inline(__always)
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

    @inline(__always)
    func needsValidation(_ slot: Int32, _ now: Nanoseconds) -> Bool {
        configuration.validatesEveryGrant || now - slots[slot].since >= configuration.validateAfterIdle
    }

    mutating func close(
        _ slot: Int32, _ reason: ConnectionCloseReason, _ mode: ConnectionCloseMode, _ turn: inout Turn
    ) {
        move(slot, to: .closing, &turn)
        slots.setTag(nil, of: slot)
        schedule.removeDeadline(of: slot)
        counters.connectionsClosed[reason, default: 0] += 1
        if reason == .makingRoom {
            slots[slot].flags.insert(.makesRoom)
            permits.beginYielding()
        }
        turn.effects.append(.close(slots.id(of: slot), reason, mode))
    }

    /// The instant at which the slot next needs attention for its age alone.
    @inline(__always)
    func lifetimeDue(_ slot: Int32, _ now: Nanoseconds) -> Nanoseconds {
        guard slots[slot].flags.contains(.isOverAge) else { return slots[slot].expiresAt }
        return min(max(nextRetirementAt, now.adding(1)), overdueAt(slot))
    }

    @inline(__always)
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
}
