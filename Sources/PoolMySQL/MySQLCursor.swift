public import PoolSQL
internal import Synchronization

/// The rows of a statement that is still running. The cursor holds one batch in memory, whatever the result's size.
public final class MySQLCursor: SQLCursor {
    /// The columns of the rows.
    public let columns: SQLColumns
    private let connection: MySQLConnection
    /// The number of the stream; nil for a result that was collected as a whole.
    private let number: UInt64?
    private let state: Mutex<State>

    private struct State {
        var collected: SQLRows?
        var hasEnded = false
    }

    init(_ connection: MySQLConnection, _ opened: Session.Opened) {
        self.connection = connection
        switch opened {
        case .running(let number, let columns):
            (self.number, self.columns) = (number, columns)
            state = Mutex(State())
        case .collected(let rows):
            (number, columns) = (nil, rows.columns)
            state = Mutex(State(collected: rows))
        }
    }

    public func next(maximumRows: Int) async throws -> SQLRows? {
        let (collected, hasEnded) = state.withLock { state in
            defer {
                state.collected = nil
                if number == nil { state.hasEnded = true }
            }
            return (state.collected, state.hasEnded)
        }
        if let collected { return collected.isEmpty ? nil : collected }
        guard let number, !hasEnded else { return nil }
        // After an error the stream may still be open: with a cancelled task the call does not even reach it.
        let (rows, mayHaveMore) = try await connection.perform { try $0.fetch(number, maximumRows: maximumRows) }
        if !mayHaveMore { state.withLock { $0.hasEnded = true } }
        return rows.isEmpty ? nil : rows
    }

    /// Ends the statement and frees the connection for the next one; cancelling the task does not stop that. No
    /// effect after the first call, or after the last rows.
    public func close() async {
        let hadEnded = state.withLock { state in
            defer { state.hasEnded = true }
            return state.hasEnded
        }
        guard let number, !hadEnded else { return }
        // Only a connection that is closed or lost can fail here, and its condition says so.
        try? await connection.perform(isCancellable: false) { session in
            if session.cursor?.number == number { try session.closeCursor() }
        }
    }
}
