/// Something that happened in a pool.
///
/// Later versions may add events: a `switch` over them needs an `@unknown default`.
@nonexhaustive
public enum PoolEvent: Sendable {
    /// The pool was made; no connection is open yet. Only an observer gets this event.
    case created(PoolConfiguration)
    /// A connection was opened, `after` the start of its connect, and is ready for leases.
    case connectionOpened(ConnectionID, lane: String, after: Duration)
    /// A connect failed. `verdict` is the driver's on `error`, such as ``PoolVerdict/serverFull``; nil if a hook
    /// failed, or the connect took too long. `retryAfter` is the pause before the lane's next connect.
    case connectFailed(lane: String, attempt: Int, error: any Error, verdict: PoolVerdict?, retryAfter: Duration)
    /// A connection was closed. `error` is the error that broke or ended it, if known: the driver's, one thrown by a
    /// validation, a reset or a hook, a ``PoolError`` if one of them took too long, ``LeaseDiscarded`` with the
    /// holder's reason. Nil if nothing was wrong with it.
    case connectionClosed(ConnectionID, lane: String, reason: ConnectionCloseReason, error: (any Error)?)
    /// An acquire has to wait, for a release or for a connection that is opened or validated.
    case waiting(lane: String)
    /// A lease has begun. `waited` is the time since the call; `isNew` is true for the connection's first lease;
    /// `isHit` is true if a connection was idle and ready, so that the acquire did not queue. Both are true for a
    /// connection that was opened ahead of its first lease.
    case acquired(ConnectionID, lane: String, waited: Duration, isNew: Bool, isHit: Bool)
    /// A lease has ended, after `used`. `error` is nil if the connection can be used again; otherwise it is closed, and
    /// `error` is the one of ``connectionClosed(_:lane:reason:error:)``, or nil if no more is known than that it is
    /// broken.
    case released(ConnectionID, lane: String, used: Duration, error: (any Error)?)
    /// A connection was found dead while it was idle. It is closed and, if needed, replaced. `error` is what the driver
    /// reports: the server's reason, if it gave one.
    case idleConnectionLost(ConnectionID, lane: String, error: (any Error)?)
    /// An acquire failed: timed out, refused, or would have been a deadlock.
    case acquireFailed(PoolError)
    /// A lease has been held for longer than ``PoolConfiguration/leakWarning``.
    case leaseOverdue(LeaseHolder)
    /// The pool was cleared; this number of connections were or will be closed for it.
    case cleared(connections: Int)
    /// The pool began to close: it gives no new leases.
    case draining
    /// The pool is closed, with all its connections.
    case closed
    /// This reader was too slow: this number of its oldest events were dropped.
    case missed(Int)
}
