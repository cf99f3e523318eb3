internal import Synchronization

/// A value that one task waits for, and that several others may give: the first one counts.
final class OneShot<Value: Sendable>: Sendable {
    private enum Stage {
        case open
        case awaited(CheckedContinuation<Value, Never>)
        case given(Value)
    }

    private let stage = Mutex(Stage.open)

    /// Suspends the calling task until ``give(_:)``. For one task, once.
    func value() async -> Value {
        await withCheckedContinuation { continuation in
            let value: Value? = stage.withLock { stage in
                if case .given(let value) = stage { return value }
                stage = .awaited(continuation)
                return nil
            }
            if let value { continuation.resume(returning: value) }
        }
    }

    /// Gives the value, unless another call has given one before.
    func give(_ value: Value) {
        let continuation: CheckedContinuation<Value, Never>? = stage.withLock { stage in
            switch stage {
            case .given: return nil
            case .open:
                stage = .given(value)
                return nil
            case .awaited(let continuation):
                stage = .given(value)
                return continuation
            }
        }
        continuation?.resume(returning: value)
    }
}
