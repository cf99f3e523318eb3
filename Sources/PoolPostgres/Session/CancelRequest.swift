internal import PoolIO
internal import Synchronization

/// The cancellation of one statement, from the first request until the server has answered and no request is on its
/// way.
///
/// The server ignores a request that reaches it before the statement does, so the request is repeated, after growing
/// pauses.
final class CancelRequest: Sendable {
    private struct State {
        var isOnItsWay = false
        var hasFailed = false
        var pause = Duration.milliseconds(50)
        var nextTry: ContinuousClock.Instant
    }

    /// The time at which the connection is given up.
    let deadline: ContinuousClock.Instant
    private let canceller: StatementCanceller?
    private let state: Mutex<State>

    /// Makes a cancellation. Without a canceller it only limits the time.
    init(_ canceller: StatementCanceller?, timeout: Duration) {
        self.canceller = canceller
        let now = ContinuousClock.now
        deadline = now + timeout
        state = Mutex(State(nextTry: canceller == nil ? deadline : now))
    }

    var isOnItsWay: Bool { state.withLock { $0.isOnItsWay } }
    /// True if a request has failed, which may still reach the server at any time.
    var hasFailed: Bool { state.withLock { $0.hasFailed } }
    /// When to check again if no input arrives. A request on its way wakes the watch when it has arrived.
    var nextMoment: ContinuousClock.Instant {
        state.withLock { $0.isOnItsWay ? deadline : min(deadline, $0.nextTry) }
    }

    /// Sends a request if one is due. Wakes `watch` when the request has been passed on.
    func askIfDue(waking watch: DescriptorWatch) {
        guard let canceller else { return }
        let isDue = state.withLock { state in
            guard !state.isOnItsWay, state.nextTry <= .now else { return false }
            state.isOnItsWay = true
            state.nextTry = .now + state.pause
            state.pause *= 2
            return true
        }
        guard isDue else { return }
        let isStarted = canceller.send(until: deadline) { isSent in
            self.finish(isSent)
            watch.interrupt()
        }
        // Nothing was sent: the next attempt is due after the pause.
        if !isStarted { state.withLock { $0.isOnItsWay = false } }
    }

    private func finish(_ isSent: Bool) {
        state.withLock { state in
            state.isOnItsWay = false
            if !isSent { state.hasFailed = true }
        }
    }
}
