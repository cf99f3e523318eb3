/// The message of an engine to the budget that it shares with others: always complete, so that only the latest counts.
struct PermitDemand: Hashable, Sendable {
    /// Rises with each demand of an engine: demands may overtake each other on their way.
    var number: UInt64 = 0
    /// Permits given back since the engine was made.
    var returned = 0
    /// Permits that the engine wants to have received since it was made: as many as it has, or one more. One at a time,
    /// so that the next goes to the waiter that has waited for longest then.
    var wanted = 0
    /// Sequence of the waiter that the next permit is for; `.max` if none waits for it.
    var sequence = UInt64.max
    /// Sequence of the oldest waiter whose lane has no connection; `.max` if none.
    var starving = UInt64.max
    /// Connections that are being closed to make room: their permits are about to come back.
    var yielding = 0
    /// True if the engine closes: it will never want a permit again.
    var isLeaving = false

    /// True if this demand says nothing that `other` does not.
    func agrees(with other: PermitDemand) -> Bool {
        var renumbered = self
        renumbered.number = other.number
        return renumbered == other
    }
}

/// The acquires that wait because a budget is used up, as far as its engines need to know.
struct BudgetShortage: Hashable, Sendable {
    /// True if an acquire waits: connections that their own pool does not need are closed.
    var exists = false
    /// Sequence of the oldest waiter whose lane has no connection at all: for it a connection is closed even if its own
    /// pool has waiters, if those came later. `.max` if none.
    var starving = UInt64.max

    static let none = BudgetShortage()
}
