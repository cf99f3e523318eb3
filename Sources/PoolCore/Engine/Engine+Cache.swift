/// The engine's side of the lease cache: the shell may hand a connection from one lease to the next by itself for a
/// short time. Until it reports back, the engine counts the connection as leased.
extension Engine {
    /// The longest time for which connections may be cached.
    static var longestCaching: Nanoseconds { 100_000_000 }
    /// Cache only if the pool is busy: the last release was at most this long ago.
    private static var busyGap: Nanoseconds { 1_000_000 }
    /// After a wait, do not cache for this long: each new waiter flushes the whole cache.
    private static var cooldownAfterWaiting: Nanoseconds { 10_000_000 }

    /// Ends the lease of a clean connection, if the shell may cache the connection.
    ///
    /// - Returns: false if it may not, and has to call ``release(_:condition:breaking:_:)``.
    mutating func cache(_ connection: ConnectionID, _ turn: inout Turn) -> Bool {
        guard isLeased(connection), mayCache(connection.index, turn.now) else { return false }
        let slot = connection.index
        useTimes.record(turn.now - slots[slot].since)
        handOver(slot, holder: 0, since: turn.now)
        slots.beginCaching(slot)
        lastReleaseAt = turn.now
        if slots.cachedCount == 1 { schedule.arm(turn.now.adding(cachingLimit), &turn) }
        check()
        return true
    }

    /// True if an acquire can be granted without a connection that is cached.
    func hasIdle(_ lane: Int) -> Bool {
        !lanes[lane].idle.isEmpty && waiting == 0
    }

    /// True if nothing is due for the connection but its next lease, and no acquire waits.
    private func mayCache(_ slot: Int32, _ now: Nanoseconds) -> Bool {
        let lane = slots[slot].lane
        return waiting == 0 && life == .running && now - lastReleaseAt <= Self.busyGap
            && now - lastQueuedAt > Self.cooldownAfterWaiting && rotation == nil && goals.isEmpty
            && slots.taggedCount == 0
            && !permits.isShared && configuration.allowsCaching && lanes[lane].limits.minimumIdle == 0
            && slots[slot].epoch == lanes[lane].epoch && !slots[slot].flags.contains(.isLost)
            && !slots[slot].flags.contains(.isOverAge)
            && !isSurplus(slot) && lanes[lane].stillbirths == 0
    }

    private var cachingLimit: Nanoseconds {
        min(
            Self.longestCaching, configuration.validateAfterIdle, configuration.idleTimeout,
            configuration.maximumLifetime / 10)
    }

    /// Ends the caching of a connection: from now on it is idle, or an ordinary lease.
    mutating func endCaching(
        _ connection: ConnectionID, _ uses: CachedUses, _ turn: inout Turn
    ) {
        guard isLeased(connection), slots[connection.index].isCached else { return }
        slots.endCaching(connection.index)
        count(uses)
        if let lease = uses.lease {
            handOver(connection.index, holder: lease.holder, since: min(lease.since ?? turn.now, turn.now))
        } else {
            offer(connection.index, &turn)
        }
        check()
    }

    /// Counts leases that the engine did not see. Few of them were timed: each of these stands for its share of all.
    mutating func count(_ uses: CachedUses) {
        counters.acquired += uses.begun
        waitTimes.record(0, times: uses.begun)
        var remaining = uses.ended
        for (index, duration) in uses.durations.enumerated() {
            let share = remaining / (uses.durations.count - index)
            useTimes.record(duration, times: share)
            remaining -= share
        }
        useTimes.record(0, times: remaining)
    }
}

/// Leases served from the lease cache since the engine last looked.
struct CachedUses: Hashable, Sendable {
    struct OpenLease: Hashable, Sendable {
        /// The task that holds it, or 0 if it is not known or the lease may move between tasks.
        var holder: UInt
        /// The time at which the lease began; nil if it was not timed.
        var since: Nanoseconds?
    }

    /// The number of leases that have begun.
    var begun: Int
    var ended: Int
    /// The durations of some of the leases that have ended.
    var durations: [Nanoseconds] = []
    /// The last lease, if it has not ended.
    var lease: OpenLease?
}
