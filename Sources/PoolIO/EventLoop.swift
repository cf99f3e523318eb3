internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// One thread that waits for many descriptors.
///
/// The loop is also a `TaskExecutor`: a task that prefers it runs on the thread, and is resumed there without a hop
/// when its descriptor is ready. All tasks of the loop share the thread, so none of them may block.
///
/// The thread lives until ``shutDown()``, which the code that makes a loop must call.
public final class EventLoop: TaskExecutor {
    /// The name that debuggers and `ps -T` show, on Linux at most 15 bytes of it.
    public let name: String
    private let poller: Poller
    private let state = Mutex(State())
    /// True if the state holds something that the thread has not seen.
    private let hasNews = Atomic<Bool>(false)
    /// True while the thread sleeps, or is about to; otherwise it checks for news before it sleeps. The code that
    /// changes this to false wakes the thread.
    private let isSleeping = Atomic<Bool>(false)
    private nonisolated(unsafe) var thread = ThreadState()  // … because only the loop's own thread uses it.
    /// Holds, on the thread of each loop, that loop.
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        unsafe pthread_key_create(&key, nil)
        return key
    }()

    /// A job, and the executor that its task has for it: the loop, or the group that the loop is in.
    @safe
    private struct QueuedJob {
        let job: UnownedJob
        let executor: UnownedTaskExecutor

        init(_ job: UnownedJob, _ executor: UnownedTaskExecutor) {
            self.job = job
            unsafe self.executor = unsafe executor
        }

        func run() { unsafe job.runSynchronously(on: executor) }
    }

    private struct State {
        /// The jobs that other threads have queued.
        var jobs: [QueuedJob] = []
        var watches = WatchTable()
        var deadlines = DeadlineList()
        /// The tokens of the watches whose brief waits are checked on each tick. The poller ticks while there are
        /// any.
        var briefWatches: [UInt64] = []
        var isShuttingDown = false
        var hasEnded = false
        var endWaiters: [CheckedContinuation<Void, Never>] = []
    }

    private struct ThreadState {
        var jobs: [QueuedJob] = []
        /// Boxed: an `Instant` stored inline made every access to this struct slower.
        var firstDeadline: Deadline?
        var group: EventLoopGroup?
        var isShuttingDown = false
    }

    private final class Deadline {
        let instant: ContinuousClock.Instant
        init(_ instant: ContinuousClock.Instant) { self.instant = instant }
    }

    /// Starts a loop.
    ///
    /// - Throws: ``EventLoopError`` or ``ThreadError`` if the system refuses a descriptor or a thread.
    public convenience init(name: String) throws {
        try self.init(unstarted: name)
        try start(for: nil)
    }

    /// Makes a loop whose thread does not run yet.
    init(unstarted name: String) throws {
        self.name = name
        poller = try Poller()
    }

    /// Starts the thread, which keeps the loop's group alive until it ends. Call once. If it throws, the loop has
    /// ended.
    func start(for group: EventLoopGroup?) throws {
        do {
            try NativeThread.start(name: name) {
                unsafe self.thread.group = group
                self.main()
                unsafe self.thread.group = nil
            }
        } catch {
            end()
            throw error
        }
    }

    /// The loop on whose thread the caller runs; nil on other threads.
    static var current: EventLoop? {
        guard let loop = unsafe pthread_getspecific(key) else { return nil }
        return unsafe Unmanaged<EventLoop>.fromOpaque(loop).takeUnretainedValue()
    }

    /// True if the loop belongs to the group. Call on the loop's own thread only.
    func belongs(to group: EventLoopGroup) -> Bool { unsafe thread.group === group }

    /// True if the caller runs on the loop's thread.
    public var isCurrent: Bool {
        unsafe pthread_getspecific(Self.key) == UnsafeMutableRawPointer(Unmanaged.passUnretained(self).toOpaque())
    }

    /// Runs a job on the loop's thread, or on the global executor after the loop has ended.
    public func enqueue(_ job: consuming ExecutorJob) {
        unsafe enqueue(UnownedJob(job), for: asUnownedTaskExecutor())
    }

    /// Queues a job for the loop, or for the loop's group.
    func enqueue(_ job: UnownedJob, for executor: UnownedTaskExecutor) {
        // The thread's own jobs need neither the lock nor a wake-up.
        if isCurrent { return unsafe enqueueHere(job, for: executor) }
        let isAccepted = state.withLock { state in
            if state.hasEnded { return false }
            unsafe state.jobs.append(QueuedJob(job, executor))
            return true
        }
        // A task may prefer this executor for longer than the thread lives.
        if isAccepted { tellThread() } else { globalConcurrentExecutor.enqueue(ExecutorJob(job)) }
    }

    /// Queues a job on the loop's own thread, without a lock.
    func enqueueHere(_ job: UnownedJob, for executor: UnownedTaskExecutor) {
        unsafe thread.jobs.append(QueuedJob(job, executor))
    }

    /// Begins to watch a descriptor, which may be closed at any time.
    ///
    /// The loop watches a duplicate of the descriptor, until ``DescriptorWatch/close()``: C libraries close
    /// descriptors at any time, and the number may then be another connection's.
    ///
    /// - Throws: ``EventLoopError`` if the system refuses, or if the loop is shutting down or has ended.
    public func watch(_ descriptor: Int32) throws -> DescriptorWatch {
        let watch = DescriptorWatch(loop: self, descriptor: try OwnedDescriptor(duplicating: descriptor))
        try state.withLock { state in
            if state.isShuttingDown { throw EventLoopError(function: "watch", systemError: 0) }
            watch.token = state.watches.insert(watch)
            do {
                try poller.add(watch.descriptor.number, token: watch.token)
            } catch {
                state.watches.remove(watch.token)
                throw error
            }
        }
        return watch
    }

    /// Ends the thread after it has run what was queued; waits end with ``WaitOutcome/closed``. May be called from
    /// any thread, and more than once.
    public func shutDown() {
        let hasEnded = state.withLock { state in
            state.isShuttingDown = true
            return state.hasEnded
        }
        if !hasEnded { tellThread() }
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

    /// Makes the thread look at the state. Call without the state's lock, which the thread takes next.
    ///
    /// The thread announces that it sleeps before its last look, so that either the thread sees the news or this
    /// function sees that it sleeps.
    private func tellThread() {
        hasNews.store(true, ordering: .sequentiallyConsistent)
        if isSleeping.exchange(false, ordering: .sequentiallyConsistent) { wake() }
    }

    /// Wakes the thread. Under the lock, because the poller ends with the loop.
    private func wake() {
        state.withLock { if !$0.hasEnded { poller.wake() } }
    }

    // MARK: For the watches

    /// Makes the system report again what the watch's descriptor is ready for. False if the system refuses.
    func tellAgain(_ watch: DescriptorWatch) -> Bool {
        poller.tellAgain(watch.descriptor.number, token: watch.token)
    }

    func remove(_ watch: DescriptorWatch) {
        state.withLock { state in
            // The poller has ended with the loop.
            if state.hasEnded { return }
            state.watches.remove(watch.token)
            // A deadline would keep the watch, and with it a descriptor, until it passes.
            state.deadlines.remove(watch)
            poller.remove(watch.descriptor.number)
        }
    }

    func add(_ deadline: ContinuousClock.Instant, for watch: DescriptorWatch, wait: UInt64) {
        let isFirst = state.withLock { state in !state.hasEnded && state.deadlines.insert(deadline, watch, wait) }
        if isFirst { tellThread() }
    }

    /// The time between two ticks, in nanoseconds.
    static let tick = 5_000_000

    /// Checks the watch's brief waits on each tick, until ``DescriptorWatch/endBriefWait()`` says that there are
    /// none.
    func lookAfter(_ watch: DescriptorWatch) {
        state.withLock { state in
            // The poller has ended with the loop, and the waits end too.
            if state.hasEnded { return }
            if state.briefWatches.isEmpty { poller.startTicking() }
            state.briefWatches.append(watch.token)
        }
    }

    /// True while the poller ticks. For tests.
    var isTicking: Bool { state.withLock { !$0.briefWatches.isEmpty } }

    // MARK: On the thread

    private func endBriefWaits() {
        let watches = state.withLock { state in
            defer { state.briefWatches.removeAll() }
            return state.briefWatches.compactMap { state.watches.find($0) }
        }
        // Not under the lock: a watch takes the loop's lock while it holds its own.
        let others = watches.filter { !$0.endBriefWait() }
        state.withLock { state in
            state.briefWatches += others.map(\.token)
            if state.briefWatches.isEmpty { poller.stopTicking() }
        }
    }

    /// How many turns of jobs may run before the loop looks at the descriptors again.
    private static let turnsBetweenLooks = 16

    private func main() {
        becomeCurrent()
        // The jobs of this turn. The list being filled and this one swap places, so that neither allocates on each
        // turn.
        var jobs: [QueuedJob] = []
        var turnsSinceLook = 0
        while true {
            let isDue = unsafe thread.firstDeadline.map { $0.instant <= .now } ?? false
            if isDue || hasNews.load(ordering: .relaxed) { takeNews() }
            if unsafe thread.jobs.isEmpty {
                if unsafe thread.isShuttingDown, endOnThread() { break }
                poller.wait(beginSleep(), handle)
                isSleeping.store(false, ordering: .relaxed)
                turnsSinceLook = 0
            } else if turnsSinceLook < Self.turnsBetweenLooks {
                unsafe swap(&jobs, &thread.jobs)
                for job in jobs { job.run() }
                jobs.removeAll(keepingCapacity: true)
                turnsSinceLook += 1
            } else {
                poller.wait(0, handle)
                turnsSinceLook = 0
            }
        }
    }

    /// Ends the loop on its own thread. False if there is still something to do.
    private func endOnThread() -> Bool {
        // Tasks that this resumes must not be queued for a thread that runs no more jobs.
        _ = pthread_setspecific(Self.key, nil)
        if end() { return true }
        becomeCurrent()
        return false
    }

    private func becomeCurrent() {
        unsafe _ = pthread_setspecific(Self.key, Unmanaged.passUnretained(self).toOpaque())
    }

    /// How many milliseconds to sleep: -1 until something arrives, and 0 if something has arrived already.
    private func beginSleep() -> Int32 {
        isSleeping.store(true, ordering: .sequentiallyConsistent)
        if hasNews.load(ordering: .sequentiallyConsistent) { return 0 }
        guard let deadline = unsafe thread.firstDeadline else { return -1 }
        return deadline.instant.millisecondsFromNow
    }

    /// Takes over the jobs of other threads, and ends the waits whose deadline has passed.
    private func takeNews() {
        hasNews.store(false, ordering: .sequentiallyConsistent)
        let (expired, first, isShuttingDown, jobs) = state.withLock { state in
            let expired = state.deadlines.removeExpired()
            defer { state.jobs.removeAll(keepingCapacity: true) }
            return (expired, state.deadlines.first, state.isShuttingDown, state.jobs)
        }
        unsafe thread.jobs += jobs
        unsafe thread.firstDeadline = first.map(Deadline.init)
        unsafe thread.isShuttingDown = isShuttingDown
        for (watch, wait) in expired { watch.expire(wait) }
    }

    /// Ends the loop. False if there is still something to do, which is decided under the lock that
    /// ``enqueue(_:for:)`` takes, so that no job is queued for a thread that has stopped looking.
    @discardableResult
    func end() -> Bool {
        let ending = state.withLock { state -> Ending? in
            if !state.jobs.isEmpty { return nil }
            state.hasEnded = true
            // A watch keeps its loop, and the loop its watches: without this, a watch that was not closed would leak
            // both.
            defer {
                (state.endWaiters, state.watches, state.deadlines) = ([], WatchTable(), DeadlineList())
                state.briefWatches = []
            }
            return Ending(waiters: state.endWaiters, watches: state.watches.all)
        }
        guard let ending else { return false }
        for watch in ending.watches { watch.end() }
        poller.close()
        for waiter in ending.waiters { waiter.resume() }
        return true
    }

    private struct Ending {
        let waiters: [CheckedContinuation<Void, Never>]
        let watches: [DescriptorWatch]
    }

    private func handle(_ token: UInt64, _ readiness: Readiness) {
        // The thread is awake: other threads need not wake it for their news.
        isSleeping.store(false, ordering: .relaxed)
        if token == Poller.tickToken { return endBriefWaits() }
        // Nil for an event of a watch that has been closed since: its descriptor may belong to another watch by now.
        state.withLock { $0.watches.find(token) }?.handle(readiness)
    }
}
