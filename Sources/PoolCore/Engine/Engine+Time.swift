extension Engine {
    /// Asks for an alarm at `instant`, unless an earlier one is on its way.
    mutating func arm(_ instant: Nanoseconds, _ effects: inout EffectList) {
        guard instant < armedAt else { return }
        armedAt = instant
        effects.append(.setAlarm(instant))
    }

    /// Performs everything that is due, after the alarm that was set has gone off, and asks for the next one.
    /// - Parameter random: uniformly distributed, for the backoff after a connect that took too long.
    mutating func alarm(now: Nanoseconds, random: UInt64, effects: inout EffectList) {
        armedAt = .never
        failLateWaiters(now, &effects)
        handleSlotDeadlines(now, random, &effects)
        closeIdleForLong(now, &effects)
        warnOfLeaks(now, &effects)
        advanceClosing(now, &effects)
        serveAll(now, &effects)
        if let next = nextAlarm(now) { arm(next, &effects) }
        check()
    }

    private mutating func failLateWaiters(_ now: Nanoseconds, _ effects: inout EffectList) {
        while let (due, waiter) = waiterDeadlines.earliest, due <= now {
            dequeue(waiter, now)
            counters.count(.timedOut, inQueue: true)
            effects.append(.fail(waiters.id(of: waiter), .timedOut))
        }
    }

    private mutating func handleSlotDeadlines(_ now: Nanoseconds, _ random: UInt64, _ effects: inout EffectList) {
        while let (due, slot) = slotDeadlines.earliest, due <= now {
            slotDeadlines.remove(slot)
            let lane = slots[slot].lane
            switch slots[slot].state {
            case .opening where now < slots[slot].connectDeadline:
                markSilent(slot, now, &effects)
            case .opening:
                noteFailure(lane, now, random, since: slots[slot].since)
                move(slot, to: .abandoned, now)
                effects.append(.cancelOpen(slots.id(of: slot)))
            case .validating:
                close(slot, .validationFailed, .forced, now, &effects)
                closeUnused(lane, now, &effects)
            case .resetting:
                close(slot, .resetFailed, .forced, now, &effects)
            case .idle:
                slots[slot].flags.insert(.isOverAge)
                if mayRetire(slot, now) {
                    close(slot, .lifetime, .orderly, now, &effects)
                } else {
                    setDeadline(slot, lifetimeDue(slot, now), &effects)
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
    private mutating func closeUnused(_ lane: Int, _ now: Nanoseconds, _ effects: inout EffectList) {
        while let slot = lanes[lane].idle.first, now - slots[slot].since >= configuration.validateAfterIdle {
            close(slot, .validationFailed, .orderly, now, &effects)
        }
    }

    private mutating func closeIdleForLong(_ now: Nanoseconds, _ effects: inout EffectList) {
        for lane in lanes.indices {
            while let due = idleExpiry(of: lane), due <= now, let slot = lanes[lane].idle.first {
                close(slot, .idleTimeout, .orderly, now, &effects)
            }
        }
    }

    /// The instant at which the connection of `lane` that was unused for longest reaches the idle timeout, if it may be
    /// closed.
    func idleExpiry(of lane: Int) -> Nanoseconds? {
        guard configuration.idleTimeout != .never, let slot = lanes[lane].idle.first,
            lanes[lane].counts.live > lanes[lane].kept, lanes[lane].idle.count > lanes[lane].limits.minimumIdle
        else { return nil }
        return slots[slot].since.adding(configuration.idleTimeout)
    }

    /// Arms the idle timeouts again, because fewer connections are kept from now on.
    mutating func armIdleExpiries(_ effects: inout EffectList) {
        for lane in lanes.indices {
            if let expiry = idleExpiry(of: lane) { arm(expiry, &effects) }
        }
    }

    private mutating func warnOfLeaks(_ now: Nanoseconds, _ effects: inout EffectList) {
        while let due = nextLeakWarning, due <= now, let slot = firstUnwarnedLease {
            effects.append(.warnOfLeak(slots.id(of: slot)))
            counters.leakWarnings += 1
            firstUnwarnedLease = slots[slot].links.next
        }
    }

    private var nextLeakWarning: Nanoseconds? {
        guard configuration.leakWarning != .never, let slot = firstUnwarnedLease else { return nil }
        return slots[slot].since.adding(configuration.leakWarning)
    }

    /// The earliest instant at which something is due.
    func nextAlarm(_ now: Nanoseconds) -> Nanoseconds? {
        var next = Nanoseconds.never
        if let earliest = waiterDeadlines.earliest { next = min(next, earliest.due) }
        if let earliest = slotDeadlines.earliest { next = min(next, earliest.due) }
        if let warning = nextLeakWarning { next = min(next, warning) }
        if let closing = nextClosingStep { next = min(next, closing) }
        for goal in goals where goal.deadline > now { next = min(next, goal.deadline) }
        if let instant = nextRotationAlarm(now) { next = min(next, instant) }
        for lane in lanes.indices {
            if let expiry = idleExpiry(of: lane) { next = min(next, expiry) }
            if lanes[lane].failures > 0, lanes[lane].wanted > 0, lanes[lane].retryAt > now {
                next = min(next, lanes[lane].retryAt)
            }
        }
        return next == .never ? nil : next
    }
}
