public import PoolCore
internal import Synchronization

/// The rows of a statement that is still running. It holds a batch at a time in memory, whatever the result's size.
public final class SQLiteCursor: SQLCursor {
    public let columns: Columns
    private let connection: SQLiteConnection
    private let number: UInt64
    private let hasEnded = Atomic<Bool>(false)

    init(_ connection: SQLiteConnection, number: UInt64, columns: Columns) {
        self.connection = connection
        self.number = number
        self.columns = columns
    }

    public func next(maximumRows: Int) async throws -> Rows? {
        if hasEnded.load(ordering: .relaxed) { return nil }
        let number = number
        let rows = try await connection.perform { try $0.fetch(number, maximumRows: maximumRows) }
        if rows == nil { hasEnded.store(true, ordering: .relaxed) }
        return rows
    }

    public func close() async {
        let number = number
        // Only a closed connection can refuse, and it has closed the cursor.
        try? await connection.perform(isCancellable: false) { $0.cursors[number] = nil }
    }
}
