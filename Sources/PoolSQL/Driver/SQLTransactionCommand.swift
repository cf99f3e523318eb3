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
    /// Begins a transaction, whose options make sense: they have been checked. A failure leaves no transaction open.
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

@_spi(Driver)
extension SQLTransactionCommand {
    /// True if cancelling the task may stop the command: it begins something.
    public var isCancellable: Bool {
        switch self {
        case .begin, .savepoint: true
        case .commit, .rollback, .releaseSavepoint, .rollbackToSavepoint: false
        }
    }

    /// The command's text, as most databases understand it. A rollback to a savepoint keeps the savepoint.
    public var text: String {
        switch self {
        case .begin(let options): "BEGIN" + options.isolationText + options.accessText
        case .commit: "COMMIT"
        case .rollback: "ROLLBACK"
        case .savepoint(let depth): "SAVEPOINT pool_savepoint_\(depth)"
        case .releaseSavepoint(let depth): "RELEASE SAVEPOINT pool_savepoint_\(depth)"
        case .rollbackToSavepoint(let depth): "ROLLBACK TO SAVEPOINT pool_savepoint_\(depth)"
        }
    }

    /// The multiple of the cancel time-out that the end of a transaction may take: a server may sync slowly, or wait
    /// for another, and giving up leaves the outcome unknown.
    public static let timeoutFactorOfEnds = 12
}

@_spi(Driver)
extension SQLTransactionOptions {
    /// The isolation level as a clause that follows `BEGIN` or `SET TRANSACTION`, with a space before it; empty for the
    /// default.
    public var isolationText: String {
        switch isolation {
        case nil: ""
        case .readUncommitted: " ISOLATION LEVEL READ UNCOMMITTED"
        case .readCommitted: " ISOLATION LEVEL READ COMMITTED"
        case .repeatableRead: " ISOLATION LEVEL REPEATABLE READ"
        case .serializable: " ISOLATION LEVEL SERIALIZABLE"
        }
    }

    /// The kind of access as a clause that follows `BEGIN`, with a space before it; empty for the default.
    public var accessText: String {
        switch access {
        case nil: ""
        case .readOnly: " READ ONLY"
        case .readWrite: " READ WRITE"
        }
    }
}
