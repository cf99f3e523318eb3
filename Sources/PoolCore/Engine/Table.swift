/// A generational index: the place of a row in a ``Table``, and which of the place's successive rows is meant.
protocol TableID: Hashable, Sendable {
    var index: Int32 { get }
    var generation: UInt32 { get }

    init(index: Int32, generation: UInt32)
}

extension TableID {
    /// The index, for the shell's own arrays.
    var position: Int { Int(index) }
}

/// Rows at places that are used again. A row's id tells it from those that had its place before: stale ids are ignored.
///
/// As a collection, a table has every place, also those that are free.
struct Table<Row, ID: TableID> {
    private struct Place {
        var generation: UInt32 = 1
        var isTaken = true
        var row: Row
    }

    private var places: [Place] = []
    private var freePlaces: [Int32] = []

    /// The number of rows, without the places that are free.
    var rowCount: Int { places.count - freePlaces.count }

    func id(of index: Int32) -> ID {
        ID(index: index, generation: places[Int(index)].generation)
    }

    func contains(_ id: ID) -> Bool {
        guard Int(id.index) < places.count else { return false }
        let place = places[Int(id.index)]
        return place.generation == id.generation && place.isTaken
    }

    /// Adds a row, at the place that came free last if there is one.
    mutating func insert(_ row: Row) -> Int32 {
        guard let index = freePlaces.popLast() else {
            places.append(Place(row: row))
            return Int32(places.count - 1)
        }
        let generation = places[Int(index)].generation &+ 1
        places[Int(index)] = Place(generation: generation, row: row)
        return index
    }

    /// Frees the place of a row. Row and id stay readable until the place is taken again.
    mutating func remove(_ index: Int32) {
        places[Int(index)].isTaken = false
        freePlaces.append(index)
    }
}

extension Table: RandomAccessCollection, MutableCollection {
    var startIndex: Int32 { 0 }
    var endIndex: Int32 { Int32(places.count) }

    subscript(index: Int32) -> Row {
        _read { yield places[Int(index)].row }
        // Without this, a change of one field would copy the whole row.
        _modify { yield &places[Int(index)].row }
    }
}
