public import PoolCore
internal import Synchronization

/// The rows of a statement that is still running. It holds a batch at a time in memory, whatever the result's size.
public final class PostgresCursor: SQLCursor {
    public let columns: Columns
    private let connection: PostgresConnection
    private let state: Mutex<State>

    private struct State {
        /// What came with the columns.
        var firstValues: [SQLValue]
        var isClosed = false
    }

    init(_ connection: PostgresConnection, columns: Columns, firstValues: [SQLValue]) {
        self.connection = connection
        self.columns = columns
        state = Mutex(State(firstValues: firstValues))
    }

    public func next(maximumRows: Int) async throws -> Rows? {
        let (first, isClosed) = state.withLock { state in
            defer { state.firstValues = [] }
            return (state.firstValues, state.isClosed)
        }
        if isClosed { return nil }
        do {
            let values = try await connection.fetch(maximumRows, after: first, columnCount: columns.count)
            if values.isEmpty { state.withLock { $0.isClosed = true } }
            return values.isEmpty ? nil : Rows(columns: columns, values: values)
        } catch {
            state.withLock { $0.isClosed = true }
            throw error
        }
    }

    public func close() async throws {
        let wasClosed = state.withLock { state in
            defer { state.isClosed = true }
            return state.isClosed
        }
        if !wasClosed { try await connection.closeCursor() }
    }
}

extension PostgresConnection {
    /// Starts a statement whose rows come as they are taken, up to the first ones, which tell the columns.
    func openCursor(_ request: StatementRequest, _ operation: Operation) async throws -> (Columns, [SQLValue]) {
        try await run(request, operation) { session, isAnswered in try session.firstRows(isAnswered: isAnswered) }
    }

    /// The next rows, none at the end.
    func fetch(_ maximumRows: Int, after first: [SQLValue], columnCount: Int) async throws -> [SQLValue] {
        try await perform { operation in
            let isRunning = withSession { session in
                session.exchange?.resume(first, columnCount: columnCount, limit: maximumRows)
                return session.exchange != nil
            }
            if !isRunning { return first }
            let isAnswered = try await drive(operation)
            return try withSession { try $0.takeRows(isAnswered: isAnswered) }
        }
    }

    /// Ends the statement whose rows are being read.
    ///
    /// - Throws: The server's error, unless the statement only reads outside a transaction: nobody misses anything then,
    ///   and a connection that is closed or lost says so by its condition.
    func closeCursor() async throws {
        let (isRunning, mayCancel) = withSession { session in
            (session.exchange != nil, session.mayCancelExchange)
        }
        if !isRunning { return }
        do {
            try await perform(isCancellable: false) { operation in
                try await stopExchange(operation, asking: mayCancel)
                _ = try withSession { try $0.finish() }
            }
        } catch  where mayCancel {}
    }
}

extension Session {
    /// To cancel it costs nobody anything: nothing is written, and no transaction fails.
    fileprivate var mayCancelExchange: Bool {
        guard let statement = exchange?.statement else { return false }
        return !isTransactionOpen && statement.traits.contains(.onlyReads) && !isInExplicitTransaction
    }

    fileprivate mutating func firstRows(isAnswered: Bool) throws -> (Columns, [SQLValue]) {
        if isAnswered {
            let ended = try finish()
            return (ended.columns ?? Columns(names: []), ended.values)
        }
        let columns = exchange?.columns ?? Columns(names: [])
        return (columns, try takeRows(isAnswered: false))
    }

    fileprivate mutating func takeRows(isAnswered: Bool) throws -> [SQLValue] {
        if isAnswered { return try finish().values }
        return exchange?.takeValues() ?? []
    }
}
