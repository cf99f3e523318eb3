internal import Synchronization

/// A call that another thread runs, whose caller may look for the result before it suspends.
final class ThreadCall<Value: Sendable>: Sendable {
    private enum State {
        case running
        case awaited(CheckedContinuation<Value, any Error>)
        case finished(Result<Value, any Error>)
    }

    private let work: @Sendable () throws -> Value
    private let state = Mutex(State.running)
    private let hasFinished = Atomic<Bool>(false)

    init(_ work: @escaping @Sendable () throws -> Value) {
        self.work = work
    }

    /// Runs the call. Called once, by the thread that runs it.
    func run() {
        let result = Result(catching: work)
        let continuation: CheckedContinuation<Value, any Error>? = state.withLock { state in
            if case .awaited(let continuation) = state { return continuation }
            state = .finished(result)
            return nil
        }
        hasFinished.store(true, ordering: .relaxed)
        continuation?.resume(with: result)
    }

    /// True if ``value()`` will not suspend.
    var isFinished: Bool { hasFinished.load(ordering: .relaxed) }

    /// The call's result, which the caller asks for once.
    func value() async throws -> Value {
        if isFinished, case .finished(let result) = state.withLock({ $0 }) { return try result.get() }
        return try await withCheckedThrowingContinuation { continuation in
            let result: Result<Value, any Error>? = state.withLock { state in
                if case .finished(let result) = state { return result }
                state = .awaited(continuation)
                return nil
            }
            if let result { continuation.resume(with: result) }
        }
    }
}
