public import PoolSQL
internal import Synchronization

/// The rows of a statement that is still running. The cursor holds one batch in memory, whatever the result's size.
public final class SQLiteCursor: SQLCursor {
    /// The columns of the rows.
    public var columns: SQLColumns { opened.columns }
    private let connection: SQLiteConnection
    private let opened: OpenedCursor
    private let hasEnded = Atomic<Bool>(false)
    private let hasFailed = Atomic<Bool>(false)

    init(_ connection: SQLiteConnection, _ opened: OpenedCursor) {
        self.connection = connection
        self.opened = opened
    }

    public func next(maximumRows: Int) async throws -> SQLRows? {
        if hasEnded.load(ordering: .relaxed) { return nil }
        let number = opened.number
        do {
            let rows = try await connection.perform { try $0.fetch(number, maximumRows: maximumRows) }
            if rows == nil { hasEnded.store(true, ordering: .relaxed) }
            return rows
        } catch {
            hasFailed.store(true, ordering: .relaxed)
            throw error
        }
    }

    /// Ends the statement, which commits its writes outside a transaction; no effect after the first call, or after
    /// the last rows.
    ///
    /// - Throws: ``SQLiteError`` if a statement that writes fails at its end, or was ended by something else.
    public func close() async throws {
        if hasEnded.exchange(true, ordering: .relaxed) { return }
        // A failed fetch has ended the statement and reported why; a fetch that was cancelled before it began has
        // not.
        let (opened, mayHaveEnded) = (opened, hasFailed.load(ordering: .relaxed))
        try await connection.perform(isCancellable: false) { try $0.closeCursor(opened, mayHaveEnded: mayHaveEnded) }
    }
}
