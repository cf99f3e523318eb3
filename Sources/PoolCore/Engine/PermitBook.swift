/// The permits of one engine, and what it has asked of the budget that it shares with others. An engine that shares no
/// budget holds as many permits as it could want.
struct PermitBook {
    let isShared: Bool
    private var received = 0
    private var returned = 0
    /// Connections that are being closed to make room.
    private(set) var yielding = 0
    private(set) var shortage = BudgetShortage.none
    /// The last demand that the budget was told.
    private(set) var demand = PermitDemand()

    init(isShared: Bool) {
        self.isShared = isShared
    }

    /// The permits held now. A connection's place needs one, from the start of its connect until its driver has closed
    /// it.
    var held: Int { isShared ? received - returned : .max }

    /// True if the end of a wait may change the demand.
    var hasAsked: Bool { demand.wanted > received }

    /// True if a waiter of any pool lacks a permit, and no connection of this pool is being closed for it.
    var owesAConnection: Bool { shortage.exists && yielding == 0 }

    // MARK: The budget's messages

    mutating func receive() {
        received += 1
    }

    mutating func setShortage(_ shortage: BudgetShortage) {
        self.shortage = shortage
    }

    // MARK: Permits that go back

    /// Gives back permits that no place needs.
    ///
    /// - Parameter places: the number of places that are taken.
    mutating func returnUnused(places: Int) {
        if isShared { returned += held - places }
    }

    mutating func beginYielding() {
        yielding += 1
    }

    mutating func endYielding() {
        yielding -= 1
    }

    // MARK: Starving lanes

    /// False if no lane of any pool is without a connection, or one is being closed for it.
    var mayStarve: Bool { shortage.starving != .max && yielding == 0 }

    /// True if a waiter whose lane has no connection came before the waiter with the sequence `own`.
    ///
    /// - Parameter maySpare: whether the connection is above the minimums: others are closed only for lanes of this
    ///   pool.
    func starves(before own: UInt64, maySpare: @autoclosure () -> Bool) -> Bool {
        demand.starving < own || (shortage.starving < own && maySpare())
    }

    // MARK: The demand

    /// The demand of an engine that lacks no permit.
    func emptyDemand(isLeaving: Bool) -> PermitDemand {
        var new = demand
        new.returned = returned
        new.yielding = yielding
        new.isLeaving = isLeaving
        (new.wanted, new.sequence, new.starving) = (received, .max, .max)
        return new
    }

    /// Adds a lane that lacks a permit.
    ///
    /// - Parameters:
    ///   - sequence: the sequence of the waiter that the permit is for; `.max` if none waits for it.
    ///   - isStarving: whether the lane has no connection.
    func add(waiter sequence: UInt64, isStarving: Bool, to new: inout PermitDemand) {
        new.wanted = received + 1
        new.sequence = min(new.sequence, sequence)
        if isStarving { new.starving = min(new.starving, sequence) }
    }

    /// Tells the budget of a demand that says anything new.
    mutating func tell(_ new: PermitDemand, _ turn: inout Turn) {
        guard !new.agrees(with: demand) else { return }
        let number = demand.number + 1
        demand = new
        demand.number = number
        turn.effects.append(.demand(demand))
    }

    // MARK: For the engine's own check

    /// The demand, if it does not say what has gone back.
    func wrongDemand(isLeaving: Bool) -> PermitDemand? {
        let isRight = demand.returned == returned && demand.yielding == yielding && demand.isLeaving == isLeaving
        return isRight ? nil : demand
    }
}
