/// Limits on the number of connections, and connections that are opened ahead of the acquires that will want them.
extension Engine {
    /// Begins to open several connections, if so configured, because an acquire found none.
    mutating func beginGrowth(of lane: Int) {
        let counts = lanes[lane].counts
        guard lanes[lane].failures == 0, lanes[lane].waiters.count > counts.onTheWay + counts.idle else { return }
        let target = min(counts.live + lanes[lane].limits.growth, lanes[lane].limits.maximum)
        lanes[lane].growth = max(lanes[lane].growth, target)
    }

    /// Ends growth that has reached its target, or that has no room: it is not made up for later.
    mutating func settleGrowth() {
        let isFull = counts.total >= configuration.maximumConnections
        for lane in lanes.indices where lanes[lane].growth > 0 {
            let counts = lanes[lane].counts
            if isFull || counts.total >= lanes[lane].limits.maximum || counts.live >= lanes[lane].growth {
                lanes[lane].growth = 0
            }
        }
    }

    /// True if one more waiter of `lane` would have to wait for a release, and too many do already.
    ///
    /// Places that are not leased serve a waiter each without a release: they are idle, on the way, or free.
    func wouldExceedQueue(_ lane: Int) -> Bool {
        let (before, after) = (waitersForRelease(including: nil), waitersForRelease(including: lane))
        return after > before && after > configuration.maximumWaiters
    }

    /// The number of acquires that must wait for a release, with one more in the lane `newcomer` unless that is nil.
    private func waitersForRelease(including newcomer: Int?) -> Int {
        let all = waiting + (newcomer == nil ? 0 : 1) - max(0, configuration.maximumConnections - counts.leased)
        var byLane = 0
        for lane in lanes.indices {
            let wanting = lanes[lane].waiters.count + (lane == newcomer ? 1 : 0)
            byLane += max(0, wanting - max(0, lanes[lane].limits.maximum - lanes[lane].counts.leased))
        }
        return max(0, all, byLane)
    }

    @inline(__always)
    func isUsedUp(_ slot: Int32) -> Bool {
        slots[slot].uses >= configuration.maximumUses
    }

    /// True if the connection in `slot` is above a maximum that was lowered, now that it is free to be closed.
    @inline(__always)
    func isSurplus(_ slot: Int32) -> Bool {
        let lane = slots[slot].lane
        let own = slots[slot].state == .abandoned ? 1 : 0
        return counts.live + own > configuration.maximumConnections
            || lanes[lane].counts.live + own > lanes[lane].limits.maximum
    }

    /// The instant at which the lifetime of the connection in `slot` ends.
    func expiry(of slot: Int32) -> Nanoseconds {
        guard configuration.maximumLifetime != .never else { return .never }
        let shortening = configuration.lifetimeJitter * slots[slot].shortening
        return slots[slot].openedAt.adding(Int64(Double(configuration.maximumLifetime) * (1 - shortening)))
    }
}
