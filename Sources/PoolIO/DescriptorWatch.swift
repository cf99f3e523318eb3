internal import Synchronization

/// A descriptor that an ``EventLoop`` watches. At most one task waits at a time.
///
/// The descriptor stays registered, and the system reports each change once. A wait for the answer to a request that
/// was just sent therefore needs no system call of its own.
public final class DescriptorWatch: Sendable {
    let descriptor: OwnedDescriptor
    private let loop: EventLoop
    private let state = Mutex(State())
    private let tokenValue = Atomic<UInt64>(0)
    private let news = Atomic<Bool>(false)

    /// Reads the input that has arrived, on the loop's thread, which it must not block. Returns true if more must
    /// arrive before the waiting task can continue.
    public typealias PartReader = @Sendable () -> Bool

    /// A suspended ``wait(for:until:onlyNews:)``. Its continuation is unsafe, which saves an allocation: the code
    /// that takes the waiter out of the state, under its lock, resumes it, and no other code can.
    @safe
    private struct Waiter {
        let continuation: UnsafeContinuation<WaitOutcome, Never>
        let read: PartReader?

        func resume(_ outcome: WaitOutcome) { unsafe continuation.resume(returning: outcome) }
    }

    private struct State {
        var waiter: Waiter?
        /// The readiness that the waiter waits for.
        var wanted: Readiness = []
        /// The readiness that the system has reported and no wait has taken yet.
        var arrived: Readiness = []
        /// The number of the latest wait.
        var wait: UInt64 = 0
        /// True if the latest wait is a ``waitBriefly(for:onlyNews:)``.
        var isBrief = false
        /// The number of the latest wait when the loop last looked.
        var seenWait: UInt64 = 0
        /// True while the loop looks at this watch on each of its ticks.
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

    /// The watch's token in its loop; set once, before the loop can report anything.
    var token: UInt64 {
        get { tokenValue.load(ordering: .relaxed) }
        set { tokenValue.store(newValue, ordering: .relaxed) }
    }

    /// Suspends until the descriptor is ready, the deadline has passed, or ``interrupt()`` is called.
    ///
    /// Cancelling the task does not end a wait: call ``interrupt()`` in its cancellation handler.
    ///
    /// - Parameters:
    ///   - readiness: Empty to wait only for an interruption or the deadline.
    ///   - deadline: Nil waits forever.
    ///   - onlyNews: True if nothing unreported can be there yet, for example if all input was read before the
    ///     request was sent whose answer is awaited. Such a wait needs no system call. With false, the default, input
    ///     that a reader has left also ends the wait immediately.
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
    /// A form without a deadline, because passing an `Instant` is slow.
    ///
    /// - Parameter read: A reader for input that arrives in many parts. It is called for each part that arrives
    ///   during the wait, and the task is resumed when it returns false. Input that is there before the wait ends the
    ///   wait immediately, and is not read.
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
    /// Meant for input that is nearly always there immediately: such a wait costs no deadline, and needs no
    /// cancellation handler if a cancelled task may continue for so long. The loop checks all brief waits on its
    /// ticks.
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

    /// True while a task is suspended. For tests, which have no other way to act after the suspension.
    var isWaiting: Bool { state.withLock { $0.waiter != nil } }

    /// Begins a wait. Nil if the continuation waits now. Before it can be resumed, `prepare` gets the state with the
    /// number of this wait.
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

    /// The outcome of a wait that need not suspend; nil if it must.
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
        // A descriptor that cannot be watched counts as ready: the read that follows will fail.
        if !readiness.isEmpty, !onlyNews, !loop.tellAgain(self) { return .ready }
        return nil
    }

    private func take(_ readiness: Readiness, _ state: inout State) {
        state.arrived.subtract(readiness)
        // Load before store: an unneeded store would take the cache line.
        if !state.arrived.contains(.read), news.load(ordering: .relaxed) {
            news.store(false, ordering: .sequentiallyConsistent)
        }
    }

    /// Ends the current wait, or else the next one.
    public func interrupt() {
        let waiter = state.withLock { state in
            if state.waiter == nil { state.isInterrupted = true }
            return state.takeWaiter()
        }
        waiter?.resume(.interrupted)
    }

    /// Forgets an ``interrupt()`` that came while no task waited.
    public func clearInterrupt() {
        state.withLock { $0.isInterrupted = false }
    }

    /// Sets an action for bytes, or the end of the stream, that arrive while no task waits; nil removes it.
    ///
    /// The loop's thread calls the action once for what has arrived, even if it stays unread: see ``hasNews``.
    public func onUnexpectedInput(_ action: (@Sendable () -> Void)?) {
        state.withLock { $0.onUnexpected = action }
    }

    /// True if something has arrived that no wait has reported. The next wait reports it.
    public var hasNews: Bool { news.load(ordering: .sequentiallyConsistent) }

    /// Marks what has arrived as reported, for a caller that reads it without a wait.
    ///
    /// - Returns: False if the other side has closed the stream.
    public func takeNews() -> Bool {
        state.withLock { state in
            take(.read, &state)
            return !state.isEnded
        }
    }

    /// Tells the peer of a socket that nothing more will be sent, and suspends until the peer has ended the stream
    /// too. Input that still arrives is dropped. For a socket that has no reader any more.
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

    /// Ends the watch, and the wait on it. Must be called at least once.
    public func close() {
        guard let ending = markClosed() else { return }
        loop.remove(self)
        ending.resume()
    }

    // MARK: Called by the loop

    /// Ends the watch, because the loop has ended.
    func end() {
        markClosed()?.resume()
    }

    private struct Ending {
        let waiter: Waiter?
        func resume() { waiter?.resume(.closed) }
    }

    /// Marks the watch closed. Nil if it was closed before.
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

    /// Continues the same wait after a part was read: a brief wait does not start again with each part.
    private func goOn(_ waiter: Waiter) {
        let outcome = state.withLock { state in
            let outcome = outcomeAtOnce(state.wanted, onlyNews: false, &state)
            if outcome == nil { state.waiter = waiter }
            return outcome
        }
        if let outcome { waiter.resume(outcome) }
    }

    /// Called by the loop on a tick: ends a brief wait that was already there at the previous look.
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
