internal import Synchronization

/// One thread that waits for many descriptors.
///
/// It is also a `TaskExecutor`: a task that prefers it runs on the thread, and is resumed there without a hop when what it
/// waits for is ready. Whatever runs on it holds up the others: it must never block.
///
/// The thread lives until ``shutDown()``; whoever makes one must call it.
public final class EventLoop: TaskExecutor {
    /// The name that debuggers and `ps -T` show, at most 15 bytes of it on Linux.
    public let name: String
    private let poller: Poller
    private let state = Mutex(State())
    /// The thread's identity, and 0 before it runs and after it has ended.
    private let identity = Atomic<UInt>(0)

    private struct State {
        var jobs: [UnownedJob] = []
        var watches = WatchTable()
        var deadlines = DeadlineList()
        /// True from the wake-up until the thread looks for work again: one is enough.
        var isWoken = false
        var isShuttingDown = false
        var hasEnded = false
        var endWaiters: [CheckedContinuation<Void, Never>] = []
    }

    /// Starts a loop.
    ///
    /// - Throws: ``EventLoopError`` or ``ThreadError`` if the system refuses a descriptor or a thread.
    public init(name: String) throws {
        self.name = name
        poller = try Poller()
        do {
            try NativeThread.start(name: name) { self.main() }
        } catch {
            poller.close()
            throw error
        }
    }

    /// True if the caller runs on the loop's thread.
    public var isCurrent: Bool {
        identity.load(ordering: .relaxed) == NativeThread.currentIdentity
    }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isAccepted = state.withLock { state in
            if state.hasEnded { return false }
            state.jobs.append(job)
            wakeIfNeeded(&state)
            return true
        }
        // A task may prefer this executor for longer than the thread lives.
        if !isAccepted { globalConcurrentExecutor.enqueue(ExecutorJob(job)) }
    }

    /// Begins to watch a descriptor, which may be closed at any time.
    ///
    /// What is watched is a duplicate of it, until ``DescriptorWatch/close()``: C libraries close descriptors when they please,
    /// and the number may then be another connection's.
    ///
    /// - Throws: ``EventLoopError`` if the system refuses, or if the loop has ended.
    public func watch(_ descriptor: Int32) throws -> DescriptorWatch {
        let watch = DescriptorWatch(loop: self, descriptor: try OwnedDescriptor(duplicating: descriptor))
        let isAccepted = state.withLock { state in
            if state.isShuttingDown { return false }
            watch.token = state.watches.insert(watch)
            return true
        }
        guard isAccepted else { throw EventLoopError(function: "watch", systemError: 0) }
        do {
            try poller.set(watch.descriptor.number, [], token: watch.token, isNew: true)
        } catch {
            forget(watch)
            throw error
        }
        return watch
    }

    /// Ends the thread once it has run what was queued; waits end with ``WaitOutcome/closed``. Can be called from any thread,
    /// and more than once.
    public func shutDown() {
        state.withLock { state in
            state.isShuttingDown = true
            wakeIfNeeded(&state)
        }
    }

    /// Returns when the thread has run its last work, after ``shutDown()``.
    public func waitUntilEnded() async {
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                if !state.hasEnded { state.endWaiters.append(continuation) }
                return state.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }

    // MARK: For the watches

    func set(_ watch: DescriptorWatch, _ interest: Readiness) -> Bool {
        (try? poller.set(watch.descriptor.number, interest, token: watch.token, isNew: false)) != nil
    }

    func remove(_ watch: DescriptorWatch) {
        if forget(watch) { poller.remove(watch.descriptor.number) }
    }

    /// False if the loop has ended, and its poller with it.
    @discardableResult
    private func forget(_ watch: DescriptorWatch) -> Bool {
        state.withLock { state in
            state.watches.remove(watch.token)
            // It would keep the watch, and with it a descriptor, until then.
            state.deadlines.remove(watch)
            return !state.hasEnded
        }
    }

    func add(_ deadline: ContinuousClock.Instant, for watch: DescriptorWatch, wait: UInt64) {
        state.withLock { state in
            if state.hasEnded { return }
            let isFirst = state.deadlines.insert(deadline, watch, wait)
            if isFirst { wakeIfNeeded(&state) }
        }
    }

    private func wakeIfNeeded(_ state: inout State) {
        if state.isWoken || state.hasEnded || isCurrent { return }
        state.isWoken = true
        poller.wake()
    }

    // MARK: On the thread

    private enum Turn {
        case run([UnownedJob], milliseconds: Int32)
        case end
    }

    private func main() {
        identity.store(NativeThread.currentIdentity, ordering: .relaxed)
        let executor = unsafe asUnownedTaskExecutor()
        while case .run(let jobs, let milliseconds) = nextTurn() {
            for job in jobs { unsafe job.runSynchronously(on: executor) }
            poller.wait(milliseconds, handle)
            expireDeadlines()
        }
        identity.store(0, ordering: .relaxed)
        let (waiters, watches) = state.withLock { state in
            // A watch keeps its loop: what was not closed must not keep both for ever.
            defer { (state.endWaiters, state.watches, state.deadlines) = ([], WatchTable(), DeadlineList()) }
            return (state.endWaiters, state.watches.all)
        }
        for watch in watches { watch.end() }
        poller.close()
        for waiter in waiters { waiter.resume() }
    }

    /// What to run, and for how long to wait afterwards. The end is decided under the lock that ``enqueue(_:)`` takes, so no
    /// job is ever queued for a thread that will not look again.
    private func nextTurn() -> Turn {
        state.withLock { state in
            state.isWoken = false
            if !state.jobs.isEmpty {
                defer { state.jobs = [] }
                // Jobs may have queued more: look at the descriptors, and come back at once.
                return .run(state.jobs, milliseconds: 0)
            }
            if state.isShuttingDown {
                state.hasEnded = true
                return .end
            }
            return .run([], milliseconds: state.deadlines.millisecondsUntilFirst)
        }
    }

    private func handle(_ token: UInt64, _ readiness: Readiness) {
        // Nil for an event of a watch that has been closed since: its descriptor may be another's by now.
        state.withLock { $0.watches.find(token) }?.handle(readiness)
    }

    private func expireDeadlines() {
        let expired = state.withLock { $0.deadlines.removeExpired() }
        for (watch, wait) in expired { watch.expire(wait) }
    }
}
