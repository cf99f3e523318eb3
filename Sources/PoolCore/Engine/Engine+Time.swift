extension Engine {
    /// Performs everything that is due, after the alarm that was set has gone off, and asks for the next one.
    ///
    /// The turn needs a random number, for the backoff after a connect that took too long.
    mutating func alarm(_ turn: inout Turn) {
        schedule.disarm()
        failLateWaiters(&turn)
        handleSlotDeadlines(&turn)
        closeIdleForLong(&turn)
        warnOfLeaks(&turn)
        advanceClosing(&turn)
        serveAll(&turn)
        if let next = nextAlarm(turn.now) { schedule.arm(next, &turn) }
        check()
    }

    private mutating func failLateWaiters(_ turn: inout Turn) {
        while let waiter = schedule.lateWaiter(turn.now) {
            fail(waiter, .timedOut, &turn)
        }
    }

    private mutating func handleSlotDeadlines(_ turn: inout Turn) {
        while let slot = schedule.takeLateSlot(turn.now) {
            let lane = slots[slot].lane
            switch slots[slot].state {
            case .opening where turn.now < slots[slot].connectDeadline:
                slots.markSilent(slot, in: &lanes)
                schedule.setDeadline(of: slot, slots[slot].connectDeadline, &turn)
            case .opening:
                noteFailure(of: lane, since: slots[slot].since, &turn)
                move(slot, to: .abandoned, &turn)
                turn.effects.append(.cancelOpen(slots.id(of: slot)))
            case .validating:
                close(slot, .validationFailed, .forced, &turn)
                closeUnused(lane, &turn)
            case .resetting:
                close(slot, .resetFailed, .forced, &turn)
            case .idle:
                slots[slot].flags.insert(.isOverAge)
                if takeRetirementTurn(slot, &turn) {
                    close(slot, .lifetime, .orderly, &turn)
                } else {
                    schedule.setDeadline(of: slot, lifetimeDue(slot, turn.now), &turn)
                }
            case .leased:
                slots[slot].flags.insert(.isOverAge)
            case .free, .abandoned, .closing:
                break
            }
        }
    }

    /// Closes the connections of the lane that were idle for long: if one was silently cut, the others probably were
    /// too, and a waiter must not spend its time on one validation after the other.
    private mutating func closeUnused(_ lane: Int, _ turn: inout Turn) {
        while let slot = lanes[lane].idle.first, turn.now - slots[slot].since >= configuration.validateAfterIdle {
            close(slot, .validationFailed, .orderly, &turn)
        }
    }

    private mutating func closeIdleForLong(_ turn: inout Turn) {
        for lane in lanes.indices {
            while let due = idleExpiry(of: lane), due <= turn.now, let slot = lanes[lane].idle.first {
                close(slot, .idleTimeout, .orderly, &turn)
            }
        }
    }

    /// The instant at which the connection of `lane` that was unused for longest reaches the idle timeout, if it may be
    /// closed.
    @inline(__always)
    func idleExpiry(of lane: Int) -> Nanoseconds? {
        guard configuration.idleTimeout != .never, let slot = lanes[lane].idle.first,
            lanes[lane].counts.live > lanes[lane].idleFloor, lanes[lane].idle.count > lanes[lane].limits.minimumIdle
        else { return nil }
        return slots[slot].since.adding(configuration.idleTimeout)
    }

    /// Arms the idle timeouts again, because fewer connections are kept from now on.
    mutating func armIdleExpiries(_ turn: inout Turn) {
        for lane in lanes.indices {
            if let expiry = idleExpiry(of: lane) { schedule.arm(expiry, &turn) }
        }
    }

    private mutating func warnOfLeaks(_ turn: inout Turn) {
        while let due = nextLeakWarning, due <= turn.now, let slot = schedule.firstUnwarnedLease {
            turn.effects.append(.warnOfLeak(slots.id(of: slot)))
            counters.leakWarnings += 1
            schedule.remove(lease: slot, next: slots.lease(after: slot))
        }
    }

    private var nextLeakWarning: Nanoseconds? {
        guard configuration.leakWarning != .never, let slot = schedule.firstUnwarnedLease else { return nil }
        return slots[slot].since.adding(configuration.leakWarning)
    }

    /// The earliest instant at which something is due.
    func nextAlarm(_ now: Nanoseconds) -> Nanoseconds? {
        var next = schedule.earliest
        if let warning = nextLeakWarning { next = min(next, warning) }
        if let closing = nextClosingStep { next = min(next, closing) }
        for goal in goals where goal.deadline > now { next = min(next, goal.deadline) }
        if let instant = nextRotationAlarm(now) { next = min(next, instant) }
        for lane in lanes.indices {
            if let expiry = idleExpiry(of: lane) { next = min(next, expiry) }
            if lanes[lane].failures > 0, lanes[lane].shortfall > 0, lanes[lane].retryAt > now {
                next = min(next, lanes[lane].retryAt)
            }
        }
        return next == .never ? nil : next
    }
}
