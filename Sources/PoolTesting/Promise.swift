internal import Synchronization

/// One suspension that ends once: by ``finish(_:)``, which its owner may also call when the task is cancelled.
final class Promise<Value: Sendable>: Sendable {
    private enum State {
        case untouched
        case awaited(CheckedContinuation<Value, any Error>)
        case finished(Result<Value, any Error>)
        case delivered
    }

    private let state = Mutex(State.untouched)

    /// Suspends until the promise is finished, now or before. At most one task may wait.
    ///
    /// `onCancel` runs when the task is cancelled; if it does not finish the promise, the task continues to wait.
    func value(onCancel: @escaping @Sendable () -> Void) async throws -> Value {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<Value, any Error>? = state.withLock { state in
                    if case .finished(let result) = state {
                        state = .delivered
                        return result
                    }
                    state = .awaited(continuation)
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            onCancel()
        }
    }

    /// Suspends until the promise is finished, or throws `CancellationError` once the task is cancelled.
    func value() async throws -> Value {
        try await value(onCancel: { [self] in finish(.failure(CancellationError())) })
    }

    /// Ends the suspension. False if it had ended before: then `result` is dropped.
    @discardableResult
    func finish(_ result: Result<Value, any Error>) -> Bool {
        let (won, continuation): (Bool, CheckedContinuation<Value, any Error>?) = state.withLock { state in
            switch state {
            case .untouched:
                state = .finished(result)
                return (true, nil)
            case .awaited(let continuation):
                state = .delivered
                return (true, continuation)
            case .finished, .delivered:
                return (false, nil)
            }
        }
        continuation?.resume(with: result)
        return won
    }
}
