#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The threads shared by all connections of a driver whose C library blocks: one thread for each connection.
///
/// The threads are also a `TaskExecutor`: a task that prefers it runs on them, and its blocking calls need no hop.
/// Each connection reserves a thread. No more calls than connections can block at the same time, so a task that holds
/// a connection without calling it always finds a thread to continue on. While nothing is reserved, tasks that prefer
/// this executor run on Swift's global executor.
public final class BlockingThreads: TaskExecutor {
    /// The name of each thread, followed by a number. Debuggers and `ps -T` show it, on Linux at most 15 bytes of it.
    public let name: String
    private let atStart: @Sendable () -> Void
    private let atEnd: @Sendable () -> Void
    private let queue = Monitor(Queue())
    /// Holds, on each of the threads, the executor that the thread belongs to.
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        unsafe pthread_key_create(&key, nil)
        return key
    }()

    private enum Work {
        case job(UnownedJob)
        case call(@Sendable () -> Void)
        /// A thread has taken the work already.
        case taken
    }

    private struct Queue {
        var reservationCount = 0
        /// The threads that run; for a moment more or fewer than the reservations.
        var threadCount = 0
        var latestNumber = 0
        var pending: [Work] = []
        /// The index of the first entry of `pending` that no thread has taken.
        var firstPending = 0

        mutating func next() -> Work? {
            guard firstPending < pending.count else { return nil }
            let work = pending[firstPending]
            // Dropped after the lock is released: a call may hold a reservation, whose end takes the same lock.
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

        /// Takes the work that is left when the last thread ends.
        mutating func takeAll() -> ArraySlice<Work> {
            defer { (pending, firstPending) = ([], 0) }
            return pending[firstPending...]
        }
    }

    /// Makes an executor without threads; each ``reserve()`` starts one.
    ///
    /// - Parameters:
    ///   - atStart: Runs first on each thread. The default does nothing.
    ///   - atEnd: Runs last on each thread. The default does nothing.
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

    /// Runs a job on one of the threads, or on the global executor while there is no thread.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if !accept(.job(job)) { Self.runElsewhere(.job(job)) }
    }

    /// Runs `work` on one of the threads and returns its result: immediately if the caller is on one, else with one
    /// hop there and one back. While nothing is reserved, `work` runs on the global executor.
    ///
    /// - Throws: what `work` throws.
    public func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        if isCurrent { return try work() }
        return try await withCheckedThrowingContinuation { continuation in
            let call: @Sendable () -> Void = { continuation.resume(with: Result(catching: work)) }
            if !accept(.call(call)) { Self.runElsewhere(.call(call)) }
        }
    }

    /// Queues the work. False if there is no thread: the caller must find another place for `work`.
    private func accept(_ work: Work) -> Bool {
        queue.update { queue in
            if queue.threadCount == 0 { return false }
            queue.pending.append(work)
            return true
        }
    }

    /// Runs work on the global executor: a task may prefer this executor for longer than it has threads.
    private static func runElsewhere(_ work: Work) {
        switch work {
        case .job(let job): globalConcurrentExecutor.enqueue(ExecutorJob(job))
        case .call(let call): Task.detached { call() }
        case .taken: break
        }
    }

    // MARK: Reservations

    /// One more thread, for as long as this value lives.
    public final class Reservation: Sendable {
        /// The executor that has the thread.
        public let threads: BlockingThreads

        fileprivate init(_ threads: BlockingThreads) {
            self.threads = threads
        }

        deinit { threads.endReservation() }
    }

    /// Starts another thread, for a connection whose calls block one at a time.
    ///
    /// - Throws: ``ThreadError`` if the system refuses it.
    public func reserve() throws(ThreadError) -> Reservation {
        let number: Int? = queue.update { queue in
            queue.reservationCount += 1
            // A thread that is about to end may still be counted: this reservation keeps it.
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

    /// The body of each thread.
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
        // Wakes the others: another thread may have to end too, or this one may have been woken for work.
        queue.update { _ in }
    }

    /// Waits for work. Nil when this thread shall end. The last thread first runs what is queued, and its end is
    /// decided under the lock that ``accept(_:)`` takes, so that no work is queued for threads that have stopped
    /// looking.
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
