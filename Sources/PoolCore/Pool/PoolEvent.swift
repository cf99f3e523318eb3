/// Which connection of a pool an event or a holder is about: unique within the pool while it lives.
public struct ConnectionID: Sendable, Hashable, CustomStringConvertible {
    let ticket: ConnectionTicket

    /// `3.7`: the seventh connection in the third place.
    public var description: String { "\(ticket.index).\(ticket.generation)" }
}

/// Something that happened in a pool.
public enum PoolEvent: Sendable {
    case connectionOpened(ConnectionID, lane: String, after: Duration)
    /// `retryAfter` is the pause before the lane's next connect.
    case connectFailed(lane: String, attempt: Int, error: any Error, retryAfter: Duration)
    case connectionClosed(ConnectionID, lane: String, reason: CloseReason)
    /// An acquire has to wait, for a release or for a connection that is opened or validated.
    case waiting(lane: String)
    /// A lease has begun. `waited` is the time from the call on; `isNew` is true for the connection's first lease.
    case acquired(ConnectionID, lane: String, waited: Duration, isNew: Bool)
    /// A lease has ended, after `used`.
    case released(ConnectionID, lane: String, used: Duration)
    /// A connection was found dead while nobody used it. It is closed and, where it is needed, replaced.
    case idleConnectionLost(ConnectionID, lane: String)
    /// An acquire failed: timed out, refused, or would have been a deadlock.
    case acquireFailed(PoolError)
    /// A lease has been held for longer than ``PoolConfiguration/leakWarning``.
    case leaseOverdue(LeaseHolder)
    /// The pool was cleared; so many connections were or will be closed for it.
    case cleared(connections: Int)
    /// No new leases are given.
    case draining
    case closed
    /// This reader was too slow: so many of its oldest events were dropped.
    case missed(Int)
}

/// Hears of everything that a pool does, at once and on the thread that does it. Every function has a default that does
/// nothing.
///
/// Return quickly, and do not call the pool. Where a pool has no observer, nothing is measured for one.
public protocol PoolObserver: Sendable {
    func happened(_ event: PoolEvent, in pool: String)
    func began(_ operation: PoolOperation, in pool: String)
    /// `error` is nil if the operation succeeded.
    func ended(_ operation: PoolOperation, in pool: String, after duration: Duration, error: (any Error)?)
}

extension PoolObserver {
    public func happened(_ event: PoolEvent, in pool: String) {}
    public func began(_ operation: PoolOperation, in pool: String) {}
    public func ended(_ operation: PoolOperation, in pool: String, after duration: Duration, error: (any Error)?) {}
}

/// Something that takes time: its beginning and its end are reported with the same ``id``.
public struct PoolOperation: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// From the call to the grant.
        case acquire
        /// From the grant to the release.
        case lease
        case connect
        /// The validation and the acquire hook.
        case validate
        /// The reset and the release hook.
        case reset
        case close
    }

    public let kind: Kind
    /// Unique within the pool.
    public let id: UInt64
    public let lane: String
    /// Nil where there is none yet.
    public let connection: ConnectionID?
}
