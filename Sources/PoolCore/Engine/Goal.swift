typealias GoalNumber = UInt64

/// Something that a caller waits for, other than a connection. A goal ends exactly once, with ``Effect/endGoal(_:_:)``.
struct Goal: Sendable {
    enum Kind: Hashable, Sendable {
        /// Idle connections above the new limits are closed, and the new minimums are open, or a connect for them has
        /// failed.
        case reconfigured
        /// Each lane has this number of connections.
        case warm(levels: [Int])
        /// The old connections are replaced, except those that are leased.
        case rotated
    }

    let number: GoalNumber
    let kind: Kind
    let deadline: Nanoseconds
}

/// The end of the wait for a ``Goal``.
enum GoalOutcome: Hashable, Sendable {
    case achieved
    case timedOut
    /// A connect has failed in a way that waiting does not mend.
    case refused
    case cancelled
    /// The pool is closing.
    case closed
}

extension Engine {
    mutating func addGoal(_ kind: Goal.Kind, deadline: Nanoseconds, _ turn: inout Turn) -> GoalNumber {
        lastGoal += 1
        goals.append(Goal(number: lastGoal, kind: kind, deadline: deadline))
        schedule.arm(deadline, &turn)
        setFloors()
        return lastGoal
    }

    /// Opens connections until the pool has `count` of them, all lanes together, and keeps them until the goal has
    /// ended.
    mutating func warmUp(
        to count: Int, deadline: Nanoseconds, _ turn: inout Turn
    ) -> GoalNumber {
        var missing = count - counts.live
        let levels = lanes.map { lane in
            let extra = max(0, min(missing, lane.limits.maximum - lane.counts.live))
            missing -= extra
            return lane.counts.live + extra
        }
        let number = addGoal(.warm(levels: levels), deadline: deadline, &turn)
        serveAll(&turn)
        check()
        return number
    }

    /// Ends a goal that no caller waits for any more. Ignored if it has ended.
    mutating func cancelGoal(_ number: GoalNumber, _ turn: inout Turn) {
        guard let place = goals.firstIndex(where: { $0.number == number }) else { return }
        if goals[place].kind == .rotated { stopRotation(of: number) }
        endGoal(at: place, .cancelled, &turn)
        serveAll(&turn)
        armIdleExpiries(&turn)
        check()
    }

    func hasGoal(_ kind: Goal.Kind) -> Bool {
        goals.contains { $0.kind == kind }
    }

    /// Ends the goals that are achieved, or cannot be.
    mutating func settleGoals(_ turn: inout Turn) {
        var place = 0
        while place < goals.count {
            if let outcome = outcome(of: goals[place], turn.now) {
                if goals[place].kind == .rotated, outcome != .achieved { stopRotation(of: goals[place].number) }
                endGoal(at: place, outcome, &turn)
            } else {
                place += 1
            }
        }
    }

    mutating func endGoals(_ outcome: GoalOutcome, _ turn: inout Turn) {
        rotation = nil
        while !goals.isEmpty { endGoal(at: 0, outcome, &turn) }
        // The rotation may have gone on without a caller.
        setFloors()
    }

    private mutating func endGoal(at place: Int, _ outcome: GoalOutcome, _ turn: inout Turn) {
        turn.effects.append(.endGoal(goals.remove(at: place).number, outcome))
        setFloors()
    }

    private func outcome(of goal: Goal, _ now: Nanoseconds) -> GoalOutcome? {
        switch goal.kind {
        case .reconfigured:
            // A driver that does not finish is left behind.
            return isReconfigured || now >= goal.deadline ? .achieved : nil
        case .warm(let levels):
            let cold = lanes.indices.filter { $0 < levels.count && lanes[$0].counts.established < levels[$0] }
            if cold.isEmpty { return .achieved }
            if cold.contains(where: { lanes[$0].isRefused && lanes[$0].failures > 0 }) { return .refused }
            return now >= goal.deadline ? .timedOut : nil
        case .rotated:
            return rotationOutcome(now, deadline: goal.deadline)
        }
    }

    private var isReconfigured: Bool {
        if slots.contains(where: { $0.flags.contains(.isAwaited) && $0.state == .closing }) { return false }
        return lanes.allSatisfy {
            $0.counts.established >= $0.limits.minimum || $0.failures > 0
                || counts.live - counts.opening >= configuration.maximumConnections
        }
    }

    /// Sets the number of connections that goals and the rotation keep open in each lane.
    mutating func setFloors() {
        for lane in lanes.indices {
            var floor = rotation?.floor(of: lane) ?? 0
            for case .warm(let levels) in goals.lazy.map(\.kind) where lane < levels.count {
                floor = max(floor, levels[lane])
            }
            lanes[lane].goalFloor = min(floor, lanes[lane].limits.maximum)
        }
    }
}
