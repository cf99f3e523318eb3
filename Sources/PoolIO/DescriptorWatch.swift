internal import Synchronization

/// A descriptor that an ``EventLoop`` watches. At most one task waits at a time.
///
/// The descriptor stays registered, and the system tells of each change once. A wait for the answer to what was just
/// sent therefore needs no call of the system at all.
public final class DescriptorWatch: Sendable {
    let descriptor: OwnedDescriptor
    private let loop: EventLoop
    private let state = Mutex(State())
    private let tokenValue = Atomic<UInt64>(0)
    private let news = Atomic<Bool>(false)

    /// Reads on the loop's thread what has come, and must not block it. True if more must come before the task that
    /// waits can go on.
    public typealias PartReader = @Sendable () -> Bool

    /// A suspended ``wait(for:until:onlyNews:)``. An unsafe continuation, which costs no allocation: whoever takes the
    /// waiter out of the state, under its lock, resumes it, and nobody else can.
    @safe
    private struct Waiter {
        let continuation: UnsafeContinuation<WaitOutcome, Never>
        let read: PartReader?

        func resume(_ outcome: WaitOutcome) { unsafe continuation.resume(returning: outcome) }
    }

    private struct State {
        var waiter: Waiter?
        /// What the waiter waits for.
        var wanted: Readiness = []
        /// What has been told of, and no wait has taken.
        var arrived: Readiness = []
        /// The number of the latest wait.
        var wait: UInt64 = 0
        /// True if that is a ``waitBriefly(for:onlyNews:)``.
        var isBrief = false
        /// The number of the latest wait at the loop's latest look.
        var seenWait: UInt64 = 0
        /// True while the loop looks on each of its ticks.
        var isLookedAfter = false
        var isInterrupted = false
        var isClosed = false
        /// True once the other side has closed the stream.
        var isEnded = false
        var onUnexpected: (@Sendable () -> Void)?

        mutating func takeWaiter() -> Waiter? {
            defer { waiter = nil }
            return waiter
        }
    }

    init(loop: EventLoop, descriptor: OwnedDescriptor) {
        self.loop = loop
        self.descriptor = descriptor
    }

    /// Set once, before the loop can report anything.
    var token: UInt64 {
        get { tokenValue.load(ordering: .relaxed) }
        set { tokenValue.store(newValue, ordering: .relaxed) }
    }

    /// Suspends until the descriptor is ready, the deadline has passed, or ``interrupt()`` is called.
    ///
    /// The task's cancellation does not end a wait: have its handler call ``interrupt()``.
    ///
    /// - Parameters:
    ///   - readiness: Empty to wait only for an interruption or the deadline.
    ///   - deadline: Nil waits forever.
    ///   - onlyNews: True if nothing can be there that was not told of yet, as when all that had come was read before
    ///     the request whose answer is waited for was sent. Such a wait costs no call of the system. False also ends
    ///     the wait at once for what a reader has left.
    public func wait(
        for readiness: Readiness, until deadline: ContinuousClock.Instant?, onlyNews: Bool = false
    ) async -> WaitOutcome {
        guard let deadline else { return await wait(for: readiness, onlyNews: onlyNews) }
        return unsafe await withUnsafeContinuation { continuation in
            let waiter = unsafe Waiter(continuation: continuation, read: nil)
            let outcome = begin(readiness, onlyNews: onlyNews, waiter) { loop.add(deadline, for: self, wait: $0.wait) }
            if let outcome { waiter.resume(outcome) }
        }
    }

    /// Suspends until the descriptor is ready, or ``interrupt()`` is called.
    ///
    /// The same without a deadline. A form of its own because the clock's instants are dear to pass on.
    ///
    /// - Parameter read: For what comes in many parts: it is called for each that comes during the wait, and the task
    ///   is resumed when it says that it can go on. What was there before the wait ends that at once, and is not read.
    public func wait(
        for readiness: Readiness, onlyNews: Bool = false, reading read: PartReader? = nil
    ) async -> WaitOutcome {
        unsafe await withUnsafeContinuation { continuation in
            let waiter = unsafe Waiter(continuation: continuation, read: read)
            if let outcome = begin(readiness, onlyNews: onlyNews, waiter, { _ in }) { waiter.resume(outcome) }
        }
    }

    /// Suspends until the descriptor is ready, ``interrupt()`` is called, or a few milliseconds have passed.
    ///
    /// For what is nearly always ready at once: it costs no deadline, and needs no handler for cancellation where it
    /// does not matter that a cancelled task goes on for as long. The loop looks at all such waits now and then.
    ///
    /// - Parameter read: See ``wait(for:onlyNews:reading:)``. All parts together have these milliseconds.
    public func waitBriefly(
        for readiness: Readiness, onlyNews: Bool = false, reading read: PartReader? = nil
    ) async -> WaitOutcome {
        unsafe await withUnsafeContinuation { continuation in
            let waiter = unsafe Waiter(continuation: continuation, read: read)
            let outcome = begin(readiness, onlyNews: onlyNews, waiter) { state in
                state.isBrief = true
                if state.isLookedAfter { return }
                state.isLookedAfter = true
                loop.lookAfter(self)
            }
            if let outcome { waiter.resume(outcome) }
        }
    }

    /// True while a task is suspended. For tests, which know no other way to come after it.
    var isWaiting: Bool { state.withLock { $0.waiter != nil } }

    /// Nil if the continuation waits now. Before it can be resumed, `prepare` gets the state with the number of its
    /// wait.
    @inline(__always)
    private func begin(
        _ readiness: Readiness, onlyNews: Bool, _ waiter: Waiter, _ prepare: (inout State) -> Void
    ) -> WaitOutcome? {
        state.withLock { state in
            precondition(state.waiter == nil, "bug in the driver: two tasks wait for one descriptor")
            if let outcome = outcomeAtOnce(readiness, onlyNews: onlyNews, &state) { return outcome }
            state.waiter = waiter
            state.wanted = readiness
            state.wait += 1
            state.isBrief = false
            prepare(&state)
            return nil
        }
    }

    /// Nil if it must be waited for.
    @inline(__always)
    private func outcomeAtOnce(_ readiness: Readiness, onlyNews: Bool, _ state: inout State) -> WaitOutcome? {
        if state.isClosed { return .closed }
        if state.isInterrupted {
            state.isInterrupted = false
            return .interrupted
        }
        if state.isEnded, readiness.contains(.read) { return .ready }
        if !state.arrived.isDisjoint(with: readiness) {
            take(readiness, &state)
            return .ready
        }
        // A descriptor that cannot be watched will fail whoever reads it.
        if !readiness.isEmpty, !onlyNews, !loop.tellAgain(self) { return .ready }
        return nil
    }

    private func take(_ readiness: Readiness, _ state: inout State) {
        state.arrived.subtract(readiness)
        // What is false stays so without a write, which costs more than the look.
        if !state.arrived.contains(.read), news.load(ordering: .relaxed) {
            news.store(false, ordering: .sequentiallyConsistent)
        }
    }

    /// Ends the wait that runs, or else the next one.
    public func interrupt() {
        let waiter = state.withLock { state in
            if state.waiter == nil { state.isInterrupted = true }
            return state.takeWaiter()
        }
        waiter?.resume(.interrupted)
    }

    /// Forgets an ``interrupt()`` that came while nobody waited.
    public func clearInterrupt() {
        state.withLock { $0.isInterrupted = false }
    }

    /// Called on the loop's thread when bytes or the end of the stream come while nobody waits; nil ends that.
    ///
    /// It is called once for what has come, also if nobody reads it then: see ``hasNews``.
    public func onUnexpectedInput(_ action: (@Sendable () -> Void)?) {
        state.withLock { $0.onUnexpected = action }
    }

    /// True if something has come that no wait has been told of. The next wait is.
    public var hasNews: Bool { news.load(ordering: .sequentiallyConsistent) }

    /// Counts what has come as told, for one who reads it without a wait.
    ///
    /// - Returns: false if the other side has closed the stream.
    public func takeNews() -> Bool {
        state.withLock { state in
            take(.read, &state)
            return !state.isEnded
        }
    }

    /// Tells the peer of a socket that nothing more comes, and suspends until it has ended the stream too. What it
    /// still sends is dropped. For a socket that nobody reads any more.
    ///
    /// - Returns: False if the deadline has passed, or the watch was closed.
    public func finish(until deadline: ContinuousClock.Instant) async -> Bool {
        onUnexpectedInput(nil)
        descriptor.shutDownWriting()
        while true {
            switch await wait(for: .read, until: deadline) {
            case .ready: if descriptor.dropInput() { return true }
            case .interrupted: break
            case .timedOut, .closed: return false
            }
        }
    }

    /// Ends the watch, and a wait with it. To be called once at least.
    public func close() {
        guard let ending = markClosed() else { return }
        loop.remove(self)
        ending.resume()
    }

    // MARK: Called by the loop

    /// The loop has ended.
    func end() {
        markClosed()?.resume()
    }

    private struct Ending {
        let waiter: Waiter?
        func resume() { waiter?.resume(.closed) }
    }

    /// Nil if it was closed before.
    private func markClosed() -> Ending? {
        state.withLock { state in
            if state.isClosed { return nil }
            state.isClosed = true
            state.onUnexpected = nil
            return Ending(waiter: state.takeWaiter())
        }
    }

    func handle(_ readiness: Readiness) {
        let (waiter, action) = state.withLock { state in
            if state.isClosed {
                return (nil as Waiter?, nil as (@Sendable () -> Void)?)
            }
            if readiness.contains(.end) { state.isEnded = true }
            state.arrived.formUnion(readiness)
            if state.waiter != nil, !state.wanted.isDisjoint(with: readiness) {
                take(state.wanted, &state)
                return (state.takeWaiter(), nil)
            }
            guard readiness.contains(.read) else { return (nil, nil) }
            news.store(true, ordering: .sequentiallyConsistent)
            return (nil, state.waiter == nil ? state.onUnexpected : nil)
        }
        action?()
        guard let waiter else { return }
        if let read = waiter.read, read() { goOn(waiter) } else { waiter.resume(.ready) }
    }

    /// A part was read, and the wait goes on. It is the same one: a brief wait does not begin anew with each part.
    private func goOn(_ waiter: Waiter) {
        let outcome = state.withLock { state in
            let outcome = outcomeAtOnce(state.wanted, onlyNews: false, &state)
            if outcome == nil { state.waiter = waiter }
            return outcome
        }
        if let outcome { waiter.resume(outcome) }
    }

    /// The loop's look at a tick: ends a brief wait that was there at the look before.
    ///
    /// - Returns: True if no wait has begun since then, so that the loop need not look again.
    func endBriefWait() -> Bool {
        let (isOver, waiter) = state.withLock { state in
            if state.wait != state.seenWait {
                state.seenWait = state.wait
                return (false, nil as Waiter?)
            }
            state.isLookedAfter = false
            return (true, state.isBrief ? state.takeWaiter() : nil)
        }
        waiter?.resume(.timedOut)
        return isOver
    }

    func expire(_ wait: UInt64) {
        let waiter = state.withLock { state in state.wait == wait ? state.takeWaiter() : nil }
        waiter?.resume(.timedOut)
    }
}
