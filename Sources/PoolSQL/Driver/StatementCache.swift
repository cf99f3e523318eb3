/// A prepared statement that a ``StatementCache`` can keep.
@_spi(Driver)
public protocol CachedStatement: AnyObject {
    /// The text that was prepared.
    var text: String { get }
}

/// The prepared statements of one connection; the least recently used go first.
@_spi(Driver)
public struct StatementCache<Statement: CachedStatement>: ~Copyable {
    @usableFromInline let limit: StatementCacheCapacity
    @usableFromInline var places: [StatementKey: Int] = [:]
    @usableFromInline var order = UseOrder<Statement>()
    /// True if no statement may be used again.
    public private(set) var isExpired = false

    /// Makes an empty cache.
    ///
    /// - Parameter limit: the largest number of statements, read with each statement.
    public init(limit: StatementCacheCapacity) {
        self.limit = limit
    }

    /// The largest number of statements, as of now.
    public var capacity: Int { limit.value }

    /// The number of statements.
    @inlinable
    public var count: Int { order.count }

    /// Makes every statement be prepared again, for databases that keep the session's state of the preparation. The
    /// statements are freed at the next lookup, because one may still be running.
    public mutating func expire() { isExpired = true }

    /// Restores an earlier value of ``isExpired``, when the session has its earlier state again.
    public mutating func restoreExpiry(_ wasExpired: Bool) { isExpired = wasExpired }

    /// The statement for `text`, which becomes the most recently used; nil if there is none.
    @inlinable
    public mutating func find(_ text: String) -> Statement? {
        if isExpired || count > limit.value { trim() }
        guard let latest = order.mostUsed else { return nil }
        // Code that repeats one statement needs no hash.
        if latest.text.utf8.hasSameBytes(as: text.utf8) { return latest }
        guard let place = places[StatementKey(text)] else { return nil }
        order.touch(place)
        return order[place]
    }

    /// Keeps a statement that ``find(_:)`` did not find. A statement that is evicted is freed after its last use.
    public mutating func insert(_ statement: Statement) {
        let capacity = limit.value
        if capacity == 0 { return }
        if isExpired { removeAll() }
        while count >= capacity, let oldest = order.leastUsed { remove(oldest.text) }
        let replaced = places.updateValue(order.insert(statement), forKey: StatementKey(statement.text))
        if let replaced { order.remove(replaced) }
    }

    /// Forgets the statement for `text`.
    public mutating func remove(_ text: String) {
        if let place = places.removeValue(forKey: StatementKey(text)) { order.remove(place) }
    }

    /// Forgets all statements.
    public mutating func removeAll() {
        places = [:]
        order.removeAll()
        isExpired = false
    }

    /// Forgets the statements that must not be used, and those beyond the capacity.
    @usableFromInline
    mutating func trim() {
        if isExpired { removeAll() }
        while count > limit.value, let oldest = order.leastUsed { remove(oldest.text) }
    }
}
