internal import Synchronization

/// An acquire that waits. The engine ends each exactly once, perhaps before its task has suspended.
@usableFromInline
final class PendingAcquire: Sendable {
    @usableFromInline
    struct Granted: Sendable {
        @usableFromInline let ticket: ConnectionTicket
        @usableFromInline let connection: any DriverConnection
    }

    typealias Continuation = CheckedContinuation<Granted, any Error>

    private enum Stage {
        case running
        case suspended(Continuation)
        case ended(Result<Granted, any Error>)
    }

    let claim: LeaseClaim
    private let stage = Mutex(Stage.running)

    init(claim: LeaseClaim) {
        self.claim = claim
    }

    /// Suspends the calling task until ``end(_:)``.
    func result() async throws -> Granted {
        try await withCheckedThrowingContinuation { continuation in
            let result: Result<Granted, any Error>? = stage.withLock { stage in
                if case .ended(let result) = stage { return result }
                stage = .suspended(continuation)
                return nil
            }
            if let result { continuation.resume(with: result) }
        }
    }

    func end(_ result: Result<Granted, any Error>) {
        let continuation: Continuation? = stage.withLock { stage in
            if case .suspended(let continuation) = stage { return continuation }
            stage = .ended(result)
            return nil
        }
        continuation?.resume(with: result)
    }
}
