internal import Synchronization

/// A descriptor that an ``EventLoop`` watches. At most one task waits at a time.
///
/// The descriptor stays registered from one wait to the next, so that a wait for an answer needs no call of the system.
public final class DescriptorWatch: Sendable {
    let descriptor: OwnedDescriptor
    private let loop: EventLoop
    private let state = Mutex(State())
    private let tokenValue = Atomic<UInt64>(0)

    private struct State {
        var waiter: CheckedContinuation<WaitOutcome, Never>?
        /// What the waiter waits for.
        var wanted: Readiness = []
        /// What the system watches for.
        var armed: Readiness = []
        /// The number of the latest wait.
        var wait: UInt64 = 0
        var isInterrupted = false
        var isClosed = false
        var onUnexpected: (@Sendable () -> Void)?

        mutating func takeWaiter() -> CheckedContinuation<WaitOutcome, Never>? {
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
    public func wait(for readiness: Readiness, until deadline: ContinuousClock.Instant? = nil) async -> WaitOutcome {
        await withCheckedContinuation { continuation in
            if let outcome = begin(readiness, deadline, continuation) { continuation.resume(returning: outcome) }
        }
    }

    /// Nil if the continuation waits now.
    private func begin(
        _ readiness: Readiness, _ deadline: ContinuousClock.Instant?,
        _ continuation: CheckedContinuation<WaitOutcome, Never>
    ) -> WaitOutcome? {
        state.withLock { state in
            precondition(state.waiter == nil, "bug in the driver: two tasks wait for one descriptor")
            if state.isClosed { return .closed }
            if state.isInterrupted {
                state.isInterrupted = false
                return .interrupted
            }
            if !readiness.isEmpty, state.armed != readiness {
                // A descriptor that cannot be watched will fail whoever reads it.
                guard loop.set(self, readiness) else { return .ready }
                state.armed = readiness
            }
            state.waiter = continuation
            state.wanted = readiness
            state.wait += 1
            if let deadline { loop.add(deadline, for: self, wait: state.wait) }
            return nil
        }
    }

    /// Ends the wait that runs, or else the next one.
    public func interrupt() {
        let waiter = state.withLock { state in
            if state.waiter == nil { state.isInterrupted = true }
            return state.takeWaiter()
        }
        waiter?.resume(returning: .interrupted)
    }

    /// Forgets an ``interrupt()`` that came while nobody waited.
    public func clearInterrupt() {
        state.withLock { $0.isInterrupted = false }
    }

    /// Watches for reading while nobody waits: `action` is called on the loop's thread when bytes or the end of the stream come
    /// that nobody waits for. Then it is not called again before ``rearm()`` or another wait. Nil ends that.
    public func onUnexpectedInput(_ action: (@Sendable () -> Void)?) {
        state.withLock { $0.onUnexpected = action }
        if action != nil { rearm() }
    }

    /// Watches for reading again, after unexpected input has been taken care of.
    public func rearm() {
        state.withLock { state in
            guard state.onUnexpected != nil, state.waiter == nil, !state.isClosed, state.armed != .read else { return }
            if loop.set(self, .read) { state.armed = .read }
        }
    }

    /// Tells the peer of a socket that nothing more comes, and suspends until it has ended the stream too. What it still sends is
    /// dropped. For a socket that nobody reads any more.
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
        guard let waiter = markClosed() else { return }
        loop.remove(self)
        waiter.resume()
    }

    // MARK: Called by the loop

    /// The loop has ended.
    func end() {
        markClosed()?.resume()
    }

    private struct Ending {
        let waiter: CheckedContinuation<WaitOutcome, Never>?
        func resume() { waiter?.resume(returning: .closed) }
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
                return (nil as CheckedContinuation<WaitOutcome, Never>?, nil as (@Sendable () -> Void)?)
            }
            if state.waiter != nil, !state.wanted.isDisjoint(with: readiness) { return (state.takeWaiter(), nil) }
            // Nobody takes it: without this, the event would come again at once, and forever.
            if loop.set(self, []) { state.armed = [] }
            return (nil, state.waiter == nil ? state.onUnexpected : nil)
        }
        waiter?.resume(returning: .ready)
        action?()
    }

    func expire(_ wait: UInt64) {
        let waiter = state.withLock { state in state.wait == wait ? state.takeWaiter() : nil }
        waiter?.resume(returning: .timedOut)
    }
}
