/// Which connection of a pool an event or a holder is about: unique within the pool while it lives.
public struct ConnectionID: Sendable, Hashable, CustomStringConvertible {
    let ticket: ConnectionTicket

    /// `3.7`: the seventh connection in the third place.
    public var description: String { "\(ticket.index).\(ticket.generation)" }
}

/// The holder of a lease has discarded its connection. See ``Lease/discard(reason:)``.
public struct LeaseDiscarded: Error, Sendable, Hashable, CustomStringConvertible {
    public let reason: String

    public var description: String { "discarded by its holder: \(reason)" }
}

/// Something that happened in a pool.
public enum PoolEvent: Sendable {
    /// The pool was made; no connection is open yet. Only an observer can hear it.
    case created(PoolConfiguration)
    case connectionOpened(ConnectionID, lane: String, after: Duration)
    /// `retryAfter` is the pause before the lane's next connect.
    case connectFailed(lane: String, attempt: Int, error: any Error, retryAfter: Duration)
    /// `error` is what broke or ended the connection, where that is known: what the driver says, what a validation, a
    /// reset or a hook has thrown, a ``PoolError`` where one of them took too long, ``LeaseDiscarded`` with the
    /// holder's reason. Nil where nothing was wrong with it.
    case connectionClosed(ConnectionID, lane: String, reason: CloseReason, error: (any Error)?)
    /// An acquire has to wait, for a release or for a connection that is opened or validated.
    case waiting(lane: String)
    /// A lease has begun. `waited` is the time from the call on; `isNew` is true for the connection's first lease;
    /// `isHit` is true if a connection was idle and ready, so that the acquire did not queue. A connection that was
    /// opened ahead of its first lease is both.
    case acquired(ConnectionID, lane: String, waited: Duration, isNew: Bool, isHit: Bool)
    /// A lease has ended, after `used`. `error` is nil where the connection can be used again; else it is closed, and
    /// `error` is as in ``connectionClosed(_:lane:reason:error:)``, or nil where nobody knows more than that it is
    /// broken.
    case released(ConnectionID, lane: String, used: Duration, error: (any Error)?)
    /// A connection was found dead while nobody used it. It is closed and, where it is needed, replaced. `error` is
    /// what the driver says of it: the server's reason, where it gave one.
    case idleConnectionLost(ConnectionID, lane: String, error: (any Error)?)
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
        /// The reset after a lease and the release hook before it; or the reset of a session that is set up for another
        /// tag than the one that is wanted.
        case reset
        /// The end of what a lease with a ``Lease/tag`` left open, and the release hook before it.
        case endTransaction
        /// The session hook.
        case session
        case close
    }

    public let kind: Kind
    /// Unique within the pool.
    public let id: UInt64
    public let lane: String
    /// Nil where there is none yet.
    public let connection: ConnectionID?
}
