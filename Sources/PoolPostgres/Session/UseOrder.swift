/// Statements in the order of their latest use: a doubly linked list, so that no operation visits all of them.
struct UseOrder {
    private struct Place {
        /// The statement; nil if the place is free.
        var statement: KnownStatement?
        var newer = none
        var older = none
    }

    /// The index that stands for no place.
    private static let none = -1
    private var places: [Place] = []
    private var free: [Int] = []
    private var newest = none
    private var oldest = none

    var count: Int { places.count - free.count }

    /// The least recently used statement.
    var leastUsed: KnownStatement? { oldest == Self.none ? nil : places[oldest].statement }

    /// Adds a statement as the most recently used, and returns its place.
    mutating func insert(_ statement: KnownStatement) -> Int {
        let place = free.popLast() ?? places.count
        if place == places.count { places.append(Place()) }
        places[place].statement = statement
        link(place)
        return place
    }

    /// Makes the statement at `place` the most recently used.
    mutating func touch(_ place: Int) {
        if place == newest { return }
        unlink(place)
        link(place)
    }

    mutating func remove(_ place: Int) {
        unlink(place)
        places[place].statement = nil
        free.append(place)
    }

    mutating func removeAll() { self = UseOrder() }

    private mutating func link(_ place: Int) {
        places[place].newer = Self.none
        places[place].older = newest
        if newest == Self.none { oldest = place } else { places[newest].newer = place }
        newest = place
    }

    private mutating func unlink(_ place: Int) {
        let (newer, older) = (places[place].newer, places[place].older)
        if newer == Self.none { newest = older } else { places[newer].older = older }
        if older == Self.none { oldest = newer } else { places[older].newer = newer }
    }
}
