internal import Synchronization

/// A named thread that runs the blocking calls on one connection, one after the other, in the order in which they came.
///
/// It is also a `TaskExecutor`: a task that prefers it runs on the thread, and its calls need no hop. The thread lives
/// until ``shutDown()``; whoever makes one must call it.
public final class ConnectionThread: TaskExecutor {
    /// The name that debuggers and `ps -T` show, at most 15 bytes of it on Linux.
    public let name: String
    private let queue = Monitor(Queue())
    /// The thread's `pthread_self`, and 0 before it runs and after it has ended: the system may give the same value to
    /// another thread then.
    private let identity = Atomic<UInt>(0)

    private enum Work {
        case job(UnownedJob)
        case call(@Sendable () -> Void)
    }

    private struct Queue {
        var pending: [Work] = []
        var isShuttingDown = false
        var hasEnded = false
        var endWaiters: [CheckedContinuation<Void, Never>] = []
    }

    /// Starts a thread.
    ///
    /// - Throws: ``ThreadError`` if the system refuses another thread.
    public init(name: String) throws {
        self.name = name
        try NativeThread.start(name: name) { self.main() }
    }

    /// True if the caller runs on this thread.
    public var isCurrent: Bool {
        identity.load(ordering: .relaxed) == NativeThread.currentIdentity
    }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if !accept(.job(job)) {
            // A task may prefer this executor for longer than the thread lives.
            globalConcurrentExecutor.enqueue(ExecutorJob(job))
        }
    }

    /// Runs `work` on the thread and returns what it returns: at once if the caller is on the thread, else with one hop
    /// there and one back. After the thread has ended, `work` runs on the global executor.
    public func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        if isCurrent { return try work() }
        return try await withCheckedThrowingContinuation { continuation in
            let call: @Sendable () -> Void = { continuation.resume(with: Result(catching: work)) }
            if !accept(.call(call)) {
                Task.detached { call() }
            }
        }
    }

    /// Ends the thread once it has run all that was queued. Can be called from any thread, and more than once.
    public func shutDown() {
        queue.update { $0.isShuttingDown = true }
    }

    /// Returns when the thread has run its last work, after ``shutDown()``.
    public func waitUntilEnded() async {
        await withCheckedContinuation { continuation in
            let hasEnded = queue.update { queue in
                if !queue.hasEnded { queue.endWaiters.append(continuation) }
                return queue.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }

    /// False if the thread has ended: the caller must find another place for `work`.
    private func accept(_ work: Work) -> Bool {
        queue.update { queue in
            if queue.hasEnded { return false }
            queue.pending.append(work)
            return true
        }
    }

    // MARK: On the thread

    /// The thread's whole life.
    private func main() {
        identity.store(NativeThread.currentIdentity, ordering: .relaxed)
        let executor = unsafe asUnownedTaskExecutor()
        while let batch = nextBatch() {
            for work in batch {
                switch work {
                case .job(let job): unsafe job.runSynchronously(on: executor)
                case .call(let call): call()
                }
            }
        }
        identity.store(0, ordering: .relaxed)
        let waiters = queue.update { queue in
            defer { queue.endWaiters = [] }
            return queue.endWaiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// All that is queued, or nil once the thread shall end. The end is decided under the lock that ``accept(_:)``
    /// takes, so no work is ever queued for a thread that will not look again.
    private func nextBatch() -> [Work]? {
        queue.wait { queue -> [Work]?? in
            if !queue.pending.isEmpty {
                defer { queue.pending = [] }
                return queue.pending
            }
            if queue.isShuttingDown {
                queue.hasEnded = true
                return .some(nil)
            }
            return nil
        }
    }
}
