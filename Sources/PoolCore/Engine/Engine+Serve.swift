extension Engine {
    /// Finds the best use for a connection that was just opened, validated, reset or released.
    mutating func offer(_ slot: Int32, _ now: Nanoseconds, _ effects: inout EffectList) {
        let lane = slots[slot].lane
        if slots[slot].state != .leased { setDeadline(slot, lifetimeDue(slot, now), &effects) }
        if life != .running {
            offerWhileClosing(slot, now, &effects)
        } else if slots[slot].epoch != lanes[lane].epoch {
            closeAndRefill(slot, .cleared, now, &effects)
        } else if slots[slot].flags.contains(.isLost) {
            closeAndRefill(slot, .broken, now, &effects)
        } else if isUsedUp(slot) {
            closeAndRefill(slot, .usedUp, now, &effects)
        } else if isSurplus(slot) {
            closeAndRefill(slot, .shrunk, now, &effects)
        } else if slots[slot].flags.contains(.isOverAge), mayRetire(slot, now) {
            closeAndRefill(slot, .lifetime, now, &effects)
        } else if rotation != nil, rotationTakes(slot, now) {
            closeAndRefill(slot, .rotated, now, &effects)
        } else if laneStarves(besides: lane, isJustOpened: isBeingOpened(slot), now)
            || budgetStarves(besides: lane)
        {
            closeAndRefill(slot, .makingRoom, now, &effects)
        } else if lanes[lane].waiters.isEmpty {
            park(slot, now, &effects)
            let concernsOthers = permits.hasAsked || permits.shortage.exists
            if waiting > 0 || rotation != nil || concernsOthers { serveAll(now, &effects) }
        } else if configuration.validatesEveryGrant, slots[slot].state != .validating {
            park(slot, now, &effects)
            if lanes[lane].waiters.count > lanes[lane].counts.validating, let match = nextMatch(of: lane) {
                beginValidation(match.slot, now, &effects)
            }
            serveAll(now, &effects)
        } else {
            guard let waiter = nextWaiter(for: slot) else {
                park(slot, now, &effects)
                return serveAll(now, &effects)
            }
            grant(slot, to: waiter, now, &effects)
            // With this waiter gone, it may be the turn of one that an idle session with a tag suits.
            if rotation != nil || taggedCount > 0 && !lanes[lane].idle.isEmpty {
                serveAll(now, &effects)
            } else if permits.hasAsked {
                settlePermits(now, &effects)
            }
        }
    }

    private mutating func closeAndRefill(
        _ slot: Int32, _ reason: ConnectionCloseReason, _ now: Nanoseconds, _ effects: inout EffectList
    ) {
        close(slot, reason, .orderly, now, &effects)
        serveAll(now, &effects)
    }

    mutating func park(_ slot: Int32, _ now: Nanoseconds, _ effects: inout EffectList) {
        let lane = slots[slot].lane
        move(slot, to: .idle, now)
        if slots[slot].flags.contains(.isOverAge) { setDeadline(slot, lifetimeDue(slot, now), &effects) }
        if configuration.idleTimeout != .never, lanes[lane].idle.count == lanes[lane].limits.minimumIdle + 1,
            let first = lanes[lane].idle.first
        {
            arm(slots[first].since.adding(configuration.idleTimeout), &effects)
        }
    }

    mutating func grant(_ slot: Int32, to waiter: Int32, _ now: Nanoseconds, _ effects: inout EffectList) {
        dequeue(waiter, now)
        grant(slot, to: waiters[waiter].holder, now, &effects)
        counters.dequeued += 1
        if needsSessionHook(slot, waiters[waiter].tag) {
            beginPreparation(of: slot, for: waiters[waiter], now)
        } else {
            counters.acquired += 1
            waitTimes.record(waited(waiter, now))
        }
        effects.append(.grant(waiters.id(of: waiter), slots.id(of: slot)))
    }

    /// The waiting time of an acquire whose wait has just ended.
    private func waited(_ waiter: Int32, _ now: Nanoseconds) -> Nanoseconds {
        guard configuration.hasSessionHook else { return now - waiters[waiter].since }
        // The acquire may have waited before, for a connection that its session hook did not want.
        let lane = waiters[waiter].lane
        return (lanes[lane].phaseTimes(at: now) - waiters[waiter].phasesBefore).total
    }

    private func isBeingOpened(_ slot: Int32) -> Bool {
        slots[slot].state == .opening && !slots[slot].flags.contains(.isSilent)
    }

    /// True if a waiter of another lane, which has no connection at all, came before every waiter of `lane`, and only a
    /// closed connection makes room for it.
    private func laneStarves(besides lane: Int, isJustOpened: Bool, _ now: Nanoseconds) -> Bool {
        guard lanes.count > 1, waiting > lanes[lane].waiters.count, counts.total >= configuration.maximumConnections,
            counts.closing == 0
        else { return false }
        let own = lanes[lane].waiters.oldestSequence(in: waiters)
        return lanes.indices.contains { other in
            // A connection that was just opened still counts among those being opened.
            let finished = isJustOpened && server(of: other) == server(of: lane) ? 1 : 0
            return lanes[other].counts.live == 0 && lanes[other].counts.total < lanes[other].limits.maximum
                && lanes[server(of: other)].connects - finished < configuration.concurrentConnects
                && isRetryDue(other, now) && lanes[other].waiters.oldestSequence(in: waiters) < own
        }
    }

    /// Gives every lane the connections it lacks, in the order of their oldest waiters.
    mutating func serveAll(_ now: Nanoseconds, _ effects: inout EffectList) {
        defer { settlePermits(now, &effects) }
        guard life == .running else { return settleClosing(now, &effects) }
        let hasFloors = rotation != nil || !goals.isEmpty
        if rotation != nil { advanceRotation(now, &effects) }
        // Open nothing for goals whose time is over.
        if hasFloors { settleGoals(now, &effects) }
        serveLanes(now, &effects)
        settleGrowth()
        guard hasFloors else { return }
        settleGoals(now, &effects)
        if let instant = nextRotationAlarm(now) { arm(instant, &effects) }
        armIdleExpiries(&effects)
    }

    private mutating func serveLanes(_ now: Nanoseconds, _ effects: inout EffectList) {
        guard lanes.count > 1 else {
            while serveOnce(0, now, &effects) {}
            return
        }
        guard lanes.contains(where: \.mayBeServed) else { return }
        let order = lanes.indices.sorted {
            (lanes[$0].waiters.oldestSequence(in: waiters), $0) < (lanes[$1].waiters.oldestSequence(in: waiters), $1)
        }
        var progress = true
        while progress {
            progress = false
            for lane in order where serveOnce(lane, now, &effects) { progress = true }
        }
    }

    /// Takes one step towards the connections that `lane` lacks. False if nothing can be done now.
    private mutating func serveOnce(_ lane: Int, _ now: Nanoseconds, _ effects: inout EffectList) -> Bool {
        // An idle connection serves before connections that are opened or reset: these may take long, or fail.
        if lanes[lane].waiters.count > lanes[lane].counts.validating, let match = nextMatch(of: lane) {
            if needsValidation(match.slot, now) {
                beginValidation(match.slot, now, &effects)
            } else {
                grant(match.slot, to: match.waiter, now, &effects)
            }
            return true
        }
        return resetTagged(lane, now, &effects) || lanes[lane].wanted > 0 && openOne(lane, now, &effects)
    }

    mutating func beginValidation(_ slot: Int32, _ now: Nanoseconds, _ effects: inout EffectList) {
        let isStale = now - slots[slot].since >= configuration.validateAfterIdle
        move(slot, to: .validating, now)
        counters.validations += 1
        setDeadline(slot, now.adding(configuration.validationTimeout), &effects)
        effects.append(.validate(slots.id(of: slot), isStale: isStale))
    }

    private mutating func openOne(_ lane: Int, _ now: Nanoseconds, _ effects: inout EffectList) -> Bool {
        guard mayConnect(lane), lanes[lane].counts.total < lanes[lane].limits.maximum else { return false }
        guard isRetryDue(lane, now) else {
            if lanes[lane].failures > 0, now < lanes[lane].retryAt { arm(lanes[lane].retryAt, &effects) }
            return false
        }
        guard counts.total < configuration.maximumConnections else { return steal(for: lane, now, &effects) }
        guard counts.total < permits.held else { return false }
        beginConnect(lane, now, &effects)
        return true
    }

    /// Begins a connect. The caller has checked everything that could forbid it.
    mutating func beginConnect(_ lane: Int, _ now: Nanoseconds, _ effects: inout EffectList) {
        let slot = allocateSlot(lane: lane, now)
        // The new connection may lift the lane above the number it keeps.
        if let expiry = idleExpiry(of: lane) { arm(expiry, &effects) }
        let deadline = now.adding(configuration.connectTimeout)
        lanes[lane].attemptedAt = now
        slots[slot].connectDeadline = deadline
        setDeadline(slot, min(deadline, now.adding(configuration.silentAfter)), &effects)
        effects.append(
            .open(slots.id(of: slot), lane: lane, attempt: lanes[lane].failures + 1, deadline: deadline))
    }

    /// Closes the idle connection of another lane that was unused for longest. Its place is free once it is closed.
    private mutating func steal(for lane: Int, _ now: Nanoseconds, _ effects: inout EffectList) -> Bool {
        guard !lanes[lane].waiters.isEmpty, counts.closing < lanes[lane].needed else { return false }
        guard let oldest = longestIdle(in: { $0 != lane }) else { return false }
        close(oldest, .makingRoom, .orderly, now, &effects)
        return true
    }
}
