extension Engine {
    /// The time for which a closing pool waits for its drivers once it has told them that the drain is over.
    static var closingGrace: Nanoseconds { 5_000_000_000 }

    /// Makes all connections that are open or being opened now unusable: idle ones are closed, the others when they
    /// come back.
    /// - Parameter interrupts: whether to close those in use now, too.
    /// - Returns: the number of these connections.
    mutating func clear(interrupts: Bool = false, now: Nanoseconds, effects: inout EffectList) -> Int {
        let affected = counts.established + counts.opening
        for lane in lanes.indices { invalidate(lane, now, &effects) }
        if interrupts, life == .running {
            for slot in slots.indices {
                switch slots[slot].state {
                case .leased, .validating, .resetting: close(slot, .cleared, .forced, now, &effects)
                case .free, .opening, .abandoned, .idle, .closing: break
                }
            }
        }
        serveAll(now, &effects)
        check()
        return affected
    }

    /// Ends the generation of the connection in `slot`: the server is no longer the one that its connections knew.
    /// Connections opened since the first report are good: one restart is reported by many.
    mutating func endGeneration(of slot: Int32, _ now: Nanoseconds, _ effects: inout EffectList) {
        let lane = slots[slot].lane
        if slots[slot].epoch == lanes[lane].epoch { invalidate(lane, now, &effects) }
    }

    private mutating func invalidate(_ lane: Int, _ now: Nanoseconds, _ effects: inout EffectList) {
        lanes[lane].epoch &+= 1
        // A closing pool closes the idle connections anyway, in its own order.
        guard life == .running else { return }
        while let slot = lanes[lane].idle.first { close(slot, .cleared, .orderly, now, &effects) }
    }

    /// Refuses new acquires, fails those that wait for a release, and closes each connection as it becomes free; from
    /// `forceAt` on all others too. ``Effect/finished`` follows. Calling it again can only bring `forceAt` forward.
    mutating func beginClosing(now: Nanoseconds, forceAt: Nanoseconds, effects: inout EffectList) {
        switch life {
        case .running:
            effects.append(.draining)
            endGoals(.closed, &effects)
        case .draining(let earlier) where forceAt < earlier: break
        case .draining, .forcing, .finished: return
        }
        life = .draining(forceAt: forceAt)
        arm(forceAt, &effects)
        advanceClosing(now, &effects)
        settlePermits(now, &effects)
        check()
    }

    /// Takes the steps of closing that are due.
    mutating func advanceClosing(_ now: Nanoseconds, _ effects: inout EffectList) {
        if case .draining(let forceAt) = life, now >= forceAt {
            // Counted from now, so that a process that stood still until long after `forceAt` still gives its drivers
            // their time.
            let giveUpAt = now.adding(Self.closingGrace)
            life = .forcing(giveUpAt: giveUpAt)
            arm(giveUpAt, &effects)
        }
        if case .forcing(let giveUpAt) = life, now >= giveUpAt {
            closeFree(last: false, now, &effects)
            closeFree(last: true, now, &effects)
            return finish(now, &effects)
        }
        settleClosing(now, &effects)
    }

    /// Serves the acquires that may still be served, and closes connections that they do not need.
    mutating func settleClosing(_ now: Nanoseconds, _ effects: inout EffectList) {
        switch life {
        case .running: return
        case .draining, .forcing: serveTheLast(now, &effects)
        // A driver that was left behind may still return a connection that must be closed.
        case .finished: break
        }
        closeWhatMay(now, &effects)
    }

    var nextClosingStep: Nanoseconds? {
        switch life {
        case .draining(let forceAt): forceAt
        case .forcing(let giveUpAt): giveUpAt
        case .running, .finished: nil
        }
    }

    /// Closes all connections that the closing pool no longer needs; the lanes that close last wait for the others.
    mutating func closeWhatMay(_ now: Nanoseconds, _ effects: inout EffectList) {
        closeFree(last: false, now, &effects)
        let othersAreGone = lanes.allSatisfy { $0.limits.closesLast || $0.counts.total == 0 }
        if othersAreGone { closeFree(last: true, now, &effects) }
        if counts.total == 0, waiting == 0 { finish(now, &effects) }
    }

    private mutating func closeFree(last: Bool, _ now: Nanoseconds, _ effects: inout EffectList) {
        for lane in lanes.indices where lanes[lane].limits.closesLast == last {
            while let slot = lanes[lane].idle.first { close(slot, .poolClosed, .orderly, now, &effects) }
        }
        guard case .forcing = life else { return }
        for slot in slots.indices where lanes[slots[slot].lane].limits.closesLast == last {
            switch slots[slot].state {
            case .leased, .validating, .resetting: close(slot, .poolClosed, .forced, now, &effects)
            case .free, .opening, .abandoned, .idle, .closing: break
            }
        }
    }

    private mutating func finish(_ now: Nanoseconds, _ effects: inout EffectList) {
        guard life != .finished else { return }
        life = .finished
        // A caller that waits for the end finds the budget settled.
        settlePermits(now, &effects)
        effects.append(.finished)
    }
}
