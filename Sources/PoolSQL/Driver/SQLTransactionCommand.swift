/// A step in the life of a transaction.
///
/// Cancelling the task may stop the steps that begin something, ``begin(_:)`` and ``savepoint(depth:)``. It never stops
/// the steps that end it: a rollback must come through although the task is cancelled, and the effect of a commit
/// stopped in the middle would be unknown.
///
/// A step that ends something and fails leaves the connection in a state that its ``DriverConnection/condition`` tells:
/// broken, or in need of no more than a rollback.
@nonexhaustive
public enum SQLTransactionCommand: Sendable, Hashable {
    /// Begins a transaction. A failure leaves no transaction open.
    case begin(SQLTransactionOptions)
    /// Commits the transaction. Throws, too, if the database rolled it back instead. If it fails, ``rollback`` follows.
    case commit
    /// Ends the transaction, if one is still open. Without one it does nothing: some errors end the transaction by
    /// themselves.
    case rollback
    /// Sets a savepoint. `depth` is 1 for the first level of nesting; it makes the name unique.
    case savepoint(depth: Int)
    /// Keeps the work done since the savepoint. If it fails, ``rollbackToSavepoint(depth:)`` follows.
    case releaseSavepoint(depth: Int)
    /// Undoes the work done since the savepoint; whether the savepoint itself stays does not matter. If the transaction
    /// has already ended, it does nothing.
    case rollbackToSavepoint(depth: Int)
}
