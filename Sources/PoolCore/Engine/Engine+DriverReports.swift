extension Engine {
    /// Takes the report that a connect has succeeded, perhaps after its deadline.
    ///
    /// The turn needs a random number, for the jitter of the lifetime.
    mutating func opened(_ connection: ConnectionID, _ turn: inout Turn) {
        guard slots.contains(connection) else { return }
        let slot = connection.index
        guard slots[slot].state == .opening || slots[slot].state == .abandoned else { return }
        let lane = slots[slot].lane
        counters.connectionsOpened += 1
        if slots[slot].state == .opening { connectTimes.record(turn.now - slots[slot].since) }
        if !slots[slot].flags.contains(.isOld) { rotation?.noteNew(in: lane) }
        slots[slot].openedAt = turn.now
        slots[slot].shortening = Double(turn.random >> 11) * 0x1p-53
        slots[slot].expiresAt = expiry(of: slot)
        noteSuccess(of: slot, &turn)
        offer(slot, &turn)
        serveAll(&turn)
        // This connection may lift the lane above its minimum.
        if let expiry = idleExpiry(of: lane) { schedule.arm(expiry, &turn) }
        check()
    }

    /// Takes the report that a connect has failed.
    ///
    /// The turn needs a random number, for the backoff.
    ///
    /// - Parameter isPermanent: true if waiting does not mend it.
    mutating func connectFailed(
        _ connection: ConnectionID, isPermanent: Bool, _ turn: inout Turn
    ) {
        guard slots.contains(connection) else { return }
        let slot = connection.index
        let state = slots[slot].state
        guard state == .opening || state == .abandoned else { return }
        let lane = slots[slot].lane
        // An abandoned connect has been counted already.
        lanes[lane].isRefused = isPermanent
        if state == .opening { noteFailure(of: lane, since: slots[slot].since, &turn) }
        free(slot, &turn)
        if isPermanent, lanes[lane].counts.live == 0 { failAll(lane, .refused, &turn) }
        serveAll(&turn)
        check()
    }

    mutating func failAll(_ lane: Int, _ failure: AcquireFailure, _ turn: inout Turn) {
        while !lanes[lane].waiters.isEmpty { failNext(lane, failure, &turn) }
    }

    private mutating func failNext(
        _ lane: Int, _ failure: AcquireFailure, _ turn: inout Turn
    ) {
        if let waiter = lanes[lane].waiters.next { fail(waiter, failure, &turn) }
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

    /// Takes the report that a validation has ended. The turn needs a random number, for the backoff.
    mutating func validated(
        _ connection: ConnectionID, _ outcome: Outcome, _ turn: inout Turn
    ) {
        prepared(connection, in: .validating, outcome, .validationFailed, &turn)
    }

    /// Takes the report that a reset has ended. The turn needs a random number, for the backoff.
    ///
    /// - Parameter didReset: false if there was nothing to undo, or the session was kept for its tag.
    mutating func wasReset(
        _ connection: ConnectionID, _ outcome: Outcome, didReset: Bool = true, _ turn: inout Turn
    ) {
        if didReset, slots.contains(connection), slots[connection.index].state == .resetting {
            counters.resets += 1
            slots[connection.index].flags.remove(.isSetUp)
        }
        prepared(connection, in: .resetting, outcome, .resetFailed, &turn)
    }

    private mutating func prepared(
        _ connection: ConnectionID, in state: SlotState, _ outcome: Outcome, _ failure: ConnectionCloseReason,
        _ turn: inout Turn
    ) {
        guard slots.contains(connection), slots[connection.index].state == state else { return }
        if outcome == .succeeded {
            offer(connection.index, &turn)
        } else {
            if outcome == .hookFailed { noteFailure(of: slots[connection.index].lane, &turn) }
            if outcome == .generationBroken { endGeneration(of: connection.index, &turn) }
            let lane = slots[connection.index].lane
            close(connection.index, failure, .orderly, &turn)
            if outcome == .hookRefused { failNext(lane, .hookFailed, &turn) }
            serveAll(&turn)
        }
        check()
    }

    /// Takes the driver's report that it found the connection dead. An idle one is closed and replaced now; any other
    /// when it comes back, whatever its release reports: the two reports may have crossed.
    mutating func lost(_ connection: ConnectionID, _ turn: inout Turn) {
        guard slots.contains(connection) else { return }
        switch slots[connection.index].state {
        case .idle:
            if slots[connection.index].uses == 0 { noteStillbirth(connection.index, &turn) }
            close(connection.index, .broken, .orderly, &turn)
            serveAll(&turn)
        case .leased, .validating, .resetting: slots[connection.index].flags.insert(.isLost)
        case .free, .opening, .abandoned, .closing: return
        }
        check()
    }

    /// Takes the report that the driver has closed the connection: its place is free.
    mutating func closed(_ connection: ConnectionID, _ turn: inout Turn) {
        guard slots.contains(connection), slots[connection.index].state == .closing else { return }
        free(connection.index, &turn)
        serveAll(&turn)
        check()
    }

    private mutating func free(_ slot: Int32, _ turn: inout Turn) {
        schedule.removeDeadline(of: slot)
        if slots[slot].flags.contains(.makesRoom) { permits.endYielding() }
        move(slot, to: .free, &turn)
        ceiling = min(ceiling, counts.total)
        // Before a waiter of this pool takes the place: a waiter of another pool may have come first.
        permits.returnUnused(places: counts.total)
        if life != .running { closeUnneeded(&turn) }
    }
}
