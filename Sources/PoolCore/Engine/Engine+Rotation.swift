/// The replacement of all connections, one after the other. A new connection is opened before an old one is closed, if
/// there is room for both.
struct Rotation: Sendable {
    enum Step: Hashable, Sendable {
        /// Waiting for the instant of the next step, or for a connection that is free.
        case waiting
        /// The new connection is being opened; the old ones still serve. `renewals` is the lane's count from before.
        case openingNew(lane: Int, renewals: UInt32)
        /// The new connection is open, and an old one of the lane can be closed.
        case closingOld(lane: Int)
        /// There was no room for both: the old connection is closed, and the new one is being opened.
        case replacingInPlace(lane: Int, renewals: UInt32)
    }

    /// The time from one step to the next.
    var interval: Nanoseconds
    var nextAt: Nanoseconds
    var step = Step.waiting
    /// The instant at which this step began.
    var since: Nanoseconds
    /// The number of connections that the step's lane must have until the step is done.
    var floor = 0

    var lane: Int? {
        switch step {
        case .waiting: nil
        case .openingNew(let lane, _), .closingOld(let lane), .replacingInPlace(let lane, _): lane
        }
    }

    func floor(of lane: Int) -> Int {
        lane == self.lane ? floor : 0
    }
}

extension Engine {
    /// Replaces every connection that is open or being opened now, evenly over `duration`, one at a time.
    mutating func rotate(over duration: Nanoseconds, _ turn: inout Turn) -> GoalNumber {
        var old: Int64 = 0
        for slot in slots.indices {
            switch slots[slot].state {
            case .free, .closing: break
            case .opening, .abandoned, .idle, .validating, .leased, .resetting:
                slots[slot].flags.insert(.isOld)
                old += 1
            }
        }
        rotation = Rotation(interval: duration / max(1, old), nextAt: turn.now, since: turn.now)
        let number = addGoal(.rotated, deadline: turn.now.adding(duration), &turn)
        serveAll(&turn)
        check()
        return number
    }

    /// The instant at which the rotation itself needs the next call: its next step, or the end of its patience.
    func nextRotationAlarm(_ now: Nanoseconds) -> Nanoseconds? {
        guard let rotation else { return nil }
        var due: Nanoseconds?
        let end = rotationGivesUpAt(rotation)
        if hasGoal(.rotated), end > now { due = end }
        // An acquire may take the candidate before then, without another look at the rotation: so both count.
        if rotation.step == .waiting, rotation.nextAt > now, nextRotationCandidate != nil {
            due = min(due ?? .never, rotation.nextAt)
        }
        return due
    }

    /// The instant after which the step counts as stuck in its driver.
    private func rotationGivesUpAt(_ rotation: Rotation) -> Nanoseconds {
        rotation.since.adding(configuration.connectTimeout).adding(Self.closingGrace)
    }

    /// Takes all steps that can be taken now.
    mutating func advanceRotation(_ turn: inout Turn) {
        while life == .running, let rotation {
            switch rotation.step {
            case .waiting:
                guard hasOld(in: nil) else {
                    self.rotation = nil
                    return
                }
                guard let slot = longestIdleOld(in: nil) else { return }
                guard turn.now >= rotation.nextAt else { return schedule.arm(rotation.nextAt, &turn) }
                if beginStep(for: slot, &turn) { close(slot, .rotated, .orderly, &turn) }
                if let next = self.rotation?.nextAt, next > turn.now { schedule.arm(next, &turn) }
                return
            case .openingNew(let lane, let renewals):
                guard hasOld(in: lane) else {
                    endStep(&turn)
                    continue
                }
                if lanes[lane].renewals != renewals {
                    setStep(.closingOld(lane: lane), floor: rotation.floor, &turn)
                } else if !hasRoom(lane), lanes[lane].counts.opening == 0 {
                    // Another connection has taken the place.
                    setStep(.waiting, floor: 0, &turn)
                } else {
                    return
                }
            case .closingOld(let lane):
                let slot = longestIdleOld(in: lane)
                if let slot {
                    close(slot, .rotated, .orderly, &turn)
                } else if hasOld(in: lane) {
                    return
                }
                endStep(&turn)
            case .replacingInPlace(let lane, let renewals):
                let isTaken =
                    !hasRoom(lane) && lanes[lane].counts.opening + counts.closing + counts.abandoned == 0
                guard lanes[lane].renewals != renewals || isTaken else { return }
                endStep(&turn)
            }
        }
    }

    /// Takes the step that the connection in `slot` allows, which just came free.
    /// - Returns: true if the connection is to be closed for it.
    mutating func advanceRotation(with slot: Int32, _ turn: inout Turn) -> Bool {
        guard let rotation, slots[slot].flags.contains(.isOld) else { return false }
        switch rotation.step {
        case .waiting: return turn.now >= rotation.nextAt && beginStep(for: slot, &turn)
        case .closingOld(lane: slots[slot].lane):
            endStep(&turn)
            return true
        case .openingNew, .closingOld, .replacingInPlace: return false
        }
    }

    /// Begins to replace a connection of the lane of `slot`.
    /// - Returns: true if the connection in `slot` has to be closed first, because there is no room for both.
    private mutating func beginStep(for slot: Int32, _ turn: inout Turn) -> Bool {
        let lane = slots[slot].lane
        let (live, renewals) = (lanes[lane].counts.live, lanes[lane].renewals)
        if hasRoom(lane) {
            // An abandoned connect that has succeeded after all does not count as live yet.
            let isLate = slots[slot].state == .abandoned
            setStep(.openingNew(lane: lane, renewals: renewals), floor: live + (isLate ? 2 : 1), &turn)
            return false
        }
        // Wait: a place is about to come free, or a closed connection's successor is on its way, of an earlier rotation
        // for example.
        guard counts.closing + counts.abandoned == 0, lanes[lane].counts.opening == 0 else { return false }
        // No connection is given up while a connect would have to wait.
        if lanes[lane].failures > 0, turn.now < lanes[lane].retryAt {
            rotation?.nextAt = lanes[lane].retryAt
            return false
        }
        setStep(.replacingInPlace(lane: lane, renewals: renewals), floor: live, &turn)
        return true
    }

    private func hasRoom(_ lane: Int) -> Bool {
        counts.total < configuration.maximumConnections && lanes[lane].counts.total < lanes[lane].limits.maximum
            && (!permits.isShared || counts.total < permits.held)
    }

    private mutating func setStep(_ step: Rotation.Step, floor: Int, _ turn: inout Turn) {
        rotation?.step = step
        rotation?.floor = floor
        rotation?.since = turn.now
        setFloors()
    }

    private mutating func endStep(_ turn: inout Turn) {
        guard let rotation else { return }
        self.rotation?.nextAt = rotation.nextAt.adding(rotation.interval)
        setStep(.waiting, floor: 0, &turn)
    }

    /// Stops the rotation that the goal waits for, unless another goal waits for it too. The old connections that are
    /// left stay as they are.
    mutating func stopRotation(of number: GoalNumber) {
        guard !goals.contains(where: { $0.kind == .rotated && $0.number != number }) else { return }
        rotation = nil
        for slot in slots.indices { slots[slot].flags.remove(.isOld) }
        setFloors()
    }

    func rotationOutcome(_ now: Nanoseconds, deadline: Nanoseconds) -> GoalOutcome? {
        guard let rotation else { return .achieved }
        if let lane = rotation.lane, lanes[lane].failures > 0, lanes[lane].isRefused { return .refused }
        if now >= max(deadline, rotationGivesUpAt(rotation)),
            rotation.lane != nil || slots.contains(where: Self.isStuck)
        {
            return .timedOut
        }
        let isDone =
            now >= deadline
            && slots.allSatisfy { !$0.flags.contains(.isOld) || $0.state == .leased || isGone($0.state) }
        // Leased connections that are left are replaced later, one at a time as before, and no caller waits for that.
        return isDone && rotation.step == .waiting ? .achieved : nil
    }

    /// True for an old connection that is not in use and that was not replaced all the same.
    private static func isStuck(_ slot: Slot) -> Bool {
        guard slot.flags.contains(.isOld) else { return false }
        switch slot.state {
        case .idle, .opening, .abandoned: return true
        case .free, .validating, .leased, .resetting, .closing: return false
        }
    }

    private func hasOld(in lane: Int?) -> Bool {
        slots.contains { $0.flags.contains(.isOld) && !isGone($0.state) && (lane == nil || $0.lane == lane) }
    }

    private func isGone(_ state: SlotState) -> Bool {
        state == .free || state == .closing
    }

    private var nextRotationCandidate: Int32? { longestIdleOld(in: nil) }

    private func longestIdleOld(in lane: Int?) -> Int32? {
        var oldest: Int32?
        for slot in slots.indices where slots[slot].flags.contains(.isOld) && slots[slot].state == .idle {
            guard lane == nil || slots[slot].lane == lane else { continue }
            if let found = oldest, slots[found].since <= slots[slot].since { continue }
            oldest = slot
        }
        return oldest
    }
}
