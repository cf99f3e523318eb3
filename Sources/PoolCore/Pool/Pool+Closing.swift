internal import Synchronization

extension Pool {
    /// Closes the pool if nobody holds a lease, and returns when all its connections are closed. Acquires that wait fail with
    /// ``PoolError/Code/closed``. Closing a closed pool does nothing.
    ///
    /// - Throws: ``PoolError`` with ``PoolError/Code/leasesHeld`` if leases are out; the pool then goes on as before.
    public func close() async throws {
        let error: PoolError? = transition { state, now, effects in
            if state.engine.life == .running, state.engine.counts.leased > 0 {
                return makeError(.leasesHeld, lane: nil, state, now)
            }
            state.engine.beginClosing(now: now, forceAt: now, effects: &effects)
            return nil
        }
        if let error { throw error }
        report(.draining)
        await waitUntilClosed()
    }

    /// Refuses new acquires, fails those that wait, lets leases end for as long as `drain`, then interrupts their statements
    /// and closes their connections under them. Returns when all connections are closed.
    ///
    /// A driver that does not finish within another 5 s is left behind. Cancelling the task ends the drain at once.
    ///
    /// - Parameter drain: how long leases may go on; `.zero` interrupts them now.
    public func close(drain: Duration) async {
        report(.draining)
        beginClosing(drain: drain)
        await withTaskCancellationHandler {
            await waitUntilClosed()
        } onCancel: {
            beginClosing(drain: .zero)
        }
    }

    private func beginClosing(drain: Duration) {
        transition {
            $0.engine.beginClosing(now: $1, forceAt: $1.adding(drain.wholeNanoseconds), effects: &$2)
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

    /// Suspends until the task is cancelled, then closes the pool. For service lifecycles; a pool works without it.
    ///
    /// - Parameter drain: how long leases may go on once the task is cancelled. The default is 10 s.
    public func run(drain: Duration = .seconds(10)) async {
        let (stream, continuation) = AsyncStream<Never>.makeStream()
        await withTaskCancellationHandler {
            for await _ in stream {}
        } onCancel: {
            continuation.finish()
        }
        // The task is cancelled, which would end the drain: it goes on in one that is not.
        await Task.detached { await self.close(drain: drain) }.value
    }

    /// Makes every connection that is open now unusable, after a change on the server that they must not outlive: idle ones
    /// are closed now, leased ones when they come back.
    ///
    /// - Returns: how many they are.
    @discardableResult
    public func clear() -> Int {
        let count = transition { $0.engine.clear(now: $1, effects: &$2) }
        report(.cleared(connections: count))
        return count
    }
}
