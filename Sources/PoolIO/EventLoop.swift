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
    /// True while the thread sleeps, or is about to: else it looks for work by itself before it does.
    private let isSleeping = Atomic<Bool>(false)
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
            try poller.add(watch.descriptor.number, token: watch.token)
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

    /// Has the watch told again of what its descriptor is ready for. False if the system refuses.
    func tellAgain(_ watch: DescriptorWatch) -> Bool {
        poller.tellAgain(watch.descriptor.number, token: watch.token)
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
        if state.isWoken || state.hasEnded || !isSleeping.load(ordering: .relaxed) { return }
        state.isWoken = true
        poller.wake()
    }

    // MARK: On the thread

    private enum Turn {
        case run
        case wait(milliseconds: Int32)
        case end
    }

    private func main() {
        identity.store(NativeThread.currentIdentity, ordering: .relaxed)
        let executor = unsafe asUnownedTaskExecutor()
        // The jobs of this turn. The list that is being filled takes its place, so that neither grows anew each time.
        var jobs: [UnownedJob] = []
        var turnsSinceLook = 0
        turns: while true {
            switch nextTurn(&jobs, mayRun: turnsSinceLook < Self.turnsBetweenLooks) {
            case .run:
                for job in jobs { unsafe job.runSynchronously(on: executor) }
                jobs.removeAll(keepingCapacity: true)
                turnsSinceLook += 1
            case .wait(let milliseconds):
                poller.wait(milliseconds, handle)
                isSleeping.store(false, ordering: .relaxed)
                turnsSinceLook = 0
            case .end:
                break turns
            }
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

    /// How often jobs that queue more jobs may run before the descriptors are looked at again.
    private static let turnsBetweenLooks = 16

    /// What to do next. The end is decided under the lock that ``enqueue(_:)`` takes, so no job is ever queued for a thread that
    /// will not look again; and so is the sleep.
    private func nextTurn(_ jobs: inout [UnownedJob], mayRun: Bool) -> Turn {
        let (turn, expired) = state.withLock { state in
            state.isWoken = false
            let expired = state.deadlines.removeExpired()
            if !state.jobs.isEmpty {
                if !mayRun { return (Turn.wait(milliseconds: 0), expired) }
                swap(&jobs, &state.jobs)
                return (.run, expired)
            }
            if state.isShuttingDown {
                state.hasEnded = true
                return (.end, expired)
            }
            if !expired.isEmpty { return (.wait(milliseconds: 0), expired) }
            isSleeping.store(true, ordering: .relaxed)
            return (.wait(milliseconds: state.deadlines.millisecondsUntilFirst), expired)
        }
        for (watch, wait) in expired { watch.expire(wait) }
        return turn
    }

    private func handle(_ token: UInt64, _ readiness: Readiness) {
        // Before a task is resumed, whose job would else wake the thread that it is about to run on.
        isSleeping.store(false, ordering: .relaxed)
        // Nil for an event of a watch that has been closed since: its descriptor may be another's by now.
        state.withLock { $0.watches.find(token) }?.handle(readiness)
    }
}
