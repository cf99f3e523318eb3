internal import Synchronization

/// An acquire that waits. The engine ends each exactly once, perhaps before its task has suspended.
@safe
@usableFromInline
final class PendingAcquire: @unchecked Sendable {  // Sound because the two sides hand over by `arrivals`, see there.
    @usableFromInline
    struct Granted: Sendable {
        let pooled: PooledConnection
        /// The call of the session hook that comes before the holder gets the connection.
        let preparation: SessionHookCall?

        /// The connection, retained for a lease to take over.
        var retainedConnection: ManualReference<PooledConnection> { ManualReference(retaining: pooled) }

        var id: ConnectionID { pooled.id }
        var connection: any DriverConnection { pooled.connection }
    }

    private enum Arrival {
        static let task: UInt8 = 1
        static let outcome: UInt8 = 2
    }

    let id: WaiterID
    let origin: LeaseOrigin
    let deadline: Nanoseconds
    /// The sides that have come. Each side stores its part, and then sets its bit here: the second to come finds the
    /// part of the first, and resumes the task. So a wait needs no lock, and no more memory than this.
    private let arrivals = Atomic<UInt8>(0)
    private var continuation: UnsafeContinuation<Granted, any Error>?
    private var outcome: Result<Granted, any Error>?

    init(_ id: WaiterID, origin: LeaseOrigin, deadline: Nanoseconds) {
        self.id = id
        self.origin = origin
        self.deadline = deadline
    }

    /// Suspends the task until ``end(_:)``. For one task, once.
    func suspend(_ continuation: UnsafeContinuation<Granted, any Error>) {
        unsafe self.continuation = unsafe continuation
        meet(Arrival.task)
    }

    func end(_ result: consuming Result<Granted, any Error>) {
        outcome = result
        meet(Arrival.outcome)
    }

    private func meet(_ arrival: UInt8) {
        let before = arrivals.bitwiseOr(arrival, ordering: .acquiringAndReleasing).oldValue
        precondition(before & arrival == 0, "An acquire has ended twice.")
        guard before != 0, let continuation = unsafe continuation.take(), let outcome = outcome.take() else { return }
        unsafe continuation.resume(with: outcome)
    }
}
