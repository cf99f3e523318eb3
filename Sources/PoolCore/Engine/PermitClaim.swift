/// What an engine tells the budget that it shares with others: always all of it, so that of several only the latest
/// counts.
struct PermitClaim: Hashable, Sendable {
    /// Rises with each claim of an engine: on their way they may overtake each other.
    var number: UInt64 = 0
    /// Permits given back since the engine was made.
    var returned = 0
    /// Permits that it would like to have received since it was made: as many as it has, or one more. One at a time, so
    /// that the next goes to whoever has waited for longest then.
    var wanted = 0
    /// When the waiter came that the next permit is for; `.max` if nobody waits for it.
    var sequence = UInt64.max
    /// The same among the lanes that have no connection at all.
    var starving = UInt64.max
    /// Connections that are being closed to make room: their permits are about to come back.
    var yielding = 0
    /// The engine closes: it will never want a permit again.
    var isLeaving = false

    /// True if it says nothing that `other` does not.
    func agrees(with other: PermitClaim) -> Bool {
        var renumbered = self
        renumbered.number = other.number
        return renumbered == other
    }
}

/// Who waits because a budget is used up, as far as its engines need to know.
struct BudgetShortage: Hashable, Sendable {
    /// Somebody waits: connections that their own pool does not need are closed.
    var exists = false
    /// When the oldest waiter came whose lane has no connection at all: also a connection that is needed is closed, if
    /// those who wait for it came later.
    var starving = UInt64.max

    static let none = BudgetShortage()
}

/// The permits of one engine. One that shares no budget holds as many as it could want.
struct PermitBook {
    let isShared: Bool
    var received = 0
    var returned = 0
    var yielding = 0
    var shortage = BudgetShortage.none
    /// The last that was told.
    var claim = PermitClaim()

    init(isShared: Bool) {
        self.isShared = isShared
    }

    /// A connection's place needs one, from the start of its connect until its driver has closed it.
    var held: Int { isShared ? received - returned : .max }

    /// True if a waiter's going may change the claim.
    var hasAsked: Bool { claim.wanted > received }
}
