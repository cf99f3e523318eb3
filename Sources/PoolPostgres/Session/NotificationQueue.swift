/// The notifications that have arrived and are not yet taken, in order.
struct NotificationQueue {
    /// The number of waiting notifications at which reading for more stops. A payload has less than 8000 bytes.
    private static let limit = 1000

    private var items: [PostgresNotification] = []
    /// The index of the next notification; the earlier ones were taken.
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
        // Moves each notification at most once on average.
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
