/// The last acquires that a draining pool serves: those that do not depend on a release.
extension Engine {
    private var isDraining: Bool {
        if case .draining = life { true } else { false }
    }

    /// Connections of the lane that will be offered without a release, however long that takes.
    private func coming(to lane: Int) -> Int {
        lanes[lane].counts.onTheWay + lanes[lane].counts.silent
    }

    /// Fails waiters for which no connection is on its way and none can be opened, opens connections for the others,
    /// and gives up connects that no acquire waits for.
    mutating func serveTheLast(_ turn: inout Turn) {
        // A budget gives no more permits to a pool that is leaving.
        var places = isDraining && !permits.isShared ? max(0, configuration.maximumConnections - counts.total) : 0
        for lane in lanes.indices.sorted(by: { isOlder($0, $1) }) {
            var served = isDraining ? coming(to: lane) : 0
            // A server that cannot be reached is not waited for.
            if !lanes[lane].isProbing {
                let room = min(places, max(0, lanes[lane].limits.maximum - lanes[lane].counts.total))
                let more = max(0, min(lanes[lane].waiters.count - served, room))
                places -= more
                served += more
            }
            failWaiters(of: lane, after: served, &turn)
            while lanes[lane].waiters.count > coming(to: lane), mayConnect(lane), !lanes[lane].isProbing {
                beginConnect(lane, &turn)
            }
            while lanes[lane].counts.opening > lanes[lane].waiters.count, let slot = newestConnect(of: lane) {
                schedule.removeDeadline(of: slot)
                move(slot, to: .abandoned, &turn)
                turn.effects.append(.cancelOpen(slots.id(of: slot)))
            }
        }
    }

    private func isOlder(_ left: Int, _ right: Int) -> Bool {
        (lanes[left].waiters.oldestSequence(in: waiters), left) < (
            lanes[right].waiters.oldestSequence(in: waiters), right
        )
    }

    private mutating func failWaiters(
        of lane: Int, after served: Int, _ turn: inout Turn
    ) {
        while let waiter = lanes[lane].waiters.member(after: served, in: waiters) {
            fail(waiter, .closed, &turn)
        }
    }

    private func newestConnect(of lane: Int) -> Int32? {
        var newest: Int32?
        for slot in slots.indices where slots[slot].state == .opening && slots[slot].lane == lane {
            if let found = newest, slots[found].since > slots[slot].since { continue }
            newest = slot
        }
        return newest
    }

    /// Grants a connection that was just opened, validated, reset or released to a remaining waiter, or closes it.
    mutating func offerWhileClosing(_ slot: Int32, _ turn: inout Turn) {
        let lane = slots[slot].lane
        let isValidated = slots[slot].state == .validating
        let needsValidation = configuration.validatesEveryGrant && !isValidated
        // A connection that was just validated still counts among those being validated.
        let isWanted = lanes[lane].waiters.count > lanes[lane].counts.validating - (isValidated ? 1 : 0)
        if isDraining, isWanted, flaw(of: slot) == nil, let waiter = nextWaiter(for: slot) {
            if needsValidation {
                park(slot, &turn)
                beginValidation(slot, &turn)
            } else {
                grant(slot, to: waiter, &turn)
            }
        } else {
            park(slot, &turn)
        }
        settleClosing(&turn)
    }
}
