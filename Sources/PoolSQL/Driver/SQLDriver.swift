public import PoolCore

/// A driver whose connections speak SQL.
public protocol SQLDriver: PoolDriver where Connection: SQLConnection {
    /// True if the transaction that ended with `error` may succeed when it is run again from its beginning: a
    /// serialization failure or a deadlock.
    func canRetryTransaction(after error: any Error) -> Bool
}
