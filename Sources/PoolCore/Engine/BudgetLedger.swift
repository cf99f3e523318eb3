/// The calls that a budget's shell must make, once the lock is released.
enum BudgetEffect: Hashable, Sendable {
    case grant(member: Int)
    case announce(BudgetShortage, member: Int)
    /// Close the connection that was unused for longest, in any pool, and report to ``BudgetLedger/searched(found:)``.
    case search
}

/// The decisions of a budget, as a value: demands of engines go in, ``BudgetEffect``s come out, as from an ``Engine``.
struct BudgetLedger {
    struct Member {
        /// Permits that no other pool may have: the pool's minimum.
        var reserved: Int
        /// False until the pool exists: it reserves first.
        var isPresent = false
        var granted = 0
        var demand = PermitDemand()
        /// The shortage that the engine was told last.
        var lastShortage = BudgetShortage.none

        var held: Int { granted - demand.returned }
        var isWanting: Bool { demand.wanted > granted }
        /// True if the pool has less than its minimum: it may have the next permit, whichever other pools wait.
        var isBelowReservation: Bool { held < reserved }
    }

    let maximum: Int
    private(set) var members: [Int: Member] = [:]
    private var lastID = 0
    private var isSearching = false
    /// True if no pool has a connection to spare, and all pools know of the shortage: a connection that comes free is
    /// closed without a search.
    private var shortageIsPublic = false
    private(set) var peak = 0

    init(maximum: Int) {
        self.maximum = maximum
    }

    var held: Int { members.values.reduce(0) { $0 + $1.held } }
    var reserved: Int { members.values.reduce(0) { $0 + $1.reserved } }

    /// Adds a pool. Nil if its minimum does not fit beside the minimums of the others.
    mutating func join(reserving count: Int) -> Int? {
        guard reserved + count <= maximum else { return nil }
        lastID += 1
        members[lastID] = Member(reserved: count)
        return lastID
    }

    /// Notes that the pool exists: from now on it is told of shortages.
    mutating func attach(_ member: Int, _ effects: inout [BudgetEffect]) {
        members[member]?.isPresent = true
        settle(&effects)
    }

    /// Changes a pool's minimum. False if it does not fit beside the minimums of the others. A pool that closes keeps
    /// none.
    mutating func reserve(_ count: Int, for member: Int, _ effects: inout [BudgetEffect]) -> Bool {
        guard let known = members[member], !known.demand.isLeaving else { return true }
        guard reserved - known.reserved + count <= maximum else { return false }
        members[member]?.reserved = count
        settle(&effects)
        return true
    }

    mutating func demand(_ demand: PermitDemand, by member: Int, _ effects: inout [BudgetEffect]) {
        guard let known = members[member], demand.number > known.demand.number else { return }
        members[member]?.demand = demand
        if demand.isLeaving {
            members[member]?.reserved = 0
            if demand.returned == known.granted { members[member] = nil }
        }
        settle(&effects)
    }

    /// Notes the end of a ``BudgetEffect/search``.
    mutating func searched(found: Bool, _ effects: inout [BudgetEffect]) {
        isSearching = false
        if !found { shortageIsPublic = true }
        settle(&effects)
    }

    // MARK: Deciding

    private mutating func settle(_ effects: inout [BudgetEffect]) {
        grantWhatIsFree(&effects)
        let lacking = stillLacking()
        guard !lacking.isEmpty else {
            shortageIsPublic = false
            return announce(.none, &effects)
        }
        if shortageIsPublic {
            announce(BudgetShortage(exists: true, starving: lacking.map(\.starving).min() ?? .max), &effects)
        } else if !isSearching {
            isSearching = true
            effects.append(.search)
        }
    }

    private mutating func grantWhatIsFree(_ effects: inout [BudgetEffect]) {
        var free = maximum - held
        // Below zero after a pool has joined whose minimum others still use.
        var unreserved = maximum - members.values.reduce(0) { $0 + max($1.held, $1.reserved) }
        for id in wanting {
            guard let member = members[id], free > 0, member.isBelowReservation || unreserved > 0 else { continue }
            free -= 1
            if !member.isBelowReservation { unreserved -= 1 }
            members[id]?.granted += 1
            effects.append(.grant(member: id))
        }
        peak = max(peak, maximum - free)
    }

    /// The pools that want a permit: first those that have less than their minimum, then in the order in which their
    /// waiters came.
    private var wanting: [Int] {
        members.filter(\.value.isWanting).sorted { left, right in
            (left.value.isBelowReservation ? 0 : 1, left.value.demand.sequence, left.key)
                < (right.value.isBelowReservation ? 0 : 1, right.value.demand.sequence, right.key)
        }.map(\.key)
    }

    /// The pools for which a connection must be closed: to open one just to be idle is no reason to close another.
    private func stillLacking() -> ArraySlice<(member: Int, starving: UInt64)> {
        let coming = members.values.reduce(0) { $0 + $1.demand.yielding }
        return wanting.compactMap { id in
            guard let member = members[id], member.isBelowReservation || member.demand.sequence != .max else {
                return nil
            }
            return (id, member.isBelowReservation ? 0 : member.demand.starving)
        }.dropFirst(coming)
    }

    private mutating func announce(_ shortage: BudgetShortage, _ effects: inout [BudgetEffect]) {
        for id in members.keys.sorted() where members[id]?.isPresent == true && members[id]?.lastShortage != shortage {
            members[id]?.lastShortage = shortage
            effects.append(.announce(shortage, member: id))
        }
    }
}
