/// A driver whose connections speak SQL.
public protocol SQLDriver: PoolDriver where Connection: SQLConnection {
    /// True if the transaction that ended with `error` may succeed when it is run again from its beginning: a
    /// serialization failure or a deadlock.
    func canRetryTransaction(after error: any Error) -> Bool
}

/// What the common query interface needs of a connection. The pool calls one function at a time.
///
/// Each function runs where its caller runs. When the task is cancelled it interrupts the statement, waits until the
/// connection is quiet again, and throws `CancellationError`.
public protocol SQLConnection: DriverConnection {
    associatedtype Cursor: SQLCursor

    /// True if a transaction is open, whoever began it. Answered from flags that are already there, without I/O, and
    /// never true where the condition is clean.
    var isTransactionOpen: Bool { get }

    /// Runs one statement and drops the rows that it returns.
    func execute(_ sql: SQL) async throws -> StatementResult

    /// Where a lease of one statement runs when its caller is not isolated to an actor, or nil to leave it where it is.
    /// The default is ``DriverConnection/executor``.
    var statementExecutor: (any TaskExecutor)? { get }

    /// Runs one statement and collects all its rows.
    func query(_ sql: SQL) async throws -> Rows

    /// Runs one statement whose rows are fetched as the caller asks for them.
    func open(_ sql: SQL) async throws -> Cursor

    /// Runs one statement once for each set of bind values, and stops at the first failure.
    func executeBatch(_ sql: SQL, _ bindSets: [[SQLValue]]) async throws -> [StatementResult]

    /// Runs statements separated by semicolons, without bind values.
    func executeScript(_ script: String) async throws

    /// Prepares a statement, so that its errors show now, and says what it takes and returns.
    func prepare(_ sql: SQL) async throws -> StatementDescription

    /// Begins, ends or marks a transaction.
    func transaction(_ command: TransactionCommand) async throws
}

extension SQLConnection {
    public var statementExecutor: (any TaskExecutor)? { executor }
}

/// The rows of a statement that is still running. Used by one task at a time.
public protocol SQLCursor: AnyObject, Sendable {
    var columns: Columns { get }

    /// The next rows, at least one and at most about `maximumRows`, or nil at the end. Not called again after nil or a
    /// throw.
    func next(maximumRows: Int) async throws -> Rows?

    /// Ends the statement, wherever it is; cancelling the task does not stop that. Does nothing if the statement has
    /// ended: after a nil, after an error of it, after the first call.
    ///
    /// Throws if the statement fails now, or may have failed unseen: one that writes can fail at its end, where a
    /// constraint is deferred or a lock is missing. That a query was stopped early is no failure.
    func close() async throws
}

/// What a statement did.
public struct StatementResult: Sendable, Hashable {
    /// The rows inserted, updated or deleted; 0 for statements of other kinds.
    public let affectedRows: Int
    /// The key of the row that this statement inserted last, where the database reports one. Nil if it inserted none,
    /// and where the key is not known: MariaDB and MySQL tell that of the first row only, and nothing certain with `ON
    /// DUPLICATE KEY UPDATE`.
    public let lastInsertedID: Int64?

    public init(affectedRows: Int, lastInsertedID: Int64? = nil) {
        self.affectedRows = affectedRows
        self.lastInsertedID = lastInsertedID
    }
}

/// What a prepared statement takes and returns.
public struct StatementDescription: Sendable, Hashable {
    public let parameterCount: Int
    public let columnNames: [String]

    public init(parameterCount: Int, columnNames: [String]) {
        self.parameterCount = parameterCount
        self.columnNames = columnNames
    }
}

/// A step in the life of a transaction.
///
/// Cancelling the task may stop the steps that begin something, ``begin(_:)`` and ``savepoint(depth:)``. It never stops
/// those that end it: a rollback must come through although the task is cancelled, and nobody could say what a commit
/// had done that was stopped in the middle.
///
/// A step that ends something and fails leaves the connection in a state that its
/// ``DriverConnection/condition`` tells: broken, or a rollback is all that it needs.
public enum TransactionCommand: Sendable, Hashable {
    /// A failure leaves no transaction open.
    case begin(TransactionOptions)
    /// Throws, too, if the database rolled the transaction back instead. If it fails, ``rollback`` follows.
    case commit
    /// Ends the transaction, if one is still open. Without one it does nothing: some errors end the transaction by
    /// themselves.
    case rollback
    /// `depth` is 1 for the first level of nesting; it makes the name unique.
    case savepoint(depth: Int)
    /// Keeps what was done since the savepoint. If it fails, ``rollbackToSavepoint(depth:)`` follows.
    case releaseSavepoint(depth: Int)
    /// Undoes what was done since the savepoint; whether the savepoint itself stays does not matter. Where the
    /// transaction has already ended, it does nothing.
    case rollbackToSavepoint(depth: Int)
}
