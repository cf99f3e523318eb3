/// The links of a member of a ``LinkedList``. A member is in at most one list at a time.
struct Links {
    var previous: Int32 = nowhere
    var next: Int32 = nowhere
}

/// A member of a table that can be linked.
protocol Linked {
    var links: Links { get set }
}

/// A doubly linked list through the members of a table: constant time at both ends and in the middle, no allocation.
struct LinkedList {
    private(set) var first: Int32 = nowhere
    private(set) var last: Int32 = nowhere
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func append<Member: Linked>(_ member: Int32, in table: inout [Member]) {
        table[Int(member)].links = Links(previous: last, next: nowhere)
        if last == nowhere { first = member } else { table[Int(last)].links.next = member }
        last = member
        count += 1
    }

    /// Inserts `member` before another.
    ///
    /// - Parameter next: a member of the list.
    mutating func insert<Member: Linked>(_ member: Int32, before next: Int32, in table: inout [Member]) {
        let previous = table[Int(next)].links.previous
        table[Int(member)].links = Links(previous: previous, next: next)
        table[Int(next)].links.previous = member
        if previous == nowhere { first = member } else { table[Int(previous)].links.next = member }
        count += 1
    }

    mutating func remove<Member: Linked>(_ member: Int32, in table: inout [Member]) {
        let links = table[Int(member)].links
        if links.previous == nowhere { first = links.next } else { table[Int(links.previous)].links.next = links.next }
        if links.next == nowhere {
            last = links.previous
        } else {
            table[Int(links.next)].links.previous = links.previous
        }
        table[Int(member)].links = Links()
        count -= 1
    }

    /// The members from first to last; for slow paths and checks.
    func members<Member: Linked>(in table: [Member]) -> [Int32] {
        var result: [Int32] = []
        var member = first
        while member != nowhere {
            result.append(member)
            member = table[Int(member)].links.next
        }
        return result
    }
}
