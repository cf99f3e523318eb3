public import PoolSQL
internal import Synchronization

// A fake connection records statements, but does not execute them: each is one piece of work, and none has rows.

extension FakeDriver: SQLDriver {
    /// True if the error is a ``FakeError`` with ``FakeError/isRetryable``.
    public func canRetryTransaction(after error: any Error) -> Bool {
        (error as? FakeError)?.isRetryable ?? false
    }
}

extension FakeConnection: SQLConnection {
    /// The cursor of a stream on this connection.
    public typealias Cursor = FakeCursor

    /// The dialect in which ``statements`` are recorded.
    public static let dialect = SQLDialect(placeholder: .questionMark, identifierQuote: "\"")

    /// True between the begin and the end of a transaction.
    public var isTransactionOpen: Bool { residue.contains("transaction") }

    /// Records a statement; no rows are affected.
    ///
    /// - Throws: the error that the test chose, or `CancellationError`.
    public func execute(_ sql: SQL) async throws -> SQLStatementResult {
        try await work(sql.rendered(in: Self.dialect).text)
        return SQLStatementResult(affectedRows: 0)
    }

    /// Records a statement; there are no rows.
    ///
    /// - Throws: the error that the test chose, or `CancellationError`.
    public func query(_ sql: SQL) async throws -> SQLRows {
        try await work(sql.rendered(in: Self.dialect).text)
        return SQLRows(columns: SQLColumns(names: []), values: [])
    }

    /// Records a statement, whose cursor has no rows.
    ///
    /// - Throws: the error that the test chose, or `CancellationError`.
    public func open(_ sql: SQL) async throws -> FakeCursor {
        try await work(sql.rendered(in: Self.dialect).text)
        return FakeCursor(connection: self)
    }

    /// Records the statement once for each set of bind values.
    ///
    /// - Throws: the error that the test chose, or `CancellationError`.
    public func executeBatch(_ sql: SQL, _ bindSets: [[SQLValue]]) async throws -> [SQLStatementResult] {
        let text = try sql.rendered(in: Self.dialect).text
        for _ in bindSets { try await work(text) }
        return bindSets.map { _ in SQLStatementResult(affectedRows: 0) }
    }

    /// Records the script as one statement.
    ///
    /// - Throws: the error that the test chose, or `CancellationError`.
    public func executeScript(_ script: String) async throws {
        try await work(script)
    }

    /// Records `PREPARE` and the statement, whose bind values are counted as its parameters.
    ///
    /// - Throws: the error that the test chose, or `CancellationError`.
    public func prepare(_ sql: SQL) async throws -> SQLStatementDescription {
        let (text, binds) = try sql.rendered(in: Self.dialect)
        try await work("PREPARE " + text)
        return SQLStatementDescription(parameterCount: binds.count, columnNames: [])
    }

    /// Records the command as an SQL statement. An open transaction makes the connection dirty until it ends.
    ///
    /// - Throws: the error that the test chose, or `CancellationError`.
    public func transaction(_ command: SQLTransactionCommand) async throws {
        switch command {
        case .begin:
            try await work("BEGIN")
            leave("transaction")
        case .commit:
            try await work("COMMIT")
            forget("transaction")
        case .rollback:
            try await work("ROLLBACK")
            forget("transaction")
        case .savepoint(let depth): try await work("SAVEPOINT \(depth)")
        case .releaseSavepoint(let depth): try await work("RELEASE SAVEPOINT \(depth)")
        case .rollbackToSavepoint(let depth): try await work("ROLLBACK TO SAVEPOINT \(depth)")
        }
    }
}

/// The rows of a statement on a fake connection, of which there are none. Each fetch is one piece of work, and so is
/// the close of a cursor that was not read to its end.
public final class FakeCursor: SQLCursor {
    /// No columns.
    public let columns = SQLColumns(names: [])
    private let connection: FakeConnection
    private let hasEnded = Atomic<Bool>(false)

    init(connection: FakeConnection) {
        self.connection = connection
    }

    public func next(maximumRows: Int) async throws -> SQLRows? {
        hasEnded.store(true, ordering: .relaxed)
        try await connection.work("FETCH")
        return nil
    }

    /// Records `CLOSE`, unless the cursor has ended.
    ///
    /// - Throws: the error that the test chose, or `CancellationError`.
    public func close() async throws {
        if !hasEnded.exchange(true, ordering: .relaxed) { try await connection.work("CLOSE") }
    }
}
