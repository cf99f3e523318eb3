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
        rotation = Rotation(of: old, over: duration, from: turn.now)
        let number = addGoal(.rotated, deadline: turn.now.adding(duration), &turn)
        serveAll(&turn)
        check()
        return number
    }

    /// The instant at which the rotation itself needs the next call: its next step, or the one at which it is stuck.
    func nextRotationAlarm(_ now: Nanoseconds) -> Nanoseconds? {
        guard let rotation else { return nil }
        var due: Nanoseconds?
        let end = rotation.givesUpAt(configuration)
        if hasGoal(.rotated), end > now { due = end }
        // An acquire may take the candidate before then, without another look at the rotation: so both count.
        if let step = rotation.nextStepAt(in: self, now) { due = min(due ?? .never, step) }
        return due
    }

    /// Takes all steps that can be taken now.
    mutating func advanceRotation(_ turn: inout Turn) {
        while life == .running, var rotation {
            let answer = rotation.next(in: self, turn.now)
            self.rotation = answer == .end ? nil : rotation
            setFloors()
            switch answer {
            case .close(let slot): close(slot, .rotated, .orderly, &turn)
            case .wait(let instant):
                if let instant { schedule.arm(instant, &turn) }
                return
            case .end: return
            }
        }
    }

    /// Takes the step that the connection in `slot` allows, which just came free.
    /// - Returns: true if the connection is to be closed for it.
    mutating func advanceRotation(with slot: Int32, _ turn: inout Turn) -> Bool {
        guard var rotation, slots[slot].flags.contains(.isOld) else { return false }
        let closesIt = rotation.next(with: slot, in: self, turn.now)
        self.rotation = rotation
        setFloors()
        return closesIt
    }

    /// True if another connection of the lane can be opened beside those that are there.
    func hasRoomForNew(_ lane: Int) -> Bool {
        counts.total < configuration.maximumConnections && lanes[lane].canGrow
            && (!permits.isShared || counts.total < permits.held)
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
        if now >= max(deadline, rotation.givesUpAt(configuration)),
            rotation.lane != nil || slots.contains(where: Self.isStuck)
        {
            return .timedOut
        }
        let isDone =
            now >= deadline
            && slots.allSatisfy { !$0.flags.contains(.isOld) || $0.state == .leased || isGone($0.state) }
        // Leased connections that are left are replaced later, one at a time as before, and no caller waits for that.
        return isDone && rotation.isWaiting ? .achieved : nil
    }

    /// True for an old connection that is not in use and that was not replaced all the same.
    private static func isStuck(_ slot: Slot) -> Bool {
        guard slot.flags.contains(.isOld) else { return false }
        switch slot.state {
        case .idle, .opening, .abandoned: return true
        case .free, .validating, .leased, .resetting, .closing: return false
        }
    }

    /// True if a connection that the rotation replaces is left in the lane; nil is for all lanes.
    func hasOld(in lane: Int?) -> Bool {
        slots.contains { $0.flags.contains(.isOld) && !isGone($0.state) && (lane == nil || $0.lane == lane) }
    }

    private func isGone(_ state: SlotState) -> Bool {
        state == .free || state == .closing
    }

    /// The idle connection of the lane that was unused for longest of those that the rotation replaces; nil is for all
    /// lanes.
    func longestIdleOld(in lane: Int?) -> Int32? {
        var oldest: Int32?
        for slot in slots.indices where slots[slot].flags.contains(.isOld) && slots[slot].state == .idle {
            guard lane == nil || slots[slot].lane == lane else { continue }
            if let found = oldest, slots[found].since <= slots[slot].since { continue }
            oldest = slot
        }
        return oldest
    }
}
