extension Engine {
    /// Finds the best use for a connection that was just opened, validated, reset or released.
    mutating func offer(_ slot: Int32, _ turn: inout Turn) {
        let lane = slots[slot].lane
        if slots[slot].state != .leased { schedule.setDeadline(of: slot, lifetimeDue(slot, turn.now), &turn) }
        if life != .running {
            offerWhileClosing(slot, &turn)
        } else if let flaw = flaw(of: slot) {
            closeAndRefill(slot, flaw, &turn)
        } else if isSurplus(slot) {
            closeAndRefill(slot, .shrunk, &turn)
        } else if slots[slot].flags.contains(.isOverAge), takeRetirementTurn(slot, &turn) {
            closeAndRefill(slot, .lifetime, &turn)
        } else if rotation != nil, advanceRotation(with: slot, &turn) {
            closeAndRefill(slot, .rotated, &turn)
        } else if laneStarves(behind: lane, isJustOpened: isBeingOpened(slot), turn.now)
            || budgetStarves(behind: lane)
        {
            closeAndRefill(slot, .makingRoom, &turn)
        } else if lanes[lane].waiters.isEmpty {
            park(slot, &turn)
            let concernsOthers = permits.hasAsked || permits.shortage.exists
            if waiting > 0 || rotation != nil || concernsOthers { serveAll(&turn) }
        } else if configuration.validatesEveryGrant, slots[slot].state != .validating {
            park(slot, &turn)
            if lanes[lane].waiters.count > lanes[lane].counts.validating, let match = nextMatch(of: lane) {
                beginValidation(match.slot, &turn)
            }
            serveAll(&turn)
        } else {
            guard let waiter = nextWaiter(for: slot) else {
                park(slot, &turn)
                return serveAll(&turn)
            }
            grant(slot, to: waiter, &turn)
            // With this waiter gone, it may be the turn of one that an idle session with a tag suits.
            if rotation != nil || slots.taggedCount > 0 && !lanes[lane].idle.isEmpty {
                serveAll(&turn)
            } else if permits.hasAsked {
                settlePermits(&turn)
            }
        }
    }

    /// The reason for which the connection in `slot` must not serve another lease, if there is one.
    @inline(__always)
    func flaw(of slot: Int32) -> ConnectionCloseReason? {
        if slots[slot].epoch != lanes[slots[slot].lane].epoch { return .cleared }
        if slots[slot].flags.contains(.isLost) { return .broken }
        return isUsedUp(slot) ? .usedUp : nil
    }

    private mutating func closeAndRefill(
        _ slot: Int32, _ reason: ConnectionCloseReason, _ turn: inout Turn
    ) {
        close(slot, reason, .orderly, &turn)
        serveAll(&turn)
    }

    mutating func park(_ slot: Int32, _ turn: inout Turn) {
        let lane = slots[slot].lane
        move(slot, to: .idle, &turn)
        if slots[slot].flags.contains(.isOverAge) { schedule.setDeadline(of: slot, lifetimeDue(slot, turn.now), &turn) }
        if configuration.idleTimeout != .never, lanes[lane].idle.count == lanes[lane].limits.minimumIdle + 1,
            let first = lanes[lane].idle.first
        {
            schedule.arm(slots[first].since.adding(configuration.idleTimeout), &turn)
        }
    }

    mutating func grant(_ slot: Int32, to waiter: Int32, _ turn: inout Turn) {
        dequeue(waiter, &turn)
        grant(slot, to: waiters[waiter].holder, &turn)
        counters.dequeued += 1
        if needsSessionHook(slot, waiters[waiter].tag) {
            beginPreparation(of: slot, for: waiters[waiter], &turn)
        } else {
            counters.acquired += 1
            waitTimes.record(waited(waiter, turn.now))
        }
        turn.effects.append(.grant(waiters.id(of: waiter), slots.id(of: slot)))
    }

    /// The waiting time of an acquire whose wait has just ended.
    private func waited(_ waiter: Int32, _ now: Nanoseconds) -> Nanoseconds {
        guard configuration.hasSessionHook else { return now - waiters[waiter].since }
        // The acquire may have waited before, for a connection that its session hook did not want.
        let lane = waiters[waiter].lane
        return (lanes[lane].phaseTimes(at: now) - waiters[waiter].phasesBefore).total
    }

    @inline(__always)
    private func isBeingOpened(_ slot: Int32) -> Bool {
        slots[slot].state == .opening && !slots[slot].isSilent
    }

    /// True if a waiter of another lane, which has no connection at all, came before every waiter of `lane`, and only a
    /// closed connection makes room for it.
    private func laneStarves(behind lane: Int, isJustOpened: Bool, _ now: Nanoseconds) -> Bool {
        guard lanes.count > 1, waiting > lanes[lane].waiters.count, counts.total >= configuration.maximumConnections,
            counts.closing == 0
        else { return false }
        let own = lanes[lane].waiters.oldestSequence(in: waiters)
        return lanes.indices.contains { other in
            // A connection that was just opened still counts among those being opened.
            let finished = isJustOpened && lanes.server(of: other) == lanes.server(of: lane) ? 1 : 0
            return lanes[other].counts.live == 0 && lanes[other].counts.total < lanes[other].limits.maximum
                && lanes[lanes.server(of: other)].connects - finished < configuration.concurrentConnects
                && isRetryDue(other, now) && lanes[other].waiters.oldestSequence(in: waiters) < own
        }
    }

    /// Gives every lane the connections it lacks, in the order of their oldest waiters.
    mutating func serveAll(_ turn: inout Turn) {
        defer { settlePermits(&turn) }
        guard life == .running else { return settleClosing(&turn) }
        let hasFloors = rotation != nil || !goals.isEmpty
        if rotation != nil { advanceRotation(&turn) }
        // Open nothing for goals whose time is over.
        if hasFloors { settleGoals(&turn) }
        serveLanes(&turn)
        settleGrowth()
        guard hasFloors else { return }
        settleGoals(&turn)
        if let instant = nextRotationAlarm(turn.now) { schedule.arm(instant, &turn) }
        armIdleExpiries(&turn)
    }

    private mutating func serveLanes(_ turn: inout Turn) {
        guard lanes.count > 1 else {
            while serveOnce(0, &turn) {}
            return
        }
        guard lanes.contains(where: \.mayBeServed) else { return }
        let order = lanes.indices.sorted {
            (lanes[$0].waiters.oldestSequence(in: waiters), $0) < (lanes[$1].waiters.oldestSequence(in: waiters), $1)
        }
        var progress = true
        while progress {
            progress = false
            for lane in order where serveOnce(lane, &turn) { progress = true }
        }
    }

    /// Takes one step towards the connections that `lane` lacks. False if nothing can be done now.
    private mutating func serveOnce(_ lane: Int, _ turn: inout Turn) -> Bool {
        // An idle connection serves before connections that are opened or reset: these may take long, or fail.
        if lanes[lane].waiters.count > lanes[lane].counts.validating, let match = nextMatch(of: lane) {
            if needsValidation(match.slot, turn.now) {
                beginValidation(match.slot, &turn)
            } else {
                grant(match.slot, to: match.waiter, &turn)
            }
            return true
        }
        return resetTagged(lane, &turn) || lanes[lane].shortfall > 0 && openOne(lane, &turn)
    }

    mutating func beginValidation(_ slot: Int32, _ turn: inout Turn) {
        let isStale = turn.now - slots[slot].since >= configuration.validateAfterIdle
        move(slot, to: .validating, &turn)
        counters.validations += 1
        schedule.setDeadline(of: slot, turn.now.adding(configuration.validationTimeout), &turn)
        turn.effects.append(.validate(slots.id(of: slot), isStale: isStale))
    }

    private mutating func openOne(_ lane: Int, _ turn: inout Turn) -> Bool {
        guard mayConnect(lane), lanes[lane].counts.total < lanes[lane].limits.maximum else { return false }
        guard isRetryDue(lane, turn.now) else {
            if lanes[lane].failures > 0, turn.now < lanes[lane].retryAt { schedule.arm(lanes[lane].retryAt, &turn) }
            return false
        }
        guard counts.total < configuration.maximumConnections else { return steal(for: lane, &turn) }
        guard counts.total < permits.held else { return false }
        beginConnect(lane, &turn)
        return true
    }

    /// Begins a connect. The caller has checked everything that could forbid it.
    mutating func beginConnect(_ lane: Int, _ turn: inout Turn) {
        let slot = slots.open(lane, in: &lanes, turn.now)
        // The new connection may lift the lane above the number it keeps.
        if let expiry = idleExpiry(of: lane) { schedule.arm(expiry, &turn) }
        let deadline = turn.now.adding(configuration.connectTimeout)
        lanes[lane].attemptedAt = turn.now
        slots[slot].connectDeadline = deadline
        schedule.setDeadline(of: slot, min(deadline, turn.now.adding(configuration.silentAfter)), &turn)
        turn.effects.append(
            .open(slots.id(of: slot), lane: lane, attempt: lanes[lane].failures + 1, deadline: deadline))
    }

    /// Closes the idle connection of another lane that was unused for longest. Its place is free once it is closed.
    private mutating func steal(for lane: Int, _ turn: inout Turn) -> Bool {
        guard !lanes[lane].waiters.isEmpty, counts.closing < lanes[lane].urgentShortfall else { return false }
        guard let oldest = longestIdle(in: { $0 != lane }) else { return false }
        close(oldest, .makingRoom, .orderly, &turn)
        return true
    }
}
