/// The notifications that have come and nobody has taken, in order.
struct NotificationQueue {
    /// So many may wait before nothing more is read for their sake. A payload has less than 8000 bytes.
    private static let limit = 1000

    private var items: [PostgresNotification] = []
    /// The place of the next one; those before it were taken.
    private var start = 0

    var isEmpty: Bool { start == items.count }
    var isFull: Bool { items.count - start >= Self.limit }

    mutating func append(_ notification: PostgresNotification) {
        items.append(notification)
    }

    mutating func popFirst() -> PostgresNotification? {
        if isEmpty { return nil }
        let first = items[start]
        start += 1
        // Moves each one at most once on the average.
        if start * 2 > items.count {
            items.removeFirst(start)
            start = 0
        }
        return first
    }

    mutating func removeAll() {
        items = []
        start = 0
    }
}
