/// The time spent in each phase.
struct PhaseTimes: Hashable, Sendable {
    var queue: Nanoseconds = 0
    var connect: Nanoseconds = 0
    var validate: Nanoseconds = 0
    var reset: Nanoseconds = 0
    var session: Nanoseconds = 0

    var total: Nanoseconds { queue + connect + validate + reset + session }

    /// The times as errors show them: a phase that took no time is absent.
    var byPhase: [PoolError.Phase: Duration] {
        var result: [PoolError.Phase: Duration] = [:]
        for phase in PoolError.Phase.allCases where self[phase] > 0 { result[phase] = .nanoseconds(self[phase]) }
        return result
    }

    static func - (left: PhaseTimes, right: PhaseTimes) -> PhaseTimes {
        PhaseTimes(
            queue: left.queue - right.queue, connect: left.connect - right.connect,
            validate: left.validate - right.validate, reset: left.reset - right.reset,
            session: left.session - right.session)
    }

    subscript(phase: PoolError.Phase) -> Nanoseconds {
        get {
            switch phase {
            case .queue: queue
            case .connect: connect
            case .validate: validate
            case .reset: reset
            case .session: session
            }
        }
        set {
            switch phase {
            case .queue: queue = newValue
            case .connect: connect = newValue
            case .validate: validate = newValue
            case .reset: reset = newValue
            case .session: session = newValue
            }
        }
    }
}
