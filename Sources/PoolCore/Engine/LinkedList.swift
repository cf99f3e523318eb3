/// The links of a member of a ``LinkedList``. A member is in at most one list at a time.
struct Links {
    var previous: Int32?
    var next: Int32?
}

/// A row of a table that can be linked.
protocol Linked {
    var links: Links { get set }
}

/// A table whose rows can be linked.
protocol LinkTable {
    associatedtype Row: Linked

    subscript(index: Int32) -> Row { get set }
}

extension Table: LinkTable where Row: Linked {}

extension Array: LinkTable where Element: Linked {
    subscript(index: Int32) -> Element {
        _read { yield self[Int(index)] }
        _modify { yield &self[Int(index)] }
    }
}

/// A doubly linked list through the rows of a table: constant time at both ends and in the middle, no allocation.
struct LinkedList {
    private(set) var first: Int32?
    private(set) var last: Int32?
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func append(_ member: Int32, in table: inout some LinkTable) {
        table[member].links = Links(previous: last)
        if let last { table[last].links.next = member } else { first = member }
        last = member
        count += 1
    }

    /// Inserts `member` before another.
    ///
    /// - Parameter next: a member of the list.
    mutating func insert(_ member: Int32, before next: Int32, in table: inout some LinkTable) {
        let previous = table[next].links.previous
        table[member].links = Links(previous: previous, next: next)
        table[next].links.previous = member
        if let previous { table[previous].links.next = member } else { first = member }
        count += 1
    }

    mutating func remove(_ member: Int32, in table: inout some LinkTable) {
        let links = table[member].links
        if let previous = links.previous { table[previous].links.next = links.next } else { first = links.next }
        if let next = links.next { table[next].links.previous = links.previous } else { last = links.previous }
        table[member].links = Links()
        count -= 1
    }

    /// The members from first to last; for slow paths and checks.
    func members(in table: some LinkTable) -> [Int32] {
        var result: [Int32] = []
        var member = first
        while let index = member {
            result.append(index)
            member = table[index].links.next
        }
        return result
    }
}
