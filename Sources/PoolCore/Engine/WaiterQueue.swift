/// The waiters of a lane, by priority and then by arrival.
struct WaiterQueue {
    private var high = LinkedList()
    private var normal = LinkedList()
    private var low = LinkedList()

    @inline(__always)
    var count: Int { high.count + normal.count + low.count }
    @inline(__always)
    var isEmpty: Bool { normal.isEmpty && high.isEmpty && low.isEmpty }

    /// The waiter to serve next.
    @inline(__always)
    var next: Int32? { high.first ?? normal.first ?? low.first }

    mutating func append(_ waiter: Int32, priority: Int32, in table: inout Table<Waiter, WaiterID>) {
        switch priority {
        case 0: high.append(waiter, in: &table)
        case 1: normal.append(waiter, in: &table)
        default: low.append(waiter, in: &table)
        }
    }

    /// Puts back a waiter that has been out of the queue: before all waiters that came later.
    mutating func putBack(_ waiter: Int32, priority: Int32, in table: inout Table<Waiter, WaiterID>) {
        switch priority {
        case 0: Self.putBack(waiter, into: &high, in: &table)
        case 1: Self.putBack(waiter, into: &normal, in: &table)
        default: Self.putBack(waiter, into: &low, in: &table)
        }
    }

    private static func putBack(_ waiter: Int32, into list: inout LinkedList, in table: inout Table<Waiter, WaiterID>) {
        var next = list.first
        while let earlier = next, table[earlier].sequence < table[waiter].sequence { next = table[earlier].links.next }
        if let next { list.insert(waiter, before: next, in: &table) } else { list.append(waiter, in: &table) }
    }

    mutating func remove(_ waiter: Int32, priority: Int32, in table: inout Table<Waiter, WaiterID>) {
        switch priority {
        case 0: high.remove(waiter, in: &table)
        case 1: normal.remove(waiter, in: &table)
        default: low.remove(waiter, in: &table)
        }
    }

    /// The sequence number of the waiter that has waited for longest, whatever its priority; `.max` if none waits.
    @inline(__always)
    func oldestSequence(in table: Table<Waiter, WaiterID>) -> UInt64 {
        var oldest = UInt64.max
        if let first = high.first { oldest = table[first].sequence }
        if let first = normal.first { oldest = min(oldest, table[first].sequence) }
        if let first = low.first { oldest = min(oldest, table[first].sequence) }
        return oldest
    }

    /// The waiter that is served after `count` others.
    func member(after count: Int, in table: Table<Waiter, WaiterID>) -> Int32? {
        var left = count
        for list in [high, normal, low] {
            if left >= list.count {
                left -= list.count
                continue
            }
            var waiter = list.first
            for _ in 0..<left { waiter = waiter.flatMap { table[$0].links.next } }
            return waiter
        }
        return nil
    }

    func members(in table: Table<Waiter, WaiterID>) -> [Int32] {
        high.members(in: table) + normal.members(in: table) + low.members(in: table)
    }
}
