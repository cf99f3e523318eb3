public import PoolSQL
internal import Synchronization

/// The rows of a statement that is still running. The cursor holds one batch in memory, whatever the result's size.
public final class PostgresCursor: SQLCursor {
    /// The columns of the rows.
    public let columns: SQLColumns
    private let connection: PostgresConnection
    private let state: Mutex<State>

    private struct State {
        /// All rows of a statement that had ended when its columns arrived.
        var rows: SQLRows?
        var isClosed = false
    }

    init(_ connection: PostgresConnection, columns: SQLColumns, rows: SQLRows?) {
        self.connection = connection
        self.columns = columns
        state = Mutex(State(rows: rows))
    }

    public func next(maximumRows: Int) async throws -> SQLRows? {
        let (first, isClosed) = state.withLock { state in
            defer { state.rows = nil }
            return (state.rows, state.isClosed)
        }
        if isClosed { return nil }
        if let first, !first.isEmpty { return first }
        // After an error the statement may still run: with a cancelled task the call asks for nothing.
        if let rows = try await connection.fetch(maximumRows), !rows.isEmpty { return rows }
        state.withLock { $0.isClosed = true }
        return nil
    }

    /// Ends the statement, and frees the connection for the next one; no effect after the first call, or after the
    /// last rows.
    ///
    /// - Throws: ``PostgresError`` of a statement that writes, or that runs in a transaction.
    public func close() async throws {
        let wasClosed = state.withLock { state in
            defer { state.isClosed = true }
            return state.isClosed
        }
        if !wasClosed { try await connection.closeCursor() }
    }
}

extension PostgresConnection {
    /// Starts a statement whose rows arrive as they are taken, up to the first ones, which define the columns.
    /// Returns all rows if the statement has ended by then.
    func openCursor(_ request: StatementRequest, _ operation: Operation) async throws -> (SQLColumns, SQLRows?) {
        try await run(request, operation) { session, isAnswered in try session.firstRows(isAnswered: isAnswered) }
    }

    /// Fetches the next rows; none at the end.
    func fetch(_ maximumRows: Int) async throws -> SQLRows? {
        try await perform { operation in
            let isRunning = withSession { session in
                session.exchange?.resume(limit: maximumRows)
                return session.exchange != nil
            }
            if !isRunning { return nil }
            while true {
                let isAnswered = try await drive(operation)
                let rows = try withSession { try $0.takeRows(isAnswered: isAnswered) }
                // Rows without columns count as none for the caller, and do not end the statement.
                if isAnswered || rows?.isEmpty == false { return rows }
            }
        }
    }

    /// Ends the statement whose rows are being read.
    ///
    /// - Throws: The server's error, unless the statement only reads outside a transaction: then nothing is lost, and
    ///   a connection that is closed or lost says so by its condition.
    func closeCursor() async throws {
        let isHarmless = withSession { $0.mayStopExchange }
        try await endRunning(isHarmless: isHarmless) { _ in }
    }

    /// Ends the running statement, if there is one.
    ///
    /// A statement that may be stopped without harm is stopped, and so is any whose task was cancelled. The remaining
    /// rows of the others are read and dropped.
    func endRunning(isHarmless: Bool, _ prepare: (inout Session) -> Void) async throws {
        if withSession({ $0.exchange == nil }) { return }
        let isCancelled = Task.isCancelled
        do {
            try await perform(isCancellable: false) { operation in
                withSession { prepare(&$0) }
                try await stopExchange(operation, asking: isHarmless || isCancelled)
                _ = try withSession { try $0.finish() }
            }
        } catch let error as PostgresError {
            if isHarmless { return }
            throw isCancelled && error.code == .queryCanceled ? CancellationError() : error
        }
    }
}

extension Session {
    /// True if stopping the statement loses nothing: it writes nothing, and no transaction fails.
    var mayStopExchange: Bool {
        guard let exchange else { return false }
        return !isTransactionOpen && exchange.traits.contains(.onlyReads) && !isInExplicitTransaction
    }

    fileprivate mutating func firstRows(isAnswered: Bool) throws -> (SQLColumns, SQLRows?) {
        if !isAnswered { return (exchange?.columns ?? SQLColumns(names: []), nil) }
        let rows = try finish().rows ?? SQLRows(columns: SQLColumns(names: []), values: [])
        return (rows.columns, rows)
    }

    fileprivate mutating func takeRows(isAnswered: Bool) throws -> SQLRows? {
        isAnswered ? try finish().rows : exchange?.takeRows()
    }
}
