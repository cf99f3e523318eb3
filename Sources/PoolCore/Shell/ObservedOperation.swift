/// An operation whose beginning an observer was told.
struct ObservedOperation: Sendable {
    let operation: PoolOperation
    let since: PoolInstant
}
