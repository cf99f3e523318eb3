extension Engine {
    /// Notes on every lease of `holder` that the holder waits for `lane`; with nil, that it no longer waits.
    mutating func markHolder(_ holder: UInt, waitsFor lane: Int?) {
        guard holder != 0 else { return }
        var next = holders.first(of: holder, in: slots)
        while let slot = next {
            let change = (lane == nil ? 0 : 1) - (slots[slot].holderWaitsFor == nil ? 0 : 1)
            slots[slot].holderWaitsFor = lane
            lanes[slots[slot].lane].blockedLeases += change
            next = holders.next(after: slot, in: slots)
        }
    }

    /// True if `holder` has leases, and no lease that could ever serve it would end if it waited for `lane`.
    ///
    /// Only leases of a `withConnection` count as blocked: an owned lease may be given back by another task.
    func wouldDeadlock(holder: UInt, lane: Int) -> Bool {
        guard holder != 0, holders.first(of: holder, in: slots) != nil, !hasProgress(lane, excluding: holder) else {
            return false
        }
        var live = lanes.indices.map { hasProgress($0, excluding: holder) }
        var changed = true
        while changed, !live[lane] {
            changed = false
            for slot in leases.members(in: slots) where !live[slots[slot].lane] {
                let target = slots[slot].holder == holder ? lane : slots[slot].holderWaitsFor
                if let target, live[target] {
                    live[slots[slot].lane] = true
                    changed = true
                }
            }
            for other in lanes.indices where !live[other] && canGrow(other) && live.contains(true) {
                live[other] = true
                changed = true
            }
        }
        return !live[lane]
    }

    /// True if a connection of `lane` may come free without any action of a blocked holder.
    private func hasProgress(_ lane: Int, excluding holder: UInt) -> Bool {
        let counts = lanes[lane].counts
        if counts.idle + counts.onTheWay + counts.silent + counts.closing + counts.abandoned > 0 { return true }
        if canGrow(lane), self.counts.total < configuration.maximumConnections { return true }
        var blocked = lanes[lane].blockedLeases
        var next = holders.first(of: holder, in: slots)
        while let slot = next {
            if slots[slot].lane == lane, slots[slot].holderWaitsFor == nil { blocked += 1 }
            next = holders.next(after: slot, in: slots)
        }
        return counts.leased > blocked
    }

    private func canGrow(_ lane: Int) -> Bool {
        lanes[lane].counts.total < lanes[lane].limits.maximum
    }
}
