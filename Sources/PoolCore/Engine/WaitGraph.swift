/// The leases of each task, and the lane that the task waits for: with these, an acquire that would wait for ever is
/// found before it begins.
///
/// Only leases of a `withConnection` are in the graph. An owned lease has no holder: another task may give it back.
struct WaitGraph {
    private struct HeldLease {
        /// The task that holds the lease; 0 if the slot has no lease in the graph.
        var holder: UInt = 0
        var lane = 0
        /// The next lease in the same bucket.
        var next: Int32?
        /// The lane that the holder waits for, while it does.
        var awaitedLane: Int?
    }

    /// The lease in each slot.
    private var leases: [HeldLease] = []
    /// A hash table by holder, with its chains in `leases`: it allocates nothing for a lease.
    private var buckets: [Int32?] = []
    /// The number of leases of each lane whose holder waits.
    private var blocked: [Int] = []

    init(capacity: Int) {
        resize(capacity: capacity)
    }

    /// Makes the hash table as large as the pool may become.
    mutating func resize(capacity: Int) {
        var size = 8
        while size < capacity { size *= 2 }
        buckets = Array(repeating: nil, count: size)
        for slot in leases.indices where leases[slot].holder != 0 { link(Int32(slot)) }
    }

    // MARK: Leases

    /// Adds the lease in `slot`.
    ///
    /// - Parameter holder: the task that holds it, or 0 for a lease that does not belong to the graph.
    mutating func begin(_ slot: Int32, of lane: Int, holder: UInt) {
        guard holder != 0 else { return }
        while leases.count <= Int(slot) { leases.append(HeldLease()) }
        while blocked.count <= lane { blocked.append(0) }
        leases[Int(slot)].holder = holder
        leases[Int(slot)].lane = lane
        link(slot)
    }

    /// Removes the lease in `slot`, if it is in the graph.
    mutating func end(_ slot: Int32) {
        guard isHeld(slot) else { return }
        unlink(slot)
        if leases[Int(slot)].awaitedLane != nil { blocked[leases[Int(slot)].lane] -= 1 }
        leases[Int(slot)] = HeldLease()
    }

    /// True if the lease in `slot` has a holder that is known.
    func isHeld(_ slot: Int32) -> Bool {
        Int(slot) < leases.count && leases[Int(slot)].holder != 0
    }

    // MARK: Waits

    /// Notes that `holder` waits for a connection of `lane`; with nil, that it no longer waits.
    mutating func setWait(of holder: UInt, for lane: Int?) {
        guard holder != 0 else { return }
        var next = firstLease(of: holder)
        while let slot = next {
            let lease = leases[slot]
            blocked[lease.lane] += (lane == nil ? 0 : 1) - (lease.awaitedLane == nil ? 0 : 1)
            leases[slot].awaitedLane = lane
            next = nextLease(after: slot)
        }
    }

    /// True if `holder` has leases, and no lease that could ever serve it would end if it waited for `lane`.
    ///
    /// - Parameter hasRoom: whether the pool is below its maximum.
    func wouldDeadlock(_ holder: UInt, waitingFor lane: Int, in lanes: [EngineLane], hasRoom: Bool) -> Bool {
        guard holder != 0, firstLease(of: holder) != nil,
            !hasProgress(lane, excluding: holder, in: lanes, hasRoom: hasRoom)
        else { return false }
        var live = lanes.indices.map { hasProgress($0, excluding: holder, in: lanes, hasRoom: hasRoom) }
        var changed = true
        while changed, !live[lane] {
            changed = false
            for lease in leases where lease.holder != 0 && !live[lease.lane] {
                let target = lease.holder == holder ? lane : lease.awaitedLane
                if let target, live[target] {
                    live[lease.lane] = true
                    changed = true
                }
            }
            for other in lanes.indices where !live[other] && lanes[other].canGrow && live.contains(true) {
                live[other] = true
                changed = true
            }
        }
        return !live[lane]
    }

    /// True if a connection of `lane` may come free without any action of a blocked holder.
    private func hasProgress(_ lane: Int, excluding holder: UInt, in lanes: [EngineLane], hasRoom: Bool) -> Bool {
        let counts = lanes[lane].counts
        if counts.idle + counts.onTheWay + counts.silent + counts.closing + counts.abandoned > 0 { return true }
        if lanes[lane].canGrow, hasRoom { return true }
        var blocked = blockedLeases(of: lane)
        var next = firstLease(of: holder)
        while let slot = next {
            if leases[slot].lane == lane, leases[slot].awaitedLane == nil { blocked += 1 }
            next = nextLease(after: slot)
        }
        return counts.leased > blocked
    }

    private func blockedLeases(of lane: Int) -> Int {
        lane < blocked.count ? blocked[lane] : 0
    }

    // MARK: The hash table

    /// The bucket of a task. Tasks are aligned: the low bits of their addresses carry nothing.
    private func bucket(of holder: UInt) -> Int {
        Int(truncatingIfNeeded: ((holder >> 4) &* 0x9E37_79B9_7F4A_7C15) >> 32) & (buckets.count - 1)
    }

    private mutating func link(_ slot: Int32) {
        let bucket = bucket(of: leases[Int(slot)].holder)
        leases[Int(slot)].next = buckets[bucket]
        buckets[bucket] = slot
    }

    private mutating func unlink(_ slot: Int32) {
        let bucket = bucket(of: leases[Int(slot)].holder)
        let next = leases[Int(slot)].next
        var before: Int32?
        var found = buckets[bucket]
        while let other = found, other != slot {
            before = other
            found = leases[Int(other)].next
        }
        if let before { leases[Int(before)].next = next } else { buckets[bucket] = next }
    }

    private func firstLease(of holder: UInt) -> Int? {
        lease(of: holder, from: buckets[bucket(of: holder)])
    }

    private func nextLease(after slot: Int) -> Int? {
        lease(of: leases[slot].holder, from: leases[slot].next)
    }

    private func lease(of holder: UInt, from start: Int32?) -> Int? {
        var next = start
        while let slot = next, leases[Int(slot)].holder != holder { next = leases[Int(slot)].next }
        return next.map { Int($0) }
    }

    // MARK: For tests and the engine's own check

    /// The slots that `holder` has leases in.
    func slots(of holder: UInt) -> [Int32] {
        var result: [Int32] = []
        var next = firstLease(of: holder)
        while let slot = next {
            result.append(Int32(slot))
            next = nextLease(after: slot)
        }
        return result
    }

    /// True if each lease is found by its holder, and the blocked ones are counted.
    var isConsistent: Bool {
        let held = leases.indices.filter { leases[$0].holder != 0 }
        let areFound = held.allSatisfy { slots(of: leases[$0].holder).contains(Int32($0)) }
        return areFound
            && blocked.indices.allSatisfy { lane in
                blocked[lane] == held.count { leases[$0].lane == lane && leases[$0].awaitedLane != nil }
            }
    }
}
