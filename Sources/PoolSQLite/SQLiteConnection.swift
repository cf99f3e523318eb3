@_spi(Driver) public import PoolCore
internal import PoolIO
internal import Synchronization

/// One connection to an SQLite database, as the pool and the common query interface use it.
public final class SQLiteConnection: SQLConnection {
    let role: LaneRole
    /// Nil if statements run on the caller's thread.
    private let thread: ConnectionThread?
    private let interrupter: Interrupter
    /// Never contended while the pool's rules are kept, but for a forced close.
    private let session: Mutex<Session>
    private let cacheLimit: StatementCacheCapacity
    /// What ``Session/condition`` was after the latest operation, so that a release needs no lock and no hop.
    private let latestCondition: Atomic<UInt8>

    /// Takes over a session, which nothing else may use.
    init(_ session: consuming sending Session, role: LaneRole, thread: ConnectionThread?, interrupter: Interrupter) {
        self.role = role
        self.thread = thread
        self.interrupter = interrupter
        cacheLimit = session.cacheLimit
        latestCondition = Atomic(Self.number(session.condition))
        self.session = Mutex(session)
    }

    deinit {
        // The pool closes each connection; this frees the thread of one that a test or a tool forgot.
        thread?.shutDown()
    }

    // MARK: DriverConnection

    public var condition: ConnectionCondition {
        switch latestCondition.load(ordering: .acquiring) {
        case 0: .clean
        case 1: .dirty
        default: .broken
        }
    }

    public var executor: (any TaskExecutor)? { thread }

    /// Only the statement moves: while the thread is awake, its result is there before the caller would have suspended.
    public var statementExecutor: (any TaskExecutor)? { nil }

    public var isTransactionOpen: Bool { session.withLock { $0.database.map { !$0.isAutocommit } ?? false } }

    // A call that goes on after a forced close has the session: nothing waits for it.
    public var failure: (any Error)? { session.withLockIfAvailable { $0.failure } ?? nil }

    public func setStatementCacheCapacity(_ capacity: Int?) { cacheLimit.set(capacity) }

    public func cancel() { interrupter.cancelRunning() }

    /// Refuses writes on a connection for everything, as a reader's handle does.
    public func setAccess(_ access: Access) {
        if role == .main { session.withLock { $0.isForReading = access == .readOnly } }
    }

    private static func number(_ condition: ConnectionCondition) -> UInt8 {
        switch condition {
        case .clean: 0
        case .dirty: 1
        case .broken, .generationBroken: 2
        }
    }

    // MARK: Operations

    /// Runs `body` with the session, on the connection's thread where it has one.
    ///
    /// `isCancellable` says whether a cancelled task stops it; what ends a transaction must run to its end.
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

    /// As ``perform(isCancellable:_:)``, where the caller is already in the right place and SQLite asks often enough
    /// whether to stop. Nothing tells it to then, because to ask to be told takes longer than to read a row.
    private func performHere<Result: Sendable>(_ body: @Sendable (inout Session) throws -> Result) throws -> Result {
        try Task.checkCancellation()
        let operation = interrupter.begin(.callsAndTask)
        defer { interrupter.end(operation) }
        return try withSession(body)
    }

    /// True if a statement can run on the thread that asks.
    private var isHere: Bool { thread.map(\.isCurrent) ?? true }

    private func withSession<Result: Sendable>(_ body: @Sendable (inout Session) throws -> Result) throws -> Result {
        try session.withLock { session in
            defer { latestCondition.store(Self.number(session.condition), ordering: .releasing) }
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

    /// What the caller is told when the operation was stopped from outside.
    private static func reason(for error: SQLiteError, _ signal: Interrupter.Signal) -> any Error {
        guard error.code.primary == .interrupt || error.code.primary == .busy else { return error }
        switch signal {
        case .none: return error
        case .taskCancelled: return CancellationError()
        case .connectionCancelled: return SQLiteError(.interrupt, "The pool interrupted the statement", sql: error.sql)
        case .closing:
            return SQLiteError(.interrupt, "The connection was closed while the statement ran", sql: error.sql)
        }
    }

    // MARK: For the driver

    func validate() async throws {
        try await perform { session in
            let database = try session.open()
            // A read of the first page shows a damaged or unreadable file.
            try database.run("SELECT count(*) FROM sqlite_master")
            if database.fileHasMoved { throw SQLiteError.fileHasGone(.inputOutput) }
        }
    }

    func reset() async throws {
        try await perform(isCancellable: false) { try $0.reset() }
    }

    func endTransaction() async throws {
        try await perform(isCancellable: false) { try $0.endLeftovers() }
    }

    /// What the session is like now counts as unchanged.
    func adoptSession() {
        session.withLock { session in
            // A kept statement would be run by later leases without being prepared, and so without being noticed.
            session.cache.removeAll()
            session.database?.watch.forgetSession()
            latestCondition.store(Self.number(session.condition), ordering: .releasing)
        }
    }

    func close(_ mode: CloseMode) async {
        if mode == .forced { interrupter.close() }
        let close: @Sendable () -> Void = {
            self.session.withLock { $0.close(optimize: mode == .orderly) }
            self.latestCondition.store(Self.number(.broken), ordering: .releasing)
        }
        if let thread {
            // Behind the call that may still be running. It cannot throw, as `close` does not.
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
    /// ``StatementResult/lastInsertedID`` is the rowid of the row that this statement inserted last, and so its
    /// `INTEGER PRIMARY KEY`, also where the statement names it. It is nil where the statement inserted no row with a
    /// rowid: an UPSERT that only updated, an `INSERT OR IGNORE` that ignored, a `WITHOUT ROWID` table, a view whose
    /// trigger inserts. What triggers insert does not count. See https://www.sqlite.org/c3ref/last_insert_rowid.html
    public func execute(_ sql: SQL) async throws -> StatementResult {
        let (text, binds) = try sql.rendered(in: .ansi)
        if isHere, let result = try performHere({ try $0.executeIfAsking(text, binds) }) { return result }
        return try await perform { try $0.execute(text, binds) }
    }

    public func query(_ sql: SQL) async throws -> Rows {
        let (text, binds) = try sql.rendered(in: .ansi)
        if isHere, let rows = try performHere({ try $0.queryIfAsking(text, binds) }) { return rows }
        return try await perform { try $0.query(text, binds) }
    }

    public func open(_ sql: SQL) async throws -> SQLiteCursor {
        let (text, binds) = try sql.rendered(in: .ansi)
        return SQLiteCursor(self, try await perform { try $0.openCursor(text, binds) })
    }

    /// Each run is a transaction of its own unless one is open: open one, for speed and to undo all if one fails.
    public func executeBatch(_ sql: SQL, _ bindSets: [[SQLValue]]) async throws -> [StatementResult] {
        let (text, _) = try sql.rendered(in: .ansi)
        return try await perform { try $0.executeBatch(text, bindSets) }
    }

    /// A statement that fails ends the script; those before it stay done unless a transaction is open.
    public func executeScript(_ script: String) async throws {
        try await perform { try $0.executeScript(script) }
    }

    public func prepare(_ sql: SQL) async throws -> StatementDescription {
        let (text, _) = try sql.rendered(in: .ansi)
        return try await perform { try $0.describe(text) }
    }

    public func transaction(_ command: TransactionCommand) async throws {
        switch command {
        case .begin, .savepoint:
            try await perform { try $0.run(command) }
        case .commit, .rollback, .releaseSavepoint, .rollbackToSavepoint:
            try await perform(isCancellable: false) { try $0.run(command) }
        }
    }
}
