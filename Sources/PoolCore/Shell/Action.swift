/// An effect with all that is needed to perform it without the lock.
enum Action {
    case end(PendingAcquire, Result<PendingAcquire.Granted, any Error>)
    case open(Job, ConnectOrder)
    case cancel(Task<Void, Never>)
    case validate(Job, PooledConnection, isStale: Bool)
    case reset(Job, PooledConnection)
    case resetTagged(Job, PooledConnection, isStale: Bool)
    case close(PooledConnection, ConnectionCloseMode)
    case setAlarm(Nanoseconds, request: UInt64)
    case demand(PermitDemand)
    case report(PoolEvent)
    case endGoal(CheckedContinuation<GoalOutcome, Never>, GoalOutcome)
    case finish([@Sendable () -> Void], [CheckedContinuation<Void, Never>])
}
