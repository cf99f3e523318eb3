internal import Synchronization

/// A named thread that runs the blocking calls on one connection, one after the other, in the order in which they came.
///
/// The thread is also a `TaskExecutor`: a task that prefers it runs on the thread, and its calls need no hop. The
/// thread lives until ``shutDown()``, which the code that makes one must call.
public final class ConnectionThread: TaskExecutor {
    /// The name that debuggers and `ps -T` show, on Linux at most 15 bytes of it.
    public let name: String
    private let queue = Monitor(Queue())
    /// The thread's `pthread_self`, and 0 before the thread runs and after it has ended: then the system may give the
    /// same value to another thread.
    private let identity = Atomic<UInt>(0)
    /// True from the moment at which something is queued until the thread takes it.
    private let hasWork = Atomic<Bool>(false)
    /// True while the thread looks for work.
    private let isLooking = Atomic<Bool>(false)
    /// How long the thread spins for new work before it sleeps.
    private let spinForWork = SpinWait(limit: 200_000)
    /// How long callers spin for the thread's result before they suspend.
    private let spinForResult = SpinWait(limit: 20_000)
    /// How many calls have ended before their caller would have suspended.
    private let quickCount = Atomic<Int>(0)
    /// The number of threads of this kind that are awake, and the number of calls on them that have not returned.
    private static let awakeCount = Atomic<Int>(0)
    private static let callCount = Atomic<Int>(0)
    /// At most this many threads may spin: each takes a processor, and so does the caller that brings it work.
    private static let mostLooking = NativeThread.processorCount / 2
    /// True if spinning would take processors from other threads and calls.
    private static var areBusy: Bool {
        callCount.load(ordering: .relaxed) > mostLooking || awakeCount.load(ordering: .relaxed) > mostLooking
    }

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

    /// Runs a job on the thread, or on the global executor after the thread has ended.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if !accept(.job(job)) {
            // A task may prefer this executor for longer than the thread lives.
            globalConcurrentExecutor.enqueue(ExecutorJob(job))
        }
    }

    /// Runs `work` on the thread and returns its result: immediately if the caller is on the thread, else with one
    /// hop there and one back, or without if both are quick. After the thread has ended, `work` runs on the global
    /// executor.
    ///
    /// - Throws: what `work` throws.
    public func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        if isCurrent { return try work() }
        Self.callCount.add(1, ordering: .relaxed)
        defer { Self.callCount.subtract(1, ordering: .relaxed) }
        if isLooking.load(ordering: .relaxed), !Self.areBusy { return try await runWatched(work) }
        // Unsafe, because a checked continuation would allocate; the call resumes it exactly once.
        return try await unsafe withUnsafeThrowingContinuation { continuation in
            let call: @Sendable () -> Void = { unsafe continuation.resume(with: Result(catching: work)) }
            if !accept(.call(call)) {
                Task.detached { call() }
            }
        }
    }

    /// Runs `work` on the thread while it is awake: the caller looks for the result before it suspends.
    private func runWatched<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        let call = ThreadCall(work)
        if !accept(.call(call.run)) {
            Task.detached { call.run() }
        } else if spinForResult.spin(until: { call.isFinished }, unless: { Self.areBusy }),
            quickCount.add(1, ordering: .relaxed).newValue.isMultiple(of: 8)
        {
            // Yields, because a loop of calls would otherwise never let other tasks run in the caller's place.
            await Task.yield()
        }
        return try await call.value()
    }

    /// Ends the thread after it has run all that was queued. May be called from any thread, and more than once.
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

    /// Queues the work. False if the thread has ended: the caller must find another place for `work`.
    private func accept(_ work: Work) -> Bool {
        queue.update { queue in
            if queue.hasEnded { return false }
            queue.pending.append(work)
            hasWork.store(true, ordering: .relaxed)
            return true
        }
    }

    // MARK: On the thread

    /// The body of the thread.
    private func main() {
        Self.awakeCount.add(1, ordering: .relaxed)
        defer { Self.awakeCount.subtract(1, ordering: .relaxed) }
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

    /// Waits for work and takes all of it; nil when the thread shall end. The end is decided under the lock that
    /// ``accept(_:)`` takes, so that no work is queued for a thread that has stopped looking.
    private func nextBatch() -> [Work]? {
        lookForWork()
        let mayWait = !hasWork.load(ordering: .relaxed)
        if mayWait { Self.awakeCount.subtract(1, ordering: .relaxed) }
        defer { if mayWait { Self.awakeCount.add(1, ordering: .relaxed) } }
        return queue.wait { queue -> [Work]?? in
            if !queue.pending.isEmpty {
                hasWork.store(false, ordering: .relaxed)
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

    /// Spins for a moment, while there are processors for it.
    private func lookForWork() {
        if hasWork.load(ordering: .relaxed) || Self.areBusy { return }
        isLooking.store(true, ordering: .relaxed)
        _ = spinForWork.spin(until: { hasWork.load(ordering: .relaxed) }, unless: { Self.areBusy })
        isLooking.store(false, ordering: .relaxed)
    }
}
