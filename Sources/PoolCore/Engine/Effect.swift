/// The actions that the engine asks the shell to perform, once the lock is released.
enum Effect: Hashable, Sendable {
    case grant(WaiterTicket, ConnectionTicket)
    case fail(WaiterTicket, AcquireFailure)
    case open(ConnectionTicket, lane: Int, attempt: Int, deadline: Nanoseconds)
    /// The connect passed its deadline: cancel it. The place stays taken until the driver has answered.
    case cancelOpen(ConnectionTicket)
    /// Prepare for a grant: a liveness check if the connection was idle for long, and the acquire hook if there is one.
    case validate(ConnectionTicket, isStale: Bool)
    case reset(ConnectionTicket)
    /// Reset the idle session of a tag that no waiter wants, after a liveness check if it was idle for long.
    case resetTagged(ConnectionTicket, isStale: Bool)
    case close(ConnectionTicket, ConnectionCloseReason, ConnectionCloseMode)
    /// A lease has been held for longer than the configured warning.
    case warnOfLeak(ConnectionTicket)
    /// Call ``Engine/alarm(now:effects:)`` at this instant; the last request counts.
    case setAlarm(Nanoseconds)
    /// Tell the budget; of several claims the one with the greatest number counts.
    case claim(PermitClaim)
    /// A goal that a caller set for the pool has ended.
    case endGoal(GoalNumber, GoalOutcome)
    /// No acquire is served from now on.
    case draining
    /// The pool is closed: no connection is open any more.
    case finished
}

/// The reason why the engine refused an acquire.
enum AcquireFailure: Hashable, Sendable {
    case timedOut
    case closed
    /// The pool is closing.
    case draining
    case tooManyWaiters
    case wouldDeadlock
    /// The lane's connects fail for good; the shell knows the error.
    case refused
    /// The acquire hook has thrown; the shell knows the error.
    case hookFailed
}

/// The reason why a connection was closed.
public enum ConnectionCloseReason: String, Sendable, Hashable, CaseIterable {
    /// The connection was unused for longer than the idle timeout.
    case idleTimeout
    /// The connection was older than the maximum lifetime.
    case lifetime
    /// The connection has served as many leases as ``PoolConfiguration/maximumUses`` allows.
    case usedUp
    /// A new connection has taken its place, or is about to: ``Pool/rotate(over:)``.
    case rotated
    /// The pool, or the connection's lane, had more than a maximum that was lowered.
    case shrunk
    /// The driver reported the connection broken.
    case broken
    /// The holder discarded the connection: ``Lease/discard(reason:)``.
    case discarded
    /// A validation failed or took too long.
    case validationFailed
    /// A reset failed or took too long.
    case resetFailed
    /// The pool was cleared, or the server restarted, after the connection was opened.
    case cleared
    /// A waiter of another lane, or of another pool that shares the ``PoolBudget``, needed the room.
    case makingRoom
    /// The session hook failed or took too long.
    case sessionFailed
    /// The pool is closing.
    case poolClosed
}
