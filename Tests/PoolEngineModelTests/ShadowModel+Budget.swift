@testable import PoolCore

/// What an engine owes the budget that it shares, and what it may do for it.
extension ShadowModel {
    struct Permits {
        let isShared: Bool
        var received = 0
        var demand = PermitDemand()
        var shortage = BudgetShortage.none
        /// The call asks for a connection to be closed.
        var mustMakeRoom = false
    }

    private var reserved: Int { configuration.lanes.reduce(0) { $0 + $1.minimum } }

    private var yielding: Int { connections.count { $0.state == .closing && $0.makesRoom } }

    /// True if the minimums do not keep a connection of `lane`.
    private func maySpare(_ lane: Int) -> Bool {
        live(lane) > configuration.lanes[lane].minimum && total() - yielding > reserved
    }

    /// The connection that was unused for longest of those that may go; the first of several.
    var spare: Connection? {
        let idle = connections.filter { $0.state == .idle && maySpare($0.lane) }
        return idle.min { ($0.since, $0.lane) < ($1.since, $1.lane) }
    }

    /// The connection that goes for a waiter of another lane of the pool, where the minimums keep all from other pools.
    private var ownSpare: Connection? {
        guard permits.shortage.exists, yielding == 0, spare == nil, life == .running else { return nil }
        guard unserved().contains(where: { $0.sequence != .max }) else { return nil }
        return connections.filter { $0.state == .idle }.min { ($0.since, $0.lane) < ($1.since, $1.lane) }
    }

    /// The lane's connections are needed less than one for a waiter that came earlier to a lane without any.
    func mustYield(_ lane: Int) -> Bool {
        guard permits.isShared, permits.shortage.starving != .max, yielding == 0 else { return false }
        let own = UInt64(oldestArrival(lane)) - (oldestArrival(lane) == .max ? 0 : 1)
        // The minimums are the pool's, whichever of its lanes starves.
        return permits.demand.starving < own || (permits.shortage.starving < own && maySpare(lane))
    }

    func followClaim(_ demand: PermitDemand) {
        require(permits.isShared, "claimed a permit without a budget")
        require(demand.number == permits.demand.number + 1, "a demand has the wrong number")
        require(demand.returned >= permits.demand.returned, "a permit was returned and taken back")
        permits.demand = demand
    }

    /// Whether a connection may be closed to make room for another pool.
    func mayYield(_ connection: Connection) -> Bool {
        guard permits.isShared else { return false }
        if connection.isInHand, mustYield(connection.lane) { return true }
        let isNeeded =
            connection.isInHand && waiterCount(connection.lane) > count(connection.lane, .validating)
            && nextWaiter(for: connection) != nil
        if !isNeeded, ownSpare?.id == connection.id { return true }
        guard maySpare(connection.lane), !isNeeded, permits.mustMakeRoom || (permits.shortage.exists && yielding == 0)
        else { return false }
        return spare?.since == connection.since
    }

    func requireHonestClaim() {
        guard permits.isShared else { return }
        let demand = permits.demand
        require(permits.received - demand.returned == total(), "\(demand) is told for \(total()) connections")
        require(demand.yielding == yielding, "\(demand) is told, but \(yielding) make room")
        let owesAConnection = life == .running && permits.shortage.exists && yielding == 0
        require(!owesAConnection || spare == nil, "a connection is idle that the budget lacks")
        require(demand.isLeaving == (life != .running), "the budget does not know that the pool closes")
        // Until the alarm has noticed that a pause is over, either answer is right.
        if armedAt <= now, lanes.contains(where: { $0.failures > 0 }) { return }
        require(ownSpare == nil, "a connection is idle that a waiter of another lane lacks")
        require(demand.wanted - permits.received == (unserved().isEmpty ? 0 : 1), "\(demand): \(unserved()) wait")
        require(demand.sequence == unserved().map(\.sequence).min() ?? .max, "\(demand): \(unserved()) wait")
        let starving = unserved().filter { live($0.lane) == 0 }
        require(demand.starving == starving.map(\.sequence).min() ?? .max, "\(demand): \(starving) starve")
    }

    /// The lanes that would connect with one more permit, and whom for.
    private func unserved() -> [(lane: Int, sequence: UInt64)] {
        guard life == .running, !isFull else { return [] }
        return lanes.indices.compactMap { lane in
            guard lacking(lane) > 0, mayConnect(lane) else { return nil }
            let served = waiters.filter { $0.lane == lane }.sorted { ($0.priority, $0.order) < ($1.priority, $1.order) }
                .dropFirst(onTheWay(lane))
            return (lane, served.first.map { UInt64($0.order - 1) } ?? .max)
        }
    }
}
