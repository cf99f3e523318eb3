extension Engine {
    /// The time for which a closing pool waits for its drivers once it has told them that the drain is over.
    static var closingGrace: Nanoseconds { 5_000_000_000 }

    /// Makes all connections that are open or being opened now unusable: idle ones are closed, the others when they
    /// come back.
    /// - Parameter interrupts: whether to close those in use now, too.
    /// - Returns: the number of these connections.
    mutating func clear(interrupts: Bool = false, _ turn: inout Turn) -> Int {
        let affected = counts.established + counts.opening
        for lane in lanes.indices { invalidate(lane, &turn) }
        if interrupts, life == .running {
            for slot in slots.indices {
                switch slots[slot].state {
                case .leased, .validating, .resetting: close(slot, .cleared, .forced, &turn)
                case .free, .opening, .abandoned, .idle, .closing: break
                }
            }
        }
        serveAll(&turn)
        check()
        return affected
    }

    /// Ends the generation of the connection in `slot`: the server is no longer the one that its connections knew.
    /// Connections opened since the first report are good: one restart is reported by many.
    mutating func endGeneration(of slot: Int32, _ turn: inout Turn) {
        let lane = slots[slot].lane
        if slots[slot].epoch == lanes[lane].epoch { invalidate(lane, &turn) }
    }

    private mutating func invalidate(_ lane: Int, _ turn: inout Turn) {
        lanes[lane].epoch &+= 1
        // A closing pool closes the idle connections anyway, in its own order.
        guard life == .running else { return }
        while let slot = lanes[lane].idle.first { close(slot, .cleared, .orderly, &turn) }
    }

    /// Refuses new acquires, fails those that wait for a release, and closes each connection as it becomes free; from
    /// `forceAt` on all others too. ``Effect/finished`` follows. Calling it again can only bring `forceAt` forward.
    mutating func beginClosing(forceAt: Nanoseconds, _ turn: inout Turn) {
        switch life {
        case .running:
            turn.effects.append(.draining)
            endGoals(.closed, &turn)
        case .draining(let earlier) where forceAt < earlier: break
        case .draining, .forcing, .finished: return
        }
        life = .draining(forceAt: forceAt)
        schedule.arm(forceAt, &turn)
        advanceClosing(&turn)
        settlePermits(&turn)
        check()
    }

    /// Takes the steps of closing that are due.
    mutating func advanceClosing(_ turn: inout Turn) {
        if case .draining(let forceAt) = life, turn.now >= forceAt {
            // Counted from now, so that a process that stood still until long after `forceAt` still gives its drivers
            // their time.
            let giveUpAt = turn.now.adding(Self.closingGrace)
            life = .forcing(giveUpAt: giveUpAt)
            schedule.arm(giveUpAt, &turn)
        }
        if case .forcing(let giveUpAt) = life, turn.now >= giveUpAt {
            closeUnneeded(inLanesThatCloseLast: false, &turn)
            closeUnneeded(inLanesThatCloseLast: true, &turn)
            return finish(&turn)
        }
        settleClosing(&turn)
    }

    /// Serves the acquires that may still be served, and closes connections that they do not need.
    mutating func settleClosing(_ turn: inout Turn) {
        switch life {
        case .running: return
        case .draining, .forcing: serveTheLast(&turn)
        // A driver that was left behind may still return a connection that must be closed.
        case .finished: break
        }
        closeUnneeded(&turn)
    }

    var nextClosingStep: Nanoseconds? {
        switch life {
        case .draining(let forceAt): forceAt
        case .forcing(let giveUpAt): giveUpAt
        case .running, .finished: nil
        }
    }

    /// Closes all connections that the closing pool no longer needs; the lanes that close last wait for the others.
    mutating func closeUnneeded(_ turn: inout Turn) {
        closeUnneeded(inLanesThatCloseLast: false, &turn)
        let othersAreGone = lanes.allSatisfy { $0.limits.closesLast || $0.counts.total == 0 }
        if othersAreGone { closeUnneeded(inLanesThatCloseLast: true, &turn) }
        if counts.total == 0, waiting == 0 { finish(&turn) }
    }

    private mutating func closeUnneeded(inLanesThatCloseLast isLast: Bool, _ turn: inout Turn) {
        for lane in lanes.indices where lanes[lane].limits.closesLast == isLast {
            while let slot = lanes[lane].idle.first { close(slot, .poolClosed, .orderly, &turn) }
        }
        guard case .forcing = life else { return }
        for slot in slots.indices where lanes[slots[slot].lane].limits.closesLast == isLast {
            switch slots[slot].state {
            case .leased, .validating, .resetting: close(slot, .poolClosed, .forced, &turn)
            case .free, .opening, .abandoned, .idle, .closing: break
            }
        }
    }

    private mutating func finish(_ turn: inout Turn) {
        guard life != .finished else { return }
        life = .finished
        // A caller that waits for the end finds the budget settled.
        settlePermits(&turn)
        turn.effects.append(.finished)
    }
}
