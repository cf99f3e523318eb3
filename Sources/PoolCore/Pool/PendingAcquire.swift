/// An acquire that waits. The engine ends each exactly once, perhaps before its task has suspended.
@usableFromInline
final class PendingAcquire: Sendable {
    @usableFromInline
    struct Granted: Sendable {
        @usableFromInline let ticket: ConnectionTicket
        @usableFromInline let connection: any DriverConnection
        /// What must be done before its holder gets the connection.
        @usableFromInline let preparation: SessionPreparation?
    }

    let claim: LeaseClaim
    let deadline: Nanoseconds
    private let outcome = OneShot<Granted>()

    init(claim: LeaseClaim, deadline: Nanoseconds) {
        self.claim = claim
        self.deadline = deadline
    }

    /// Suspends the calling task until ``end(_:)``.
    func result() async throws -> Granted {
        try await outcome.value()
    }

    func end(_ result: Result<Granted, any Error>) {
        outcome.give(result)
    }
}
