/// The states of a pool.
@nonexhaustive
public enum PoolStatus: String, Sendable, Hashable, CaseIterable {
    /// The pool serves acquires.
    case open
    /// The pool is open, but acquires wait for a lane whose last connect failed.
    case degraded
    /// A ``Pool/reconfigure(resetStatistics:_:)`` has not ended yet. Acquires are served.
    case reconfiguring
    /// The pool refuses new acquires, and waits for leases to end or for connections to be closed.
    case draining
    /// The pool is closed for good.
    case closed

    /// The reason why the pool can be neither reconfigured nor closed now, if there is one.
    var refusal: PoolError.Code? {
        switch self {
        case .open, .degraded: nil
        case .reconfiguring: .reconfiguring
        case .draining: .draining
        case .closed: .closed
        }
    }
}
