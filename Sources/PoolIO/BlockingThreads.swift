#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The threads that all connections of a driver share whose C library blocks: as many as there are connections.
///
/// It is also a `TaskExecutor`: a task that prefers it lives on these threads, and its blocking calls need no hop. Each
/// connection reserves a thread. No more calls than connections can block at once, so that a task which holds a
/// connection without calling it always finds a thread to go on with. While nothing is reserved, tasks that prefer it
/// run on Swift's own threads.
public final class BlockingThreads: TaskExecutor {
    /// Each thread has this name and a number. Debuggers and `ps -T` show it, at most 15 bytes of it on Linux.
    public let name: String
    private let atStart: @Sendable () -> Void
    private let atEnd: @Sendable () -> Void
    private let queue = Monitor(Queue())
    /// Holds, on each of the threads, the executor that it belongs to.
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        unsafe pthread_key_create(&key, nil)
        return key
    }()

    private enum Work {
        case job(UnownedJob)
        case call(@Sendable () -> Void)
        /// A thread has it already.
        case taken
    }

    private struct Queue {
        var reservationCount = 0
        /// For a moment they may be more or fewer than the reservations.
        var threadCount = 0
        var latestNumber = 0
        var pending: [Work] = []
        /// Those before it have been taken.
        var firstPending = 0

        mutating func next() -> Work? {
            guard firstPending < pending.count else { return nil }
            let work = pending[firstPending]
            // What a call holds must not go under the lock: it may be a reservation.
            pending[firstPending] = .taken
            firstPending += 1
            if firstPending == pending.count {
                pending.removeAll(keepingCapacity: true)
                firstPending = 0
            } else if firstPending >= 1_024 {
                // A queue that is never empty must not grow without end.
                pending.removeFirst(firstPending)
                firstPending = 0
            }
            return work
        }

        /// What nobody will take, once the last thread is gone.
        mutating func takeAll() -> ArraySlice<Work> {
            defer { (pending, firstPending) = ([], 0) }
            return pending[firstPending...]
        }
    }

    /// Starts no thread yet.
    ///
    /// - Parameters:
    ///   - atStart: Runs first on each thread.
    ///   - atEnd: Runs last on each thread.
    public init(
        name: String, atStart: @escaping @Sendable () -> Void = {}, atEnd: @escaping @Sendable () -> Void = {}
    ) {
        self.name = name
        self.atStart = atStart
        self.atEnd = atEnd
    }

    /// True if the caller runs on one of the threads.
    public var isCurrent: Bool {
        unsafe pthread_getspecific(Self.key) == UnsafeMutableRawPointer(Unmanaged.passUnretained(self).toOpaque())
    }

    /// How many threads there are now.
    public var threadCount: Int { queue.update { $0.threadCount } }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if !accept(.job(job)) { Self.runElsewhere(.job(job)) }
    }

    /// Runs `work` on one of the threads and returns what it returns: at once if the caller is on one, else with one
    /// hop there and one back. While nothing is reserved, `work` runs on the global executor.
    public func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        if isCurrent { return try work() }
        return try await withCheckedThrowingContinuation { continuation in
            let call: @Sendable () -> Void = { continuation.resume(with: Result(catching: work)) }
            if !accept(.call(call)) { Self.runElsewhere(.call(call)) }
        }
    }

    /// False if there is no thread: the caller must find another place for `work`.
    private func accept(_ work: Work) -> Bool {
        queue.update { queue in
            if queue.threadCount == 0 { return false }
            queue.pending.append(work)
            return true
        }
    }

    /// A task may prefer this executor for longer than it has threads.
    private static func runElsewhere(_ work: Work) {
        switch work {
        case .job(let job): globalConcurrentExecutor.enqueue(ExecutorJob(job))
        case .call(let call): Task.detached { call() }
        case .taken: break
        }
    }

    // MARK: Reservations

    /// A thread more, until this value goes.
    public final class Reservation: Sendable {
        public let threads: BlockingThreads

        fileprivate init(_ threads: BlockingThreads) {
            self.threads = threads
        }

        deinit { threads.endReservation() }
    }

    /// Starts another thread, for a connection that will block one at a time.
    ///
    /// - Throws: ``ThreadError`` if the system refuses it.
    public func reserve() throws(ThreadError) -> Reservation {
        let number: Int? = queue.update { queue in
            queue.reservationCount += 1
            // One that was to end may not have noticed yet.
            if queue.threadCount >= queue.reservationCount { return nil }
            queue.threadCount += 1
            queue.latestNumber += 1
            return queue.latestNumber
        }
        guard let number else { return Reservation(self) }
        do {
            try NativeThread.start(name: "\(name)-\(number)") { self.main() }
        } catch {
            let left = queue.update { queue -> ArraySlice<Work> in
                queue.reservationCount -= 1
                queue.threadCount -= 1
                return queue.threadCount == 0 ? queue.takeAll() : []
            }
            for work in left { Self.runElsewhere(work) }
            throw error
        }
        return Reservation(self)
    }

    private func endReservation() {
        queue.update { $0.reservationCount -= 1 }
    }

    // MARK: On the threads

    /// A thread's whole life.
    private func main() {
        unsafe _ = pthread_setspecific(Self.key, Unmanaged.passUnretained(self).toOpaque())
        atStart()
        let executor = unsafe asUnownedTaskExecutor()
        while let work = nextWork() {
            switch work {
            case .job(let job): unsafe job.runSynchronously(on: executor)
            case .call(let call): call()
            case .taken: break
            }
        }
        atEnd()
        _ = pthread_setspecific(Self.key, nil)
        // Another may have to end too, or there may be work that this one was woken for.
        queue.update { _ in }
    }

    /// Nil once the thread shall end. The last one first runs what is queued, and the end is decided under the lock
    /// that ``accept(_:)`` takes, so that no work is ever queued for threads that will not look again.
    private func nextWork() -> Work? {
        queue.wait { queue -> Work?? in
            if queue.threadCount > max(1, queue.reservationCount) {
                queue.threadCount -= 1
                return .some(nil)
            }
            if let work = queue.next() { return .some(work) }
            if queue.threadCount > queue.reservationCount {
                queue.threadCount -= 1
                return .some(nil)
            }
            return nil
        }
    }
}
