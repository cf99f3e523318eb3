internal import Logging

extension PoolShell {
    func close() async throws {
        let error: PoolError? = transition { state, turn in
            if let code = state.engine.status.refusal { return makeError(code, lane: nil, nil, state, turn.now) }
            if state.engine.counts.leased > 0 { return makeError(.leasesHeld, lane: nil, nil, state, turn.now) }
            state.engine.beginClosing(forceAt: turn.now, &turn)
            return nil
        }
        if let error { throw error }
        await waitUntilClosed()
    }

    func close(drain: Duration) async throws(PoolConfigurationError) {
        try Self.check(drain: drain)
        beginClosing(drain: drain)
        await withTaskCancellationHandler {
            await waitUntilClosed()
        } onCancel: {
            beginClosing(drain: .zero)
        }
    }

    static func check(drain: Duration) throws(PoolConfigurationError) {
        try PoolConfigurationError.check("drain", drain, allowsZero: true)
    }

    func run(drain: Duration) async throws(PoolConfigurationError) {
        try Self.check(drain: drain)
        await withTaskCancellationHandler {
            await waitUntilClosed()
        } onCancel: {
            beginClosing(drain: drain)
        }
    }

    /// Closes the pool like ``close(drain:)``, but a cancelled task does not shorten the drain.
    func closeAfterwards(drain: Duration) async {
        beginClosing(drain: drain)
        await waitUntilClosed()
    }

    private func beginClosing(drain: Duration) {
        transition {
            $0.engine.beginClosing(forceAt: $1.now.adding(drain.wholeNanoseconds), &$1)
        }
    }

    private func waitUntilClosed() async {
        await withCheckedContinuation { continuation in
            let isClosed = state.withLock { state in
                if state.engine.life == .finished { return true }
                state.closers.append(continuation)
                return false
            }
            if isClosed { continuation.resume() }
        }
    }

    func whenClosed(_ action: @escaping @Sendable () -> Void) {
        let isClosed = state.withLock { state in
            if state.engine.life == .finished { return true }
            state.closeActions.append(action)
            return false
        }
        if isClosed { action() }
    }

    func clear(interrupts: Bool) -> Int {
        transition { state, turn in
            let count = state.engine.clear(interrupts: interrupts, &turn)
            // Reported before the effects of this transition, such as closed connections.
            state.reports.append(.cleared(connections: count))
            return count
        }
    }

    /// Closes a pool that was dropped without being closed. Connections that are not leased are closed now; leases end
    /// as usual, and their connections are closed then.
    func abandon() {
        let isInUse = state.withLock { $0.engine.life == .running && $0.engine.counts.total > 0 }
        if isInUse { logger.warning("The pool was dropped without being closed.") }
        transition { $0.engine.beginClosing(forceAt: .never, &$1) }
    }
}
