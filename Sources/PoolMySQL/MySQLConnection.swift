internal import PoolIO
@_spi(Driver) public import PoolSQL
internal import Synchronization

/// One connection to a MariaDB or MySQL server, as the pool and the common query interface use it.
public final class MySQLConnection: SQLConnection {
    private let configuration: MySQLConfiguration
    private let thread: BlockingThreads.Reservation
    private let interrupter: Interrupter
    /// Stops the statements that run on the connection's server.
    let canceller: StatementCanceller
    private let cacheLimit: StatementCacheCapacity
    /// Never contended while the pool's rules are kept, except by a forced close.
    private let session: Mutex<Session>
    private let liveness: Liveness
    /// True while the current lease only reads.
    private let isForReading = Atomic<Bool>(false)

    /// Takes over a session, which nothing else may use.
    init(
        _ session: consuming sending Session, _ configuration: MySQLConfiguration,
        _ thread: BlockingThreads.Reservation, _ interrupter: Interrupter, _ canceller: StatementCanceller
    ) {
        self.configuration = configuration
        self.thread = thread
        self.interrupter = interrupter
        self.canceller = canceller
        cacheLimit = session.cacheLimit
        liveness = Liveness(session.condition, idleLimit: session.idleLimit, interrupter)
        self.session = Mutex(session)
    }

    deinit {
        // The pool closes each connection; this frees the thread of one that a test or a tool forgot. Without a
        // goodbye, because waiting for the server would block the code that drops the last reference.
        interrupter.shutDown()
        liveness.end()
    }

    // MARK: DriverConnection

    /// The state after the latest operation, or that the connection is lost or about to be ended by the server. Read
    /// without the session's lock.
    public var condition: ConnectionCondition { liveness.condition }

    /// Sets the action for a loss that is found while no operation runs; an idle connection is checked about once a
    /// second.
    public func onLoss(_ action: @escaping @Sendable () -> Void) { liveness.watch(action) }

    /// Notes whether the current lease only reads: by default its transactions then begin with `READ ONLY`.
    public func setAccess(_ access: PoolAccess) { isForReading.store(access == .readOnly, ordering: .relaxed) }

    /// Sets how many prepared statements to keep; nil means ``MySQLConfiguration/statementCacheCapacity``.
    public func setStatementCacheCapacity(_ capacity: Int?) { cacheLimit.set(capacity) }

    /// The driver's threads, with ``SQLExecution/driver`` and a caller that is not on one; else nil.
    public var executor: (any TaskExecutor)? {
        // A caller that already runs on the driver's threads needs no hop.
        configuration.execution == .driver && !isHere ? thread.threads : nil
    }

    /// True if a transaction is open: the pool's, or one that the server's latest answer reports.
    public var isTransactionOpen: Bool { session.withLock { $0.isInTransaction } }

    // Does not wait for a call that continues after a forced close and still holds the session.
    /// The error that broke the connection; nil if none did, or while an operation holds the session.
    public var failure: (any Error)? { session.withLockIfAvailable { $0.failure } ?? nil }

    /// Stops the running operation with a `KILL QUERY`; no effect if none runs.
    public func cancel() { _ = interrupter.cancelRunning() }

    // MARK: Operations

    /// Runs `body` with the session, on one of the driver's threads.
    ///
    /// `isCancellable` says whether cancelling the task stops it; the end of a transaction must run to its end.
    func perform<Result: Sendable>(
        isCancellable: Bool = true, _ body: @escaping @Sendable (inout Session) throws -> Result
    ) async throws -> Result {
        if isHere { return try await performHere(isCancellable: isCancellable, body) }
        let operation = interrupter.begin(isCancellable: isCancellable)
        defer { interrupter.end(operation) }
        return try await withTaskCancellationHandler {
            if isCancellable { try Task.checkCancellation() }
            return try await thread.threads.run { try self.withSession(body) }
        } onCancel: {
            interrupter.cancel(operation)
        }
    }

    /// Runs ``perform(isCancellable:_:)`` for a caller that is on the right thread already. Its closure needs no
    /// allocation.
    private func performHere<Result: Sendable>(
        isCancellable: Bool = true, _ body: @Sendable (inout Session) throws -> Result
    ) async throws -> Result {
        let operation = interrupter.begin(isCancellable: isCancellable)
        defer { interrupter.end(operation) }
        return try await withTaskCancellationHandler {
            // If the task was cancelled before, the handler has been called by now.
            try withSession(body)
        } onCancel: {
            interrupter.cancel(operation)
        }
    }

    /// Runs a command that is no statement of a lease, and notes its failure in the session.
    private func performOwn(
        isCancellable: Bool = false, _ body: @escaping @Sendable (inout Session) throws -> Void
    ) async throws {
        try await perform(isCancellable: isCancellable) { session in
            do {
                try body(&session)
            } catch {
                throw session.noteFailure(error, .keepsSession, nil)
            }
        }
    }

    private func withSession<Result: Sendable>(_ body: @Sendable (inout Session) throws -> Result) throws -> Result {
        try session.withLock { session in
            defer { liveness.note(session.condition, isStreaming: session.cursor != nil) }
            let earlier = interrupter.start()
            if earlier != .none { throw Self.reason(for: Self.interrupted, earlier, hasBegun: false) }
            let outcome: Swift.Result<Result, any Error>
            do {
                outcome = .success(try body(&session))
            } catch {
                outcome = .failure(error)
            }
            session.settle(interrupter.finish())
            session.requireNothingLeft()
            switch outcome {
            case .success(let result): return result
            case .failure(let error): throw Self.reason(for: error, interrupter.signal)
            }
        }
    }

    private static let interrupted = MySQLError.local(.queryInterrupted, "The statement was interrupted")

    /// The error for the caller if the operation was stopped from outside.
    private static func reason(
        for error: any Error, _ signal: OperationSignal, hasBegun: Bool = true
    ) -> any Error {
        guard let error = error as? MySQLError, error.code == .queryInterrupted || error.code.breaksConnection else {
            return error
        }
        switch signal {
        case .none: return error
        case .taskCancelled: return CancellationError()
        case .connectionCancelled: return error
        case .closing:
            if !hasBegun { return MySQLError.closed }
            // Both SQLSTATEs say already whether anything may have had an effect.
            if [MySQLError.unknownOutcome, MySQLError.closed.sqlState].contains(error.sqlState) { return error }
            return MySQLError(.serverLost, sqlState: "08006", "The connection was closed while the statement ran")
        }
    }

    // MARK: Life

    /// Proves with a ping that the connection works.
    ///
    /// - Throws: ``MySQLError``, or `CancellationError`.
    public func validate() async throws {
        try await performOwn(isCancellable: true) { try $0.open().ping() }
    }

    /// Undoes what the last lease left, as ``MySQLConfiguration/resetPolicy`` says.
    ///
    /// - Throws: ``MySQLError``, also if only a new connection can undo a change.
    public func reset() async throws {
        let liveness = liveness
        try await performOwn { session in
            try session.reset()
            liveness.note(idleLimit: session.idleLimit)
        }
    }

    /// Rolls back an open transaction and closes an open stream; keeps settings and temporary tables.
    ///
    /// - Throws: ``MySQLError``.
    public func endUnfinishedWork() async throws {
        try await performOwn { try $0.rollback() }
    }

    /// Makes the session's present state count as clean; a later reset still undoes it.
    public func acceptSessionAsClean() {
        session.withLock { session in
            session.adopt()
            liveness.note(idleLimit: session.idleLimit)
            liveness.note(session.condition, isStreaming: session.cursor != nil)
        }
    }

    /// How long a forced close waits for a call of the C library that continues although its socket is shut down.
    static let stuckCallLimit = Duration.seconds(3)

    /// Closes the connection after the running operation, for which no thread waits. With
    /// ``ConnectionCloseMode/forced`` it interrupts that operation, and returns after three seconds at the latest: what
    /// a stuck call then holds is freed when the call returns.
    public func close(_ mode: ConnectionCloseMode) async {
        if mode == .forced { interrupter.close() }
        liveness.end()
        let end = OneShot<Void>()
        interrupter.afterOperation {
            Task.detached { end.give(await self.closeSession()) }
        }
        switch mode {
        case .forced: await end.value(orAfter: Self.stuckCallLimit, ())
        case .orderly: await end.value()
        }
        canceller.noteClose()
    }

    private func closeSession() async {
        // Cannot throw, because the closure does not.
        try? await thread.threads.run {
            self.session.withLock { $0.close() }
            self.liveness.end()
            self.interrupter.attach(nil)
        }
    }
}

// MARK: - The common query interface

extension SQLDialect {
    /// The dialect of MariaDB and MySQL: `?` as the placeholder, and backticks around names.
    public static let mysql = SQLDialect(placeholder: .questionMark, identifierQuote: "`")
}

extension MySQLConnection {
    /// True if a statement can run on the caller's thread.
    private var isHere: Bool { thread.threads.isCurrent }

    /// Runs one statement and drops the rows that it returns.
    ///
    /// - Throws: ``MySQLError``, ``SQLStatementError``, or `CancellationError`.
    public func execute(_ sql: SQL) async throws -> SQLStatementResult {
        let (text, binds) = try sql.rendered(in: .mysql)
        if isHere { return try await performHere { try $0.execute(text, binds) } }
        return try await perform { try $0.execute(text, binds) }
    }

    /// Runs one statement and collects the rows of its first result that has any.
    ///
    /// - Throws: ``MySQLError``, ``SQLStatementError``, ``SQLResultLimitError``, or `CancellationError`.
    public func query(_ sql: SQL) async throws -> SQLRows {
        let (text, binds) = try sql.rendered(in: .mysql)
        if isHere { return try await performHere { try $0.query(text, binds) } }
        return try await perform { try $0.query(text, binds) }
    }

    /// Runs one statement whose rows arrive as they are taken. If a stream is closed early, a `SELECT` with many rows
    /// left is stopped on the server; otherwise the rest is read and dropped.
    ///
    /// - Throws: ``MySQLError``, ``SQLStatementError``, or `CancellationError`.
    public func open(_ sql: SQL) async throws -> MySQLCursor {
        let (text, binds) = try sql.rendered(in: .mysql)
        let opened = try await perform { try $0.openCursor(text, binds) }
        return MySQLCursor(self, opened)
    }

    /// Runs one statement once for each set of bind values, and stops at the first failure.
    ///
    /// If the server has bulk execution, plain inserts are sent together, and their results have no
    /// ``SQLStatementResult/lastInsertedID``, because the server reports only one.
    ///
    /// - Throws: ``MySQLError``, ``SQLStatementError``, or `CancellationError`.
    public func executeBatch(_ sql: SQL, _ bindSets: [[SQLValue]]) async throws -> [SQLStatementResult] {
        let (text, _) = try sql.rendered(in: .mysql)
        if bindSets.isEmpty { return [] }
        return try await perform { try $0.executeBatch(text, bindSets) }
    }

    /// Runs statements separated by semicolons, without bind values.
    ///
    /// A statement that fails ends the script; earlier ones stay done unless a transaction is open. `DELIMITER` is a
    /// command of the `mariadb` program, and unknown here: the server itself finds the end of a compound statement.
    /// An empty statement, as between `;;`, is an error in the middle of a script.
    ///
    /// - Throws: ``MySQLError``, or `CancellationError`.
    public func executeScript(_ script: String) async throws {
        try await perform { try $0.executeScript(script) }
    }

    /// Prepares a statement on the server, so that its errors show now, and describes its parameters and columns.
    ///
    /// - Throws: ``MySQLError``, ``SQLStatementError``, or `CancellationError`.
    public func prepare(_ sql: SQL) async throws -> SQLStatementDescription {
        let (text, _) = try sql.rendered(in: .mysql)
        return try await perform { try $0.describe(text) }
    }

    /// Begins, ends or marks a transaction. Without an access in its options, a transaction only reads if its lease
    /// does.
    ///
    /// - Throws: ``MySQLError``, with the SQLSTATE `08007` if the outcome of a commit is unknown; `CancellationError`.
    public func transaction(_ command: SQLTransactionCommand) async throws {
        var command = command
        if case .begin(var options) = command, options.access == nil, isForReading.load(ordering: .relaxed) {
            options.access = .readOnly
            command = .begin(options)
        }
        try await perform(isCancellable: command.isCancellable) { [command] in try $0.run(command) }
    }

    func queryAll(_ sql: SQL) async throws -> [MySQLResultSet] {
        let (text, binds) = try sql.rendered(in: .mysql)
        return try await perform { try $0.queryAll(text, binds) }
    }

    func warnings() async throws -> [MySQLWarning] {
        try await perform { session in try session.warnings(session.ready()) }
    }

    func changeUser(_ login: Login) async throws {
        try await performOwn { try $0.changeUser(login) }
    }
}
