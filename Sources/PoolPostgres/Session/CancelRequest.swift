internal import PoolIO
internal import Synchronization

/// The cancelling of one statement, from the first request until the server has answered and no request is on its way.
///
/// The server ignores a request that reaches it before the statement does, so it is asked again, after pauses that
/// grow.
final class CancelRequest: Sendable {
    private struct State {
        var isOnItsWay = false
        var hasFailed = false
        var pause = Duration.milliseconds(50)
        var nextTry: ContinuousClock.Instant
    }

    /// When to give up the connection.
    let deadline: ContinuousClock.Instant
    private let canceller: Canceller?
    private let state: Mutex<State>

    /// Without a canceller it only counts the time.
    init(_ canceller: Canceller?, timeout: Duration) {
        self.canceller = canceller
        let now = ContinuousClock.now
        deadline = now + timeout
        state = Mutex(State(nextTry: canceller == nil ? deadline : now))
    }

    var isOnItsWay: Bool { state.withLock { $0.isOnItsWay } }
    /// True if a request has failed: it may still reach the server at any time.
    var hasFailed: Bool { state.withLock { $0.hasFailed } }
    /// When to look again if nothing comes. A request that is on its way wakes the watch when it has arrived.
    var nextMoment: ContinuousClock.Instant {
        state.withLock { $0.isOnItsWay ? deadline : min(deadline, $0.nextTry) }
    }

    /// Asks the server if it is time to. Wakes `watch` when the request has been passed on.
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
        // Nothing was sent: the next try is due after the pause.
        if !isStarted { state.withLock { $0.isOnItsWay = false } }
    }

    private func finish(_ isSent: Bool) {
        state.withLock { state in
            state.isOnItsWay = false
            if !isSent { state.hasFailed = true }
        }
    }
}
