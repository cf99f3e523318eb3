/// A driver whose connections speak SQL.
public protocol SQLDriver: PoolDriver where Connection: SQLConnection {
    /// True if the transaction that ended with `error` may succeed when it is run again from its beginning: a
    /// serialization failure or a deadlock.
    func canRetryTransaction(after error: any Error) -> Bool
}

/// The functions of a connection that the common query interface needs. The pool calls one function at a time.
///
/// Each function runs where its caller runs. When the task is cancelled it interrupts the statement, waits until the
/// connection is quiet again, and throws `CancellationError`.
public protocol SQLConnection: DriverConnection {
    /// The type of the connection's cursors.
    associatedtype Cursor: SQLCursor

    /// True if a transaction is open, however it was begun. Answered from flags that are already there, without I/O,
    /// and never true if the condition is clean.
    var isTransactionOpen: Bool { get }

    /// Runs one statement and drops the rows that it returns.
    func execute(_ sql: SQL) async throws -> SQLStatementResult

    /// The executor on which a lease of one statement runs when its caller is not isolated to an actor, or nil to leave
    /// it where it is. The default is ``DriverConnection/executor``.
    var statementExecutor: (any TaskExecutor)? { get }

    /// Runs one statement and collects all its rows.
    func query(_ sql: SQL) async throws -> SQLRows

    /// Runs one statement whose rows are fetched as the caller asks for them.
    func open(_ sql: SQL) async throws -> Cursor

    /// Runs one statement once for each set of bind values, and stops at the first failure.
    func executeBatch(_ sql: SQL, _ bindSets: [[SQLValue]]) async throws -> [SQLStatementResult]

    /// Runs statements separated by semicolons, without bind values.
    func executeScript(_ script: String) async throws

    /// Prepares a statement, so that its errors show now, and describes its parameters and columns.
    func prepare(_ sql: SQL) async throws -> SQLStatementDescription

    /// Begins, ends or marks a transaction.
    func transaction(_ command: SQLTransactionCommand) async throws
}

extension SQLConnection {
    /// The default is ``DriverConnection/executor``.
    public var statementExecutor: (any TaskExecutor)? { executor }
}

/// The rows of a statement that is still running. Used by one task at a time.
public protocol SQLCursor: AnyObject, Sendable {
    /// The columns of the result.
    var columns: SQLColumns { get }

    /// The next rows, at least one and at most about `maximumRows`, or nil at the end. Not called again after nil or a
    /// throw.
    func next(maximumRows: Int) async throws -> SQLRows?

    /// Ends the statement, however far it has come; cancelling the task does not stop that. Does nothing if the
    /// statement has ended: after a nil, after an error of the statement, after the first call.
    ///
    /// Throws if the statement fails now, or may have failed unseen: a statement that writes can fail at its end, if a
    /// constraint is deferred or a lock is missing. Stopping a query early is no failure.
    func close() async throws
}

/// The effect of a statement whose rows are not collected.
public struct SQLStatementResult: Sendable, Hashable {
    /// The rows inserted, updated or deleted; 0 for statements of other kinds.
    public let affectedRows: Int
    /// The key of the row that this statement inserted last, if the database reports one. Nil if it inserted none or
    /// the key is not known: MariaDB and MySQL report the key of the first row only, and nothing certain with `ON
    /// DUPLICATE KEY UPDATE`.
    public let lastInsertedID: Int64?

    /// Reports the effect of a statement. By default no key is known.
    public init(affectedRows: Int, lastInsertedID: Int64? = nil) {
        self.affectedRows = affectedRows
        self.lastInsertedID = lastInsertedID
    }
}

/// The parameters and columns of a prepared statement.
public struct SQLStatementDescription: Sendable, Hashable {
    /// The number of bind values that the statement takes.
    public let parameterCount: Int
    /// The names of the columns that the statement returns, in order.
    public let columnNames: [String]

    /// Describes a prepared statement.
    public init(parameterCount: Int, columnNames: [String]) {
        self.parameterCount = parameterCount
        self.columnNames = columnNames
    }
}

/// A step in the life of a transaction.
///
/// Cancelling the task may stop the steps that begin something, ``begin(_:)`` and ``savepoint(depth:)``. It never stops
/// the steps that end it: a rollback must come through although the task is cancelled, and the effect of a commit
/// stopped in the middle would be unknown.
///
/// A step that ends something and fails leaves the connection in a state that its ``DriverConnection/condition`` tells:
/// broken, or in need of no more than a rollback.
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
