/// The earliest of many deadlines. Each member remembers its place, so that it can leave from the middle.
struct DeadlineHeap {
    private struct Entry {
        var due: Nanoseconds
        var member: Int32
    }

    private var entries: [Entry] = []
    /// The index of each member in `entries`, if it has one.
    private var places: [Int?] = []

    var earliest: (due: Nanoseconds, member: Int32)? {
        entries.first.map { ($0.due, $0.member) }
    }

    var count: Int { entries.count }

    func due(of member: Int32) -> Nanoseconds? {
        place(of: member).map { entries[$0].due }
    }

    /// Gives `member` a deadline, or a new one; ``Nanoseconds/never`` removes it.
    mutating func set(_ member: Int32, due: Nanoseconds) {
        guard due != .never else { return remove(member) }
        if let place = place(of: member) {
            let before = entries[place].due
            entries[place].due = due
            if due < before { siftUp(place) } else { siftDown(place) }
        } else {
            while places.count <= Int(member) { places.append(nil) }
            entries.append(Entry(due: due, member: member))
            places[Int(member)] = entries.count - 1
            siftUp(entries.count - 1)
        }
    }

    mutating func remove(_ member: Int32) {
        guard let hole = place(of: member) else { return }
        places[Int(member)] = nil
        let last = entries.removeLast()
        guard hole < entries.count else { return }
        let before = entries[hole].due
        put(last, at: hole)
        if last.due < before { siftUp(hole) } else { siftDown(hole) }
    }

    private func place(of member: Int32) -> Int? {
        Int(member) < places.count ? places[Int(member)] : nil
    }

    private mutating func put(_ entry: Entry, at index: Int) {
        entries[index] = entry
        places[Int(entry.member)] = index
    }

    private mutating func siftUp(_ start: Int) {
        var index = start
        let entry = entries[index]
        while index > 0 {
            let parent = (index - 1) / 2
            guard entry.due < entries[parent].due else { break }
            put(entries[parent], at: index)
            index = parent
        }
        put(entry, at: index)
    }

    private mutating func siftDown(_ start: Int) {
        var index = start
        let entry = entries[index]
        while true {
            var child = 2 * index + 1
            guard child < entries.count else { break }
            if child + 1 < entries.count, entries[child + 1].due < entries[child].due { child += 1 }
            guard entries[child].due < entry.due else { break }
            put(entries[child], at: index)
            index = child
        }
        put(entry, at: index)
    }

    /// True if heap and places agree. For the engine's own check.
    var isConsistent: Bool {
        for (index, entry) in entries.enumerated() {
            if places[Int(entry.member)] != index { return false }
            if index > 0, entries[(index - 1) / 2].due > entry.due { return false }
        }
        return places.count(where: { $0 != nil }) == entries.count
    }
}
