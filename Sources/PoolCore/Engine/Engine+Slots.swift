extension Engine {
    /// Changes the state of a slot. This is the only place that does: counts, lists and phases follow.
    mutating func move(_ slot: Int32, to state: SlotState, _ now: Nanoseconds) {
        let index = Int(slot)
        let old = slots[index].state
        let lane = Int(slots[index].lane)
        switch old {
        case .idle: lanes[lane].idle.remove(slot, in: &slots)
        case .leased: endLease(slot)
        case .opening: endConnect(slot)
        default: break
        }
        counts.change(old, by: -1)
        counts.change(state, by: 1)
        lanes[lane].counts.change(old, by: -1)
        lanes[lane].counts.change(state, by: 1)
        slots[index].state = state
        slots[index].since = now
        switch state {
        case .idle: lanes[lane].idle.append(slot, in: &slots)
        case .leased: beginLease(slot)
        case .opening: lanes[server(of: lane)].connects += 1
        case .free: freeSlots.append(slot)
        default: break
        }
        if !lanes[lane].waiters.isEmpty { lanes[lane].settlePhase(now) }
    }

    /// The lane that stands for the server of `lane`: temporary lanes share the server of the lane they were made from.
    func server(of lane: Int) -> Int { lanes[lane].base ?? lane }

    private mutating func endConnect(_ slot: Int32) {
        let lane = Int(slots[Int(slot)].lane)
        if !slots[Int(slot)].isSilent {
            lanes[server(of: lane)].connects -= 1
            return
        }
        slots[Int(slot)].isSilent = false
        counts.silent -= 1
        lanes[lane].counts.silent -= 1
    }

    /// Marks a connect that the server has not answered for long: others are tried beside it.
    mutating func markSilent(_ slot: Int32, _ now: Nanoseconds, _ effects: inout EffectList) {
        let lane = Int(slots[Int(slot)].lane)
        slots[Int(slot)].isSilent = true
        counts.silent += 1
        lanes[lane].counts.silent += 1
        lanes[server(of: lane)].connects -= 1
        setDeadline(slot, slots[Int(slot)].connectDeadline, &effects)
    }

    mutating func beginLease(_ slot: Int32) {
        leases.append(slot, in: &slots)
        if firstUnwarnedLease == nowhere { firstUnwarnedLease = slot }
        if slots[Int(slot)].holder != 0 { holders.insert(slot, in: &slots) }
        if counts.leased > counters.peakLeased { counters.peakLeased = counts.leased }
    }

    mutating func endLease(_ slot: Int32) {
        endCaching(slotAt: slot)
        if firstUnwarnedLease == slot { firstUnwarnedLease = slots[Int(slot)].links.next }
        leases.remove(slot, in: &slots)
        guard slots[Int(slot)].holder != 0 else { return }
        holders.remove(slot, in: &slots)
        if slots[Int(slot)].holderWaitsFor != nowhere {
            slots[Int(slot)].holderWaitsFor = nowhere
            lanes[Int(slots[Int(slot)].lane)].blockedLeases -= 1
        }
        slots[Int(slot)].holder = 0
    }

    /// Ends the lease in `slot` and begins the next one, which counts as the last to have begun.
    mutating func beginAnew(_ slot: Int32, holder: UInt, since: Nanoseconds) {
        endLease(slot)
        slots[Int(slot)].holder = holder
        slots[Int(slot)].since = since
        beginLease(slot)
    }

    /// Gives an idle or just freed connection to `holder`.
    mutating func grant(_ slot: Int32, to holder: UInt, _ now: Nanoseconds, _ effects: inout EffectList) {
        if slots[Int(slot)].state == .leased {
            beginAnew(slot, holder: holder, since: now)
        } else {
            slots[Int(slot)].holder = holder
            move(slot, to: .leased, now)
        }
        slots[Int(slot)].uses &+= 1
        if configuration.leakWarning != .never, firstUnwarnedLease == slot {
            arm(now.adding(configuration.leakWarning), &effects)
        }
    }

    /// The idle connection that an acquire takes next.
    func nextIdle(of lane: Int) -> Int32? {
        let slot = configuration.isLastInFirstOut ? lanes[lane].idle.last : lanes[lane].idle.first
        return slot == nowhere ? nil : slot
    }

    func needsValidation(_ slot: Int32, _ now: Nanoseconds) -> Bool {
        configuration.validatesEveryGrant || now - slots[Int(slot)].since >= configuration.validateAfterIdle
    }

    mutating func allocateSlot(lane: Int, _ now: Nanoseconds) -> Int32 {
        let slot: Int32
        if let free = freeSlots.popLast() {
            slot = free
        } else {
            slot = Int32(slots.count)
            slots.append(Slot())
        }
        slots[Int(slot)].generation &+= 1
        slots[Int(slot)].lane = Int32(lane)
        slots[Int(slot)].epoch = lanes[lane].epoch
        slots[Int(slot)].isOverAge = false
        slots[Int(slot)].isLost = false
        slots[Int(slot)].makesRoom = false
        slots[Int(slot)].isOld = false
        slots[Int(slot)].isCached = false
        slots[Int(slot)].isAwaited = false
        slots[Int(slot)].isSetUp = false
        slots[Int(slot)].uses = 0
        slots[Int(slot)].expiresAt = .never
        move(slot, to: .opening, now)
        return slot
    }

    mutating func close(
        _ slot: Int32, _ reason: ConnectionCloseReason, _ mode: ConnectionCloseMode, _ now: Nanoseconds,
        _ effects: inout EffectList
    ) {
        move(slot, to: .closing, now)
        setTag(nil, ofSlot: slot)
        slotDeadlines.remove(slot)
        counters.closed[reason, default: 0] += 1
        if reason == .makingRoom {
            slots[Int(slot)].makesRoom = true
            permits.yielding += 1
        }
        effects.append(.close(ticket(ofSlot: slot), reason, mode))
    }

    /// The instant at which the slot next needs attention for its age alone.
    func lifetimeDue(_ slot: Int32, _ now: Nanoseconds) -> Nanoseconds {
        guard slots[Int(slot)].isOverAge else { return slots[Int(slot)].expiresAt }
        return min(max(nextRetirementAt, now.adding(1)), overdueAt(slot))
    }

    func overdueAt(_ slot: Int32) -> Nanoseconds {
        slots[Int(slot)].expiresAt.adding(configuration.maximumLifetime / 10)
    }

    /// True if the connection in `slot` may be closed for its age now. Takes the turn: connections retire one after the
    /// other, so that a pool never renews all its connections together.
    mutating func mayRetire(_ slot: Int32, _ now: Nanoseconds) -> Bool {
        guard now >= nextRetirementAt || now >= overdueAt(slot) else { return false }
        nextRetirementAt = now.adding(configuration.maximumLifetime / Int64(configuration.maximumConnections))
        return true
    }

    mutating func setDeadline(_ slot: Int32, _ due: Nanoseconds, _ effects: inout EffectList) {
        slotDeadlines.set(slot, due: due)
        arm(due, &effects)
    }
}
