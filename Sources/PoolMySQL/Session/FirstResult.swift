internal import Synchronization

/// A result that may come from several places; the first one counts.
final class FirstResult<Value: Sendable>: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<Value, Never>)
        case settled(Value)
    }

    private let state = Mutex(State.open)

    /// Sets the result. False if another came before.
    @discardableResult
    func settle(_ value: Value) -> Bool {
        let (isFirst, waiter) = state.withLock { state -> (Bool, CheckedContinuation<Value, Never>?) in
            switch state {
            case .settled: return (false, nil)
            case .open:
                state = .settled(value)
                return (true, nil)
            case .awaited(let waiter):
                state = .settled(value)
                return (true, waiter)
            }
        }
        waiter?.resume(returning: value)
        return isFirst
    }

    /// Waits for the result. Called once. `other` counts if nothing else has come within `limit`; nil means no limit.
    func value(orAfter limit: Duration?, _ other: Value) async -> Value {
        let timer = limit.map { limit in
            Task.detached {
                do { try await Task.sleep(for: limit) } catch { return }
                self.settle(other)
            }
        }
        defer { timer?.cancel() }
        return await withCheckedContinuation { waiter in
            let value = state.withLock { state -> Value? in
                if case .settled(let value) = state { return value }
                state = .awaited(waiter)
                return nil
            }
            if let value { waiter.resume(returning: value) }
        }
    }
}
