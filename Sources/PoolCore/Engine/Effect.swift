/// What the engine asks the shell to do, once the lock is released.
enum Effect: Hashable, Sendable {
    case grant(WaiterTicket, ConnectionTicket)
    case fail(WaiterTicket, AcquireFailure)
    case open(ConnectionTicket, lane: Int, attempt: Int, deadline: Nanoseconds)
    /// The connect passed its deadline: cancel it. The place stays taken until the driver has answered.
    case cancelOpen(ConnectionTicket)
    /// Prepare for a grant: a liveness check if the connection was idle for long, and the acquire hook if there is one.
    case validate(ConnectionTicket, isStale: Bool)
    case reset(ConnectionTicket)
    /// Reset the idle session of a tag that nobody who waits wants, after a liveness check if it was idle for long.
    case resetTagged(ConnectionTicket, isStale: Bool)
    case close(ConnectionTicket, CloseReason, CloseMode)
    /// A lease has been held for longer than the configured warning.
    case warnOfLeak(ConnectionTicket)
    /// Call ``Engine/alarm(now:effects:)`` at this instant; the last request counts.
    case setAlarm(Nanoseconds)
    /// Tell the budget; of several claims the one with the greatest number counts.
    case claim(PermitClaim)
    /// What somebody has asked the pool to bring about has ended.
    case endGoal(GoalNumber, GoalOutcome)
    /// No acquire is served from now on.
    case draining
    /// The pool is closed: nothing is open any more.
    case finished
}

/// Why an acquire was refused by the engine.
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

/// Why a connection was closed.
public enum CloseReason: String, Sendable, Hashable, CaseIterable {
    /// Unused for longer than the idle timeout.
    case idleTimeout
    /// Older than the maximum lifetime.
    case lifetime
    /// It has served as many leases as ``PoolConfiguration/maximumUses`` allows.
    case usedUp
    /// A new one has taken its place, or is about to: ``Pool/rotate(over:)``.
    case rotated
    /// The pool, or the connection's lane, had more than a maximum that was lowered.
    case shrunk
    /// Reported broken by its driver.
    case broken
    /// Discarded by its holder: ``Lease/discard(reason:)``.
    case discarded
    /// A validation failed or took too long.
    case validationFailed
    /// A reset failed or took too long.
    case resetFailed
    /// The pool was cleared, or the server has started anew, since the connection was opened.
    case cleared
    /// Closed to make room for a waiter of another lane, or of another pool that shares the ``PoolBudget``.
    case makingRoom
    /// The session hook failed or took too long.
    case sessionFailed
    /// The pool is closing.
    case poolClosed
}
