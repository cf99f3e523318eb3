@_spi(Driver) internal import PoolSQL

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The prepared statements of one connection; the least recently used go first.
struct StatementCache: ~Copyable {
    private let limit: StatementCacheCapacity
    private var index: [StatementKey: Int] = [:]
    private var entries: [Entry] = []
    private var newest = Self.none
    private var oldest = Self.none
    /// True if no statement may be used again.
    private(set) var isExpired = false
    private static let none = -1

    private struct Entry {
        var key: StatementKey
        var statement: Statement
        var newer: Int
        var older: Int
    }

    init(limit: StatementCacheCapacity) {
        self.limit = limit
    }

    var count: Int { entries.count }

    /// Makes every statement be prepared again: the server keeps the database and the SQL mode in which each was
    /// prepared. The statements are freed at the next lookup, because one may still be running.
    mutating func expire() { isExpired = true }

    /// Restores an earlier value of ``isExpired``, when the session has its earlier state again.
    mutating func restoreExpiry(_ wasExpired: Bool) { isExpired = wasExpired }

    /// The statement for `text`, which becomes the most recently used.
    mutating func find(_ text: String) -> Statement? {
        if entries.count > limit.value { trim(to: limit.value) }
        if newest == Self.none { return nil }
        if isExpired {
            removeAll()
            return nil
        }
        // Code that repeats one statement needs no hash.
        if StatementKey.isSame(entries[newest].statement.text, text) { return entries[newest].statement }
        guard let position = index[StatementKey(text)] else { return nil }
        unlink(position)
        linkAsNewest(position)
        return entries[position].statement
    }

    /// Keeps a statement that ``find(_:)`` did not find. A statement that is evicted is freed after its last use.
    mutating func insert(_ statement: Statement) {
        let capacity = limit.value
        if capacity == 0 { return }
        if isExpired { removeAll() }
        trim(to: capacity)
        let key = StatementKey(statement.text)
        let entry = Entry(key: key, statement: statement, newer: Self.none, older: Self.none)
        if entries.count < capacity {
            entries.append(entry)
            index[key] = entries.count - 1
            linkAsNewest(entries.count - 1)
        } else {
            let position = oldest
            unlink(position)
            index[entries[position].key] = nil
            entries[position] = entry
            index[key] = position
            linkAsNewest(position)
        }
    }

    /// Forgets the statement for `text`.
    mutating func remove(_ text: String) {
        if let position = index[StatementKey(text)] { remove(position) }
    }

    private mutating func trim(to capacity: Int) {
        while entries.count > capacity { remove(oldest) }
    }

    /// Removes an entry; the last entry takes its place, so that there is no gap.
    private mutating func remove(_ position: Int) {
        unlink(position)
        index[entries[position].key] = nil
        let last = entries.count - 1
        if position != last {
            let moved = entries[last]
            entries[position] = moved
            index[moved.key] = position
            if moved.newer == Self.none { newest = position } else { entries[moved.newer].older = position }
            if moved.older == Self.none { oldest = position } else { entries[moved.older].newer = position }
        }
        entries.removeLast()
    }

    mutating func removeAll() {
        index = [:]
        entries = []
        newest = Self.none
        oldest = Self.none
        isExpired = false
    }

    private mutating func unlink(_ position: Int) {
        let (newer, older) = (entries[position].newer, entries[position].older)
        if newer == Self.none { newest = older } else { entries[newer].older = older }
        if older == Self.none { oldest = newer } else { entries[older].newer = newer }
    }

    private mutating func linkAsNewest(_ position: Int) {
        entries[position].newer = Self.none
        entries[position].older = newest
        if newest == Self.none { oldest = position } else { entries[newest].newer = position }
        newest = position
    }
}

/// SQL text compared byte by byte. `String` compares by Unicode's canonical equivalence, under which two statements
/// with different literals can be equal.
private struct StatementKey: Hashable {
    private var text: String

    init(_ text: String) {
        self.text = text
        self.text.makeContiguousUTF8()
    }

    static func == (left: Self, right: Self) -> Bool {
        isSame(left.text, right.text)
    }

    static func isSame(_ left: String, _ right: String) -> Bool {
        let result: Bool?? = unsafe left.utf8.withContiguousStorageIfAvailable { left in
            unsafe right.utf8.withContiguousStorageIfAvailable { right in
                guard left.count == right.count else { return false }
                guard let start = left.baseAddress, let other = right.baseAddress else { return true }
                // Uses of one literal in the source code have the same address.
                return unsafe start == other || memcmp(start, other, left.count) == 0
            }
        }
        return (result ?? nil) ?? left.utf8.elementsEqual(right.utf8)
    }

    func hash(into hasher: inout Hasher) {
        let isHashed: Void? = unsafe text.utf8.withContiguousStorageIfAvailable {
            unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0))
        }
        if isHashed == nil { hasher.combine(text) }
    }
}
