internal import Synchronization

/// Threads for blocking calls that cannot be avoided: name resolution, and requests for which a C library has only a
/// blocking form.
///
/// Threads are started when needed, up to a maximum, and end when they have nothing to do.
public final class HelperThreads: Sendable {
    /// The name of each thread.
    public let name: String
    /// The largest number of calls that run at the same time.
    public let maximumThreads: Int
    private let state = Mutex(State())

    private struct State {
        var threadCount = 0
        /// The calls that wait for a thread, in order.
        var waiting: [@Sendable () -> Void] = []
    }

    /// Starts no thread; the first calls do.
    ///
    /// - Parameter maximumThreads: At least 1.
    public init(name: String, maximumThreads: Int) {
        precondition(maximumThreads >= 1, "HelperThreads needs at least one thread")
        self.name = name
        self.maximumThreads = maximumThreads
    }

    /// Runs `work` on one of the threads; beyond the maximum it waits its turn.
    ///
    /// When the task is cancelled, the call throws `CancellationError` immediately; `work` continues all the same and
    /// its result is dropped, because a call that blocks cannot be stopped.
    ///
    /// - Throws: what `work` throws, ``ThreadError``, or `CancellationError`.
    public func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try Task.checkCancellation()
        let result = OneShot<Result<Value, any Error>>()
        return try await withTaskCancellationHandler {
            start {
                result.give(Result(catching: work))
            } failure: {
                result.give(.failure($0))
            }
            return try await result.value().get()
        } onCancel: {
            result.give(.failure(CancellationError()))
        }
    }

    /// Runs `work` on a new thread immediately, and does not wait for it.
    ///
    /// For requests that may never be answered, and are useless if they start late.
    ///
    /// - Returns: False if the maximum of threads is busy, or the system refuses a thread: then `work` does not run.
    public func startAtOnce(_ work: @escaping @Sendable () -> Void) -> Bool {
        let hasRoom = state.withLock { state in
            if state.threadCount == maximumThreads { return false }
            state.threadCount += 1
            return true
        }
        if !hasRoom { return false }
        var isStarted = true
        startThread(work) { _ in isStarted = false }
        return isStarted
    }

    /// Runs `work` on one of the threads, and does not wait for it; beyond the maximum `work` waits its turn.
    /// `failure` is called instead if there is no thread to run it on.
    public func start(_ work: @escaping @Sendable () -> Void, failure: (ThreadError) -> Void) {
        let needsThread = state.withLock { state in
            if state.threadCount == maximumThreads {
                state.waiting.append(work)
                return false
            }
            state.threadCount += 1
            return true
        }
        if needsThread { startThread(work, failure: failure) }
    }

    private func startThread(_ work: @escaping @Sendable () -> Void, failure: (ThreadError) -> Void) {
        do {
            try NativeThread.start(name: name) { self.main(work) }
        } catch {
            state.withLock { $0.threadCount -= 1 }
            failure(error)
        }
    }

    /// The body of a thread: runs its first call, and then the waiting ones.
    private func main(_ first: @Sendable () -> Void) {
        first()
        while let next = next() { next() }
    }

    private func next() -> (@Sendable () -> Void)? {
        state.withLock { state in
            if state.waiting.isEmpty {
                state.threadCount -= 1
                return nil
            }
            return state.waiting.removeFirst()
        }
    }
}
