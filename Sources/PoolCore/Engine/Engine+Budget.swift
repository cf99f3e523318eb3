/// The engine's part in a budget that several pools share: each place then needs one of its permits.
extension Engine {
    /// Takes a permit from the budget. A permit that is no longer needed goes back immediately.
    mutating func permitGranted(_ turn: inout Turn) {
        permits.receive()
        serveAll(&turn)
        check()
    }

    /// Notes that acquires wait because the budget is used up, or that none does any more.
    mutating func setShortage(_ shortage: BudgetShortage, _ turn: inout Turn) {
        permits.setShortage(shortage)
        settlePermits(&turn)
        check()
    }

    /// Closes the connection that was unused for longest, for an acquire that waits for the budget.
    /// - Returns: false if there is none to spare.
    mutating func makeRoom(_ turn: inout Turn) -> Bool {
        let hasYielded = yieldIdle(&turn)
        settlePermits(&turn)
        check()
        return hasYielded
    }

    /// The time for which the connection was unused that ``makeRoom(_:)`` would close.
    func longestSpare(now: Nanoseconds) -> Nanoseconds? {
        spareSlot.map { now - slots[$0].since }
    }

    /// Brings the budget's knowledge up to date, after any change that may concern it.
    mutating func settlePermits(_ turn: inout Turn) {
        guard permits.isShared else { return }
        let owesAConnection = permits.owesAConnection
        let hasYielded = owesAConnection && yieldIdle(&turn)
        permits.returnUnused(places: counts.total)
        if owesAConnection, !hasYielded, let slot = ownSpareSlot(turn.now) { makeRoom(with: slot, &turn) }
        var demand = permits.emptyDemand(isLeaving: life != .running)
        for lane in lanes.indices where lacksOnlyAPermit(lane) && isRetryDue(lane, turn.now) {
            permits.add(waiter: firstUnserved(of: lane), isStarving: lanes[lane].counts.live == 0, to: &demand)
        }
        permits.tell(demand, &turn)
    }

    /// True if a connection of `lane` that just came free must be closed for a lane of any pool that has none, because
    /// its waiter came before every waiter of `lane`.
    @inline(__always)
    func budgetStarves(behind lane: Int) -> Bool {
        permits.mayStarve
            && permits.starves(before: lanes[lane].waiters.oldestSequence(in: waiters), maySpare: maySpare(lane))
    }

    private mutating func yieldIdle(_ turn: inout Turn) -> Bool {
        guard let slot = spareSlot else { return false }
        makeRoom(with: slot, &turn)
        return true
    }

    private mutating func makeRoom(with slot: Int32, _ turn: inout Turn) {
        let lane = slots[slot].lane
        close(slot, .makingRoom, .orderly, &turn)
        // The lane may need a replacement, and wait for its next try.
        if lanes[lane].failures > 0, turn.now < lanes[lane].retryAt { schedule.arm(lanes[lane].retryAt, &turn) }
    }

    /// The idle connection that was unused for longest, apart from those that the minimums keep.
    var spareSlot: Int32? {
        guard life == .running else { return nil }
        return longestIdle { maySpare($0) }
    }

    /// The idle connection that was unused for longest, if a waiter of another lane of this pool lacks only a permit
    /// and no pool has one to spare: the minimums are reserved for the pool, and must not keep its lanes from each
    /// other.
    func ownSpareSlot(_ now: Nanoseconds) -> Int32? {
        guard lanes.count > 1, lanes.contains(where: { !$0.idle.isEmpty }) else { return nil }
        let isLacking = lanes.indices.contains {
            lacksOnlyAPermit($0) && isRetryDue($0, now) && firstUnserved(of: $0) != .max
        }
        // A lane whose waiter has no connection on the way has no idle connection itself.
        return isLacking ? longestIdle { _ in true } : nil
    }

    /// True if the lane and the pool are above their minimums: a connection closed below them would have to be opened
    /// again.
    private func maySpare(_ lane: Int) -> Bool {
        lanes[lane].counts.live > lanes[lane].limits.minimum
            && counts.total - permits.yielding > lanes.reduce(0) { $0 + $1.limits.minimum }
    }

    /// True if the lane would open a connection now if it had a permit and no connect had failed.
    func lacksOnlyAPermit(_ lane: Int) -> Bool {
        life == .running && lanes[lane].shortfall > 0 && counts.total >= permits.held
            && counts.total < configuration.maximumConnections
            && mayConnect(lane) && lanes[lane].counts.total < lanes[lane].limits.maximum
    }

    /// The sequence of the waiter that the lane's next connection would serve, after those on the way.
    private func firstUnserved(of lane: Int) -> UInt64 {
        lanes[lane].waiters.member(after: lanes[lane].counts.onTheWay, in: waiters).map { waiters[$0].sequence } ?? .max
    }
}
