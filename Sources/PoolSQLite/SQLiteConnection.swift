internal import PoolIO
@_spi(Driver) public import PoolSQL
internal import Synchronization

/// One connection to an SQLite database, as the pool and the common query interface use it.
public final class SQLiteConnection: SQLConnection {
    let role: LaneRole
    /// The connection's thread; nil if statements run on the caller's thread.
    private let thread: ConnectionThread?
    private let interrupter: Interrupter
    /// Never contended while the pool's rules are kept, except by a forced close.
    private let session: Mutex<Session>
    private let cacheLimit: StatementCacheCapacity
    /// The ``Session/condition`` after the latest operation, so that a release needs no lock and no hop.
    private let latestCondition: Atomic<ConnectionCondition>

    /// Takes over a session, which nothing else may use.
    init(_ session: consuming sending Session, role: LaneRole, thread: ConnectionThread?, interrupter: Interrupter) {
        self.role = role
        self.thread = thread
        self.interrupter = interrupter
        cacheLimit = session.cacheLimit
        latestCondition = Atomic(session.condition)
        self.session = Mutex(session)
    }

    deinit {
        // The pool closes each connection; this frees the thread of one that a test or a tool forgot.
        thread?.shutDown()
    }

    // MARK: DriverConnection

    /// The state after the latest operation, read without the session's lock.
    public var condition: ConnectionCondition { latestCondition.load(ordering: .acquiring) }

    /// The connection's thread, with ``SQLExecution/driver``; else nil.
    public var executor: (any TaskExecutor)? { thread }

    /// Returns nil: only the statement moves. While the thread is awake, the result is there before the caller
    /// suspends.
    public var statementExecutor: (any TaskExecutor)? { nil }

    /// True if a transaction is open, whether the pool or a statement began it.
    public var isTransactionOpen: Bool { session.withLock { $0.database.map { !$0.isAutocommit } ?? false } }

    // Does not wait for a call that continues after a forced close and still holds the session.
    /// The error that broke the connection; nil if none did, or while an operation holds the session.
    public var failure: (any Error)? { session.withLockIfAvailable { $0.failure } ?? nil }

    /// Sets how many prepared statements to keep; nil means ``SQLiteConfiguration/statementCacheCapacity``.
    public func setStatementCacheCapacity(_ capacity: Int?) { cacheLimit.set(capacity) }

    /// Interrupts the running operation, if it is cancellable; no effect if none runs.
    public func cancel() { interrupter.cancelRunning() }

    /// Makes a connection that serves both kinds of access refuse writes during a lease that only reads, like a
    /// reader's handle.
    public func setAccess(_ access: PoolAccess) {
        if role == .main { session.withLock { $0.isForReading = access == .readOnly } }
    }

    // MARK: Operations

    /// Runs `body` with the session, on the connection's thread if it has one.
    ///
    /// `isCancellable` says whether cancelling the task stops it; the end of a transaction must run to its end.
    func perform<Result: Sendable>(
        isCancellable: Bool = true, _ body: @escaping @Sendable (inout Session) throws -> Result
    ) async throws -> Result {
        let operation = interrupter.begin(isCancellable ? .calls : .nothing)
        defer { interrupter.end(operation) }
        return try await withTaskCancellationHandler {
            if isCancellable { try Task.checkCancellation() }
            guard let thread, !thread.isCurrent else { return try withSession(body) }
            return try await thread.run { try self.withSession(body) }
        } onCancel: {
            interrupter.cancel(operation)
        }
    }

    /// Runs `body` for a caller that is on the right thread already, if SQLite polls the task's cancellation often
    /// enough. No cancellation handler is installed, because that takes longer than reading a row.
    private func performHere<Result: Sendable>(_ body: @Sendable (inout Session) throws -> Result) throws -> Result {
        try Task.checkCancellation()
        let operation = interrupter.begin(.callsAndTask)
        defer { interrupter.end(operation) }
        return try withSession(body)
    }

    /// True if a statement can run on the caller's thread.
    private var isHere: Bool { thread.map(\.isCurrent) ?? true }

    private func withSession<Result: Sendable>(_ body: @Sendable (inout Session) throws -> Result) throws -> Result {
        try session.withLock { session in
            defer { latestCondition.store(session.condition, ordering: .releasing) }
            do {
                return try body(&session)
            } catch let error as SQLiteError {
                if error.code.breaksConnection {
                    session.isBroken = true
                    session.failure = session.failure ?? error
                }
                throw Self.reason(for: error, interrupter.signal)
            } catch let failure as BackupFailure {
                throw Self.reason(for: failure.cause, interrupter.signal)
            }
        }
    }

    /// The error for the caller if the operation was stopped from outside.
    private static func reason(for error: SQLiteError, _ signal: OperationSignal) -> any Error {
        guard error.code.primary == .interrupt || error.code.primary == .busy else { return error }
        switch signal {
        case .none: return error
        case .taskCancelled: return CancellationError()
        case .connectionCancelled: return SQLiteError(.interrupt, "The pool interrupted the statement", sql: error.sql)
        case .closing:
            return SQLiteError(.interrupt, "The connection was closed while the statement ran", sql: error.sql)
        }
    }

    // MARK: Life

    /// Proves by reading the file's first page that the connection works, and that the file was not moved or
    /// replaced.
    ///
    /// - Throws: ``SQLiteError``, or `CancellationError`.
    public func validate() async throws {
        try await perform { session in
            let database = try session.open()
            // Reading the first page reveals a damaged or unreadable file.
            try database.run("SELECT count(*) FROM sqlite_master")
            if database.fileHasMoved { throw SQLiteError.fileHasGone(.inputOutput) }
        }
    }

    /// Undoes what the last lease changed, if it changed the session.
    ///
    /// - Throws: ``SQLiteError``, also if only a new connection can undo a change.
    public func reset() async throws {
        try await perform(isCancellable: false) { try $0.reset() }
    }

    /// Rolls back an open transaction, and ends open cursors, blobs and backups; keeps settings and temporary tables.
    ///
    /// - Throws: ``SQLiteError``.
    public func endUnfinishedWork() async throws {
        try await perform(isCancellable: false) { try $0.endLeftovers() }
    }

    /// Makes the session's present state count as clean.
    public func acceptSessionAsClean() {
        session.withLock { session in
            // A cached statement would run in later leases without being prepared, and so without being noticed.
            session.cache.removeAll()
            session.adopt()
            latestCondition.store(session.condition, ordering: .releasing)
        }
    }

    /// Closes the connection after its running operation, which ``ConnectionCloseMode/forced`` interrupts.
    public func close(_ mode: ConnectionCloseMode) async {
        if mode == .forced { interrupter.close() }
        let close: @Sendable () -> Void = {
            self.session.withLock { $0.close(optimize: mode == .orderly) }
            self.latestCondition.store(.broken, ordering: .releasing)
        }
        if let thread {
            // Queued behind a call that may still be running. Cannot throw, because `close` does not.
            try? await thread.run(close)
            thread.shutDown()
        } else {
            close()
        }
    }
}

// MARK: - The common query interface

extension SQLiteConnection {
    /// Runs one statement and drops the rows that it returns.
    ///
    /// The result's ``SQLStatementResult/lastInsertedID`` is the rowid of the row that this statement inserted last,
    /// and so its `INTEGER PRIMARY KEY`, even if the statement names that value. Nil if the statement inserted no row
    /// with a rowid: an UPSERT that only updated, an `INSERT OR IGNORE` that ignored, a `WITHOUT ROWID` table, a view
    /// whose trigger inserts. Rows that triggers insert do not count. See
    /// https://www.sqlite.org/c3ref/last_insert_rowid.html
    ///
    /// - Throws: ``SQLiteError``, ``SQLStatementError``, or `CancellationError`.
    public func execute(_ sql: SQL) async throws -> SQLStatementResult {
        let (text, binds) = try sql.rendered(in: .ansi)
        if isHere, let result = try performHere({ try $0.executeIfAsking(text, binds) }) { return result }
        return try await perform { try $0.execute(text, binds) }
    }

    /// Runs one statement and collects all its rows.
    ///
    /// - Throws: ``SQLiteError``, ``SQLStatementError``, ``SQLResultLimitError``, or `CancellationError`.
    public func query(_ sql: SQL) async throws -> SQLRows {
        let (text, binds) = try sql.rendered(in: .ansi)
        if isHere, let rows = try performHere({ try $0.queryIfAsking(text, binds) }) { return rows }
        return try await perform { try $0.query(text, binds) }
    }

    /// Runs one statement whose rows are read as they are taken.
    ///
    /// - Throws: ``SQLiteError``, ``SQLStatementError``, or `CancellationError`.
    public func open(_ sql: SQL) async throws -> SQLiteCursor {
        let (text, binds) = try sql.rendered(in: .ansi)
        return SQLiteCursor(self, try await perform { try $0.openCursor(text, binds) })
    }

    /// Runs one statement once for each set of bind values. Each run is a transaction of its own unless one is open:
    /// open one, for speed and to undo all runs if one fails.
    ///
    /// - Throws: ``SQLiteError``, ``SQLStatementError``, or `CancellationError`.
    public func executeBatch(_ sql: SQL, _ bindSets: [[SQLValue]]) async throws -> [SQLStatementResult] {
        let (text, _) = try sql.rendered(in: .ansi)
        return try await perform { try $0.executeBatch(text, bindSets) }
    }

    /// Runs statements separated by semicolons, without bind values. A statement that fails ends the script; earlier
    /// ones stay done unless a transaction is open.
    ///
    /// - Throws: ``SQLiteError``, or `CancellationError`.
    public func executeScript(_ script: String) async throws {
        try await perform { try $0.executeScript(script) }
    }

    /// Prepares a statement, so that its errors show now, and describes its parameters and columns.
    ///
    /// - Throws: ``SQLiteError``, ``SQLStatementError``, or `CancellationError`.
    public func prepare(_ sql: SQL) async throws -> SQLStatementDescription {
        let (text, _) = try sql.rendered(in: .ansi)
        return try await perform { try $0.describe(text) }
    }

    /// Begins, ends or marks a transaction. The commands that end one are not cancellable.
    ///
    /// - Throws: ``SQLiteError``, or `CancellationError`.
    public func transaction(_ command: SQLTransactionCommand) async throws {
        try await perform(isCancellable: command.isCancellable) { try $0.run(command) }
    }
}
