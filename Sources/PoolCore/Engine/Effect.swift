/// The actions that the engine asks the shell to perform, once the lock is released.
enum Effect: Hashable, Sendable {
    case grant(WaiterID, ConnectionID)
    case fail(WaiterID, EndedWait, AcquireFailure)
    case open(ConnectionID, lane: Int, attempt: Int, deadline: Nanoseconds)
    /// The connect passed its deadline: cancel it. The place stays taken until the driver has answered.
    case cancelOpen(ConnectionID)
    /// Prepare for a grant: a liveness check if the connection was idle for long, and the acquire hook if there is one.
    case validate(ConnectionID, isStale: Bool)
    case reset(ConnectionID)
    /// Reset the idle session of a tag that no waiter wants, after a liveness check if it was idle for long.
    case resetTagged(ConnectionID, isStale: Bool)
    case close(ConnectionID, ConnectionCloseReason, ConnectionCloseMode)
    /// A lease has been held for longer than the configured warning.
    case warnOfLeak(ConnectionID)
    /// Call ``Engine/alarm(_:)`` at this instant; the last request counts.
    case setAlarm(Nanoseconds)
    /// Tell the budget; of several demands the one with the greatest number counts.
    case demand(PermitDemand)
    /// A goal that a caller set for the pool has ended.
    case endGoal(GoalNumber, GoalOutcome)
    /// No acquire is served from now on.
    case draining
    /// The pool is closed: no connection is open any more.
    case finished
}

/// The wait of an acquire that failed: its error tells of it.
struct EndedWait: Hashable, Sendable {
    let times: PhaseTimes
    /// The lane. Not an `Int`, which would make every effect larger.
    let lane: Int32
    /// The phase in which the wait ended.
    let phase: PoolError.Phase
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
