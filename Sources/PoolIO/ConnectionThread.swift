internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

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
        try Self.start(self)
    }

    /// True if the caller runs on this thread.
    public var isCurrent: Bool {
        identity.load(ordering: .relaxed) == Self.currentIdentity
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
    fileprivate func main() {
        identity.store(Self.currentIdentity, ordering: .relaxed)
        Self.nameCurrentThread(name)
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

/// The system refused a thread.
public struct ThreadError: Error, Hashable, CustomStringConvertible {
    /// The `errno` value that `pthread_create` returned.
    public let systemError: Int32

    public var description: String {
        "The system cannot start another thread (errno \(systemError)): raise its limit of threads for this process, "
            + "or lower the maximum of connections"
    }
}

extension ConnectionThread {
    /// Room for the frames of a lease's body, on systems whose default for a thread is small (512 KiB on macOS).
    private static let stackBytes = 2 << 20

    private static var currentIdentity: UInt {
        #if canImport(Darwin)
        unsafe UInt(bitPattern: pthread_self())
        #else
        UInt(pthread_self())
        #endif
    }

    private static func start(_ thread: ConnectionThread) throws(ThreadError) {
        // The thread holds its object until its end; `connectionThreadMain` takes over this reference.
        let context = unsafe Unmanaged.passRetained(thread).toOpaque()
        let result = unsafe create(context)
        if result != 0 {
            unsafe Unmanaged<ConnectionThread>.fromOpaque(context).release()
            throw ThreadError(systemError: result)
        }
    }

    /// Makes a detached thread: the system frees it when it ends, and nobody joins it.
    private static func create(_ context: UnsafeMutableRawPointer) -> Int32 {
        var attributes = pthread_attr_t()
        var result = unsafe pthread_attr_init(&attributes)
        if result != 0 { return result }
        unsafe pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
        unsafe pthread_attr_setstacksize(&attributes, stackBytes)
        #if canImport(Darwin)
        var identity: pthread_t?
        #else
        var identity = pthread_t()
        #endif
        result = unsafe pthread_create(&identity, &attributes, connectionThreadMain, context)
        unsafe pthread_attr_destroy(&attributes)
        return result
    }

    private static func nameCurrentThread(_ name: String) {
        #if canImport(Darwin)
        unsafe _ = pthread_setname_np(name)
        #else
        // `pthread_setname_np` is a GNU extension that Swift does not import; the kernel's file does the same. Without
        // /proc the thread keeps its process's name.
        let file = unsafe open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        // Cut at a character, because the kernel would cut at its 15th byte.
        var short = name
        while short.utf8.count > 15 { short.removeLast() }
        let bytes = Array(short.utf8)
        unsafe _ = write(file, bytes, bytes.count)
        close(file)
        #endif
    }
}

/// What `pthread_create` calls. Not a closure, because one that calls a static member from here crashes the compiler
/// (Swift 6.3.1).
private func connectionThreadMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context = unsafe context {
        unsafe Unmanaged<ConnectionThread>.fromOpaque(context).takeRetainedValue().main()
    }
    return nil
}
