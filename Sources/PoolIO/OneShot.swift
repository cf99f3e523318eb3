internal import Synchronization

/// A value that one task waits for, and that several others may give: the first one counts.
package final class OneShot<Value: Sendable>: Sendable {
    private enum Stage {
        case open
        case awaited(CheckedContinuation<Value, Never>)
        case given(Value)
    }

    private let stage = Mutex(Stage.open)

    package init() {}

    /// Gives the value. Returns false if another was given before.
    @discardableResult
    package func give(_ value: Value) -> Bool {
        let (isFirst, waiter) = stage.withLock { stage -> (Bool, CheckedContinuation<Value, Never>?) in
            switch stage {
            case .given: return (false, nil)
            case .open:
                stage = .given(value)
                return (true, nil)
            case .awaited(let waiter):
                stage = .given(value)
                return (true, waiter)
            }
        }
        waiter?.resume(returning: value)
        return isFirst
    }

    /// Waits for the value. For one task, once.
    package func value() async -> Value {
        await withCheckedContinuation { waiter in
            let value = stage.withLock { stage -> Value? in
                if case .given(let value) = stage { return value }
                stage = .awaited(waiter)
                return nil
            }
            if let value { waiter.resume(returning: value) }
        }
    }

    /// Waits for the value. For one task, once. Takes `other` if no value is given within `limit`.
    package func value(orAfter limit: Duration, _ other: Value) async -> Value {
        let timer = Task.detached {
            do { try await Task.sleep(for: limit) } catch { return }
            self.give(other)
        }
        defer { timer.cancel() }
        return await value()
    }
}
