extension Engine {
    /// Takes the report that a connect has succeeded, perhaps after its deadline.
    /// - Parameter random: uniformly distributed, for the jitter of the lifetime.
    mutating func opened(_ connection: ConnectionID, now: Nanoseconds, random: UInt64, effects: inout EffectList) {
        guard slots.contains(connection) else { return }
        let slot = connection.index
        guard slots[slot].state == .opening || slots[slot].state == .abandoned else { return }
        let lane = slots[slot].lane
        counters.opened += 1
        if slots[slot].state == .opening { connectTimes.record(now - slots[slot].since) }
        if !slots[slot].flags.contains(.isOld) { lanes[lane].renewals &+= 1 }
        slots[slot].openedAt = now
        slots[slot].shortening = Double(random >> 11) * 0x1p-53
        slots[slot].expiresAt = expiry(of: slot)
        noteSuccess(of: slot, now)
        offer(slot, now, &effects)
        serveAll(now, &effects)
        // This connection may lift the lane above its minimum.
        if let expiry = idleExpiry(of: lane) { arm(expiry, &effects) }
        check()
    }

    /// Takes the report that a connect has failed.
    /// - Parameters:
    ///   - isPermanent: true if waiting does not mend it.
    ///   - random: uniformly distributed, for the backoff.
    mutating func connectFailed(
        _ connection: ConnectionID, isPermanent: Bool, now: Nanoseconds, random: UInt64, effects: inout EffectList
    ) {
        guard slots.contains(connection) else { return }
        let slot = connection.index
        let state = slots[slot].state
        guard state == .opening || state == .abandoned else { return }
        let lane = slots[slot].lane
        // An abandoned connect has been counted already.
        lanes[lane].isRefused = isPermanent
        if state == .opening { noteFailure(lane, now, random, since: slots[slot].since) }
        free(slot, now, &effects)
        if isPermanent, lanes[lane].counts.live == 0 { failAll(lane, .refused, now, &effects) }
        serveAll(now, &effects)
        check()
    }

    mutating func failAll(_ lane: Int, _ failure: AcquireFailure, _ now: Nanoseconds, _ effects: inout EffectList) {
        while !lanes[lane].waiters.isEmpty { failNext(lane, failure, now, &effects) }
    }

    private mutating func failNext(
        _ lane: Int, _ failure: AcquireFailure, _ now: Nanoseconds, _ effects: inout EffectList
    ) {
        guard let waiter = lanes[lane].waiters.next else { return }
        dequeue(waiter, now)
        counters.count(failure, inQueue: true)
        effects.append(.fail(waiters.id(of: waiter), failure))
    }

    /// The end of a validation or a reset.
    enum Outcome: Hashable, Sendable {
        case succeeded
        case failed
        /// The application's hook did not want the connection, or failed when no acquire waited for it: replacements
        /// are opened no faster than after failed connects.
        case hookFailed
        /// The application's acquire hook has thrown: an acquire that waits fails with its error.
        case hookRefused
        /// The server is no longer the one that the open connections know.
        case generationBroken
    }

    /// Takes the report that a validation has ended.
    mutating func validated(
        _ connection: ConnectionID, _ outcome: Outcome, now: Nanoseconds, random: UInt64, effects: inout EffectList
    ) {
        prepared(connection, in: .validating, outcome, .validationFailed, now, random, &effects)
    }

    /// Takes the report that a reset has ended.
    /// - Parameter didReset: false if there was nothing to undo, or the session was kept for its tag.
    mutating func wasReset(
        _ connection: ConnectionID, _ outcome: Outcome, didReset: Bool = true, now: Nanoseconds, random: UInt64,
        effects: inout EffectList
    ) {
        if didReset, slots.contains(connection), slots[connection.index].state == .resetting {
            counters.resets += 1
            slots[connection.index].flags.remove(.isSetUp)
        }
        prepared(connection, in: .resetting, outcome, .resetFailed, now, random, &effects)
    }

    private mutating func prepared(
        _ connection: ConnectionID, in state: SlotState, _ outcome: Outcome, _ failure: ConnectionCloseReason,
        _ now: Nanoseconds, _ random: UInt64, _ effects: inout EffectList
    ) {
        guard slots.contains(connection), slots[connection.index].state == state else { return }
        if outcome == .succeeded {
            offer(connection.index, now, &effects)
        } else {
            if outcome == .hookFailed { noteFailure(slots[connection.index].lane, now, random) }
            if outcome == .generationBroken { endGeneration(of: connection.index, now, &effects) }
            let lane = slots[connection.index].lane
            close(connection.index, failure, .orderly, now, &effects)
            if outcome == .hookRefused { failNext(lane, .hookFailed, now, &effects) }
            serveAll(now, &effects)
        }
        check()
    }

    /// Takes the driver's report that it found the connection dead. An idle one is closed and replaced now; any other
    /// when it comes back, whatever its release reports: the two reports may have crossed.
    mutating func lost(_ connection: ConnectionID, now: Nanoseconds, effects: inout EffectList) {
        guard slots.contains(connection) else { return }
        switch slots[connection.index].state {
        case .idle:
            if slots[connection.index].uses == 0 { noteStillbirth(connection.index, now) }
            close(connection.index, .broken, .orderly, now, &effects)
            serveAll(now, &effects)
        case .leased, .validating, .resetting: slots[connection.index].flags.insert(.isLost)
        case .free, .opening, .abandoned, .closing: return
        }
        check()
    }

    /// Takes the report that the driver has closed the connection: its place is free.
    mutating func closed(_ connection: ConnectionID, now: Nanoseconds, effects: inout EffectList) {
        guard slots.contains(connection), slots[connection.index].state == .closing else { return }
        free(connection.index, now, &effects)
        serveAll(now, &effects)
        check()
    }

    private mutating func free(_ slot: Int32, _ now: Nanoseconds, _ effects: inout EffectList) {
        slotDeadlines.remove(slot)
        if slots[slot].flags.contains(.makesRoom) { permits.yielding -= 1 }
        move(slot, to: .free, now)
        ceiling = min(ceiling, counts.total)
        // Before a waiter of this pool takes the place: a waiter of another pool may have come first.
        returnPermits()
        if life != .running { closeWhatMay(now, &effects) }
    }
}
