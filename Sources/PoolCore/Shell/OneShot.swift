internal import Synchronization

/// A result that one task waits for, and that several others may give: the first one counts.
final class OneShot<Value: Sendable>: Sendable {
    private enum Stage {
        case open
        case awaited(CheckedContinuation<Value, any Error>)
        case given(Result<Value, any Error>)
    }

    private let stage = Mutex(Stage.open)

    /// Suspends the calling task until ``give(_:)``. For one task, once.
    func value() async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let result: Result<Value, any Error>? = stage.withLock { stage in
                if case .given(let result) = stage { return result }
                stage = .awaited(continuation)
                return nil
            }
            if let result { continuation.resume(with: result) }
        }
    }

    /// Gives the result.
    ///
    /// - Returns: whether this call was the first.
    @discardableResult
    func give(_ result: Result<Value, any Error>) -> Bool {
        let (continuation, isFirst): (CheckedContinuation<Value, any Error>?, Bool) = stage.withLock { stage in
            switch stage {
            case .given: return (nil, false)
            case .open:
                stage = .given(result)
                return (nil, true)
            case .awaited(let continuation):
                stage = .given(result)
                return (continuation, true)
            }
        }
        continuation?.resume(with: result)
        return isFirst
    }
}
