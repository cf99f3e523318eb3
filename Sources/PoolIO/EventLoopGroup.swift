internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Event loops that share the tasks that prefer the group, which is a `TaskExecutor`.
///
/// A task continues on the thread of the loop that saw its descriptor become ready, and so moves between loops
/// without a hop. Jobs from other threads go to the loops in turn. Each loop has one thread, so a task that blocks
/// holds up all other work of its loop.
///
/// The threads live until ``shutDown()``, which the code that makes a group must call.
public final class EventLoopGroup: TaskExecutor {
    /// The loops of the group; at least one.
    public let loops: [EventLoop]
    private let turn = Atomic<UInt>(0)

    /// As many loops as can run at the same time on this machine, but at most 8.
    public static var defaultLoopCount: Int {
        min(NativeThread.processorCount, 8)
    }

    /// Starts the loops.
    ///
    /// - Parameters:
    ///   - name: The name of each loop, followed by a number if there are several.
    ///   - loopCount: At least 1. The default is ``defaultLoopCount``.
    /// - Throws: ``EventLoopError`` or ``ThreadError`` if the system refuses a descriptor or a thread.
    public init(name: String, loopCount: Int = EventLoopGroup.defaultLoopCount) throws {
        precondition(loopCount >= 1, "EventLoopGroup needs at least one loop")
        var made: [EventLoop] = []
        do {
            for number in 1...loopCount {
                made.append(try EventLoop(unstarted: loopCount == 1 ? name : "\(name)-\(number)"))
            }
        } catch {
            for loop in made { loop.end() }
            throw error
        }
        loops = made
        for (index, loop) in loops.enumerated() {
            do {
                try loop.start(for: self)
            } catch {
                for started in loops[..<index] { started.shutDown() }
                for unstarted in loops[(index + 1)...] { unstarted.end() }
                throw error
            }
        }
    }

    /// The next loop in turn, for example to watch a new descriptor.
    public func next() -> EventLoop {
        loops[Int(turn.wrappingAdd(1, ordering: .relaxed).oldValue % UInt(loops.count))]
    }

    /// Runs a job on the calling loop if it belongs to the group, else on the next loop in turn.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = unsafe asUnownedTaskExecutor()
        if let current = EventLoop.current, current.belongs(to: self) {
            unsafe current.enqueueHere(job, for: executor)
        } else {
            unsafe next().enqueue(job, for: executor)
        }
    }

    /// True if the caller runs on the thread of one of the loops.
    public var isCurrent: Bool { EventLoop.current?.belongs(to: self) ?? false }

    /// Ends each loop after it has run what was queued; waits end with ``WaitOutcome/closed``. May be called from any
    /// thread, and more than once.
    public func shutDown() {
        for loop in loops { loop.shutDown() }
    }

    /// Returns when the threads have run their last work, after ``shutDown()``.
    public func waitUntilEnded() async {
        for loop in loops { await loop.waitUntilEnded() }
    }
}
