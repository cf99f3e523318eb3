public import PoolCore
internal import Synchronization

// A fake connection takes statements and forgets them: each is one piece of work, and none has rows.

extension FakeDriver: SQLDriver {
    public func canRetryTransaction(after error: any Error) -> Bool {
        (error as? FakeError)?.isRetryable ?? false
    }
}

extension FakeConnection: SQLConnection {
    public typealias Cursor = FakeCursor

    /// How statements are written down in ``statements``.
    public static let dialect = SQLDialect(placeholder: .questionMark, identifierQuote: "\"")

    public var isTransactionOpen: Bool { residue.contains("transaction") }

    public func execute(_ sql: SQL) async throws -> StatementResult {
        try await run(sql.rendered(in: Self.dialect).text)
        return StatementResult(affectedRows: 0)
    }

    public func query(_ sql: SQL) async throws -> Rows {
        try await run(sql.rendered(in: Self.dialect).text)
        return Rows(columns: Columns(names: []), values: [])
    }

    public func open(_ sql: SQL) async throws -> FakeCursor {
        try await run(sql.rendered(in: Self.dialect).text)
        return FakeCursor(connection: self)
    }

    public func executeBatch(_ sql: SQL, _ bindSets: [[SQLValue]]) async throws -> [StatementResult] {
        let text = try sql.rendered(in: Self.dialect).text
        for _ in bindSets { try await run(text) }
        return bindSets.map { _ in StatementResult(affectedRows: 0) }
    }

    public func executeScript(_ script: String) async throws {
        try await run(script)
    }

    public func prepare(_ sql: SQL) async throws -> StatementDescription {
        let (text, binds) = try sql.rendered(in: Self.dialect)
        try await run("PREPARE " + text)
        return StatementDescription(parameterCount: binds.count, columnNames: [])
    }

    /// Written down as the statement that SQL has for it. An open transaction makes the connection dirty until it ends.
    public func transaction(_ command: TransactionCommand) async throws {
        switch command {
        case .begin:
            try await run("BEGIN")
            leave("transaction")
        case .commit:
            try await run("COMMIT")
            forget("transaction")
        case .rollback:
            try await run("ROLLBACK")
            forget("transaction")
        case .savepoint(let depth): try await run("SAVEPOINT \(depth)")
        case .releaseSavepoint(let depth): try await run("RELEASE SAVEPOINT \(depth)")
        case .rollbackToSavepoint(let depth): try await run("ROLLBACK TO SAVEPOINT \(depth)")
        }
    }
}

/// The rows of a statement on a fake connection: none. Each fetch is one piece of work, and so is the close of a cursor
/// that was not read to its end.
public final class FakeCursor: SQLCursor {
    public let columns = Columns(names: [])
    private let connection: FakeConnection
    private let hasEnded = Atomic<Bool>(false)

    init(connection: FakeConnection) {
        self.connection = connection
    }

    public func next(maximumRows: Int) async throws -> Rows? {
        hasEnded.store(true, ordering: .relaxed)
        try await connection.run("FETCH")
        return nil
    }

    public func close() async throws {
        if !hasEnded.exchange(true, ordering: .relaxed) { try await connection.run("CLOSE") }
    }
}
