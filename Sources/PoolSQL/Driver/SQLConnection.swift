public import PoolCore

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
