/// What a pool does at the moment.
public enum PoolStatus: String, Sendable, Hashable, CaseIterable {
    case open
    /// Open, but acquires wait for a lane whose last connect failed.
    case degraded
    /// A ``Pool/reconfigure(resetStatistics:_:)`` has not ended yet. Acquires are served.
    case reconfiguring
    /// It takes nothing new, and waits for leases to end or for connections to be closed.
    case draining
    case closed

    /// Why the pool can neither be reconfigured nor closed, if so.
    var refusal: PoolError.Code? {
        switch self {
        case .open, .degraded: nil
        case .reconfiguring: .reconfiguring
        case .draining: .draining
        case .closed: .closed
        }
    }
}

extension Engine {
    var status: PoolStatus {
        switch life {
        case .finished: .closed
        case .draining, .forcing: .draining
        case .running:
            if hasGoal(.reconfigured) {
                .reconfiguring
            } else {
                lanes.contains { $0.failures > 0 && !$0.waiters.isEmpty } ? .degraded : .open
            }
        }
    }
}
