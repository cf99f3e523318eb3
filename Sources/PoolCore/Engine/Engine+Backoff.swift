/// The pauses between failed connects: one connect at a time, after pauses that double, and sooner while an acquire
/// waits.
extension Engine {
    /// An acquire that comes this long after a failure does not wait for the rest of the pause.
    private static var visitorsPause: Nanoseconds { 1_000_000_000 }

    /// True if another connect to the server of `lane` may be under way.
    func mayConnect(_ lane: Int) -> Bool {
        lanes[lanes.server(of: lane)].connects < configuration.concurrentConnects
    }

    /// True if no failure, and no silence, keeps `lane` from connecting now. One connect finds out whether the server
    /// is back; the others wait for its answer.
    func isRetryDue(_ lane: Int, _ now: Nanoseconds) -> Bool {
        guard lanes[lane].isProbing else { return true }
        return lanes[lane].counts.opening == lanes[lane].counts.silent
            && (lanes[lane].failures == 0 || now >= lanes[lane].retryAt)
    }

    /// The time since the last connect of `lane` began, if that has not succeeded.
    func timeSinceConnect(of lane: Int, _ now: Nanoseconds) -> Nanoseconds? {
        lanes[lane].isProbing ? now - lanes[lane].attemptedAt : nil
    }

    /// Counts a failed connect of `lane`, and pauses the lane.
    ///
    /// - Parameter since: when the failed operation began, if that is not now: a long one has been its own pause.
    mutating func noteFailure(of lane: Int, since: Nanoseconds? = nil, _ turn: inout Turn) {
        noteFailure(of: lane, since: since ?? turn.now, share: Double(turn.random >> 11) * 0x1p-53)
    }

    private mutating func noteFailure(of lane: Int, since: Nanoseconds, share: Double) {
        counters.connectFailures += 1
        lanes[lane].failures += 1
        lanes[lane].growth = 0
        pause(lane, since: since, share: share)
    }

    private mutating func pause(_ lane: Int, since: Nanoseconds, share: Double) {
        lanes[lane].pausedSince = since
        lanes[lane].pauseShare = share
        let isWanted = !lanes[lane].waiters.isEmpty && !lanes[lane].isRefused
        let longest = isWanted ? min(backoff(of: lane), configuration.waitersBackoff) : backoff(of: lane)
        lanes[lane].retryAt = since.adding(Int64(Double(longest) * share))
    }

    /// The longest pause that may follow the last failure.
    private func backoff(of lane: Int) -> Nanoseconds {
        let doublings = min(max(lanes[lane].failures - 1, 0), 40)
        let (doubled, overflow) = configuration.initialBackoff.multipliedReportingOverflow(by: 1 << Int64(doublings))
        return overflow ? configuration.maximumBackoff : min(doubled, configuration.maximumBackoff)
    }

    /// Shortens the pause of a lane because an acquire has come. Connects that were refused for good are not tried more
    /// often for it: that locks accounts.
    mutating func hurry(_ lane: Int) {
        guard lanes[lane].failures > 0, !lanes[lane].isRefused else { return }
        let share = lanes[lane].pauseShare
        let longest = min(backoff(of: lane), configuration.waitersBackoff)
        // Spread over the pools that lost the server at the same time.
        let visit = Double(min(Self.visitorsPause, configuration.waitersBackoff)) * (1 + share) / 2
        let pause = min(Double(longest) * share, visit)
        lanes[lane].retryAt = min(lanes[lane].retryAt, lanes[lane].pausedSince.adding(Int64(pause)))
    }

    /// Notes a connect that has succeeded. If the connections before it broke at their first use, that says little: the
    /// next connect pauses too.
    mutating func noteSuccess(of slot: Int32, _ turn: inout Turn) {
        let lane = slots[slot].lane
        lanes[lane].isRefused = false
        if lanes[lane].isHollow {
            pause(lane, since: turn.now, share: slots[slot].shortening)
        } else {
            lanes[lane].failures = 0
            // An abandoned connect may still be refused, and must not bring back the pause from before.
            lanes[lane].retryAt = turn.now
        }
    }

    /// Notes that a connection has broken. At its first use that counts as a failed connect, if another did so before
    /// it was opened: connections that break together, as in a restart, count once.
    mutating func noteStillbirth(_ slot: Int32, _ turn: inout Turn) {
        let lane = slots[slot].lane
        guard slots[slot].uses <= 1, slots[slot].openedAt > lanes[lane].stillbornAt else { return }
        lanes[lane].stillbirths += 1
        lanes[lane].stillbornAt = turn.now
        if lanes[lane].isHollow { noteFailure(of: lane, since: turn.now, share: slots[slot].shortening) }
    }

    /// Notes a lease that ended well: the server is there.
    /// - Returns: true if the lane was hollow until now, so that more can be done for it.
    mutating func noteGoodUse(of lane: Int) -> Bool {
        guard lanes[lane].stillbirths > 0 else { return false }
        let wasHollow = lanes[lane].isHollow
        lanes[lane].stillbirths = 0
        if wasHollow { lanes[lane].failures = 0 }
        return wasHollow
    }
}
