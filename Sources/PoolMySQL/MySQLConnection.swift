@_spi(Driver) public import PoolCore
internal import PoolIO
internal import Synchronization

/// One connection to a MariaDB or MySQL server, as the pool and the common query interface use it.
public final class MySQLConnection: SQLConnection {
    private let configuration: MySQLConfiguration
    private let thread: BlockingThreads.Reservation
    private let interrupter: Interrupter
    /// Stops what runs on the connection's server.
    let killer: Killer
    private let cacheLimit: StatementCacheCapacity
    /// Never contended while the pool's rules are kept, but for a forced close.
    private let session: Mutex<Session>
    private let pulse: Pulse
    /// True while the lease is one that only reads.
    private let isForReading = Atomic<Bool>(false)

    /// Takes over a session, which nothing else may use.
    init(
        _ session: consuming sending Session, _ configuration: MySQLConfiguration,
        _ thread: BlockingThreads.Reservation, _ interrupter: Interrupter, _ killer: Killer
    ) {
        self.configuration = configuration
        self.thread = thread
        self.interrupter = interrupter
        self.killer = killer
        cacheLimit = session.cacheLimit
        pulse = Pulse(session.condition, idleLimit: session.idleLimit, interrupter)
        self.session = Mutex(session)
    }

    deinit {
        // The pool closes each connection; this frees the thread of one that a test or a tool forgot, and says no
        // goodbye, for which whoever lets go of it last would have to wait.
        interrupter.shutDown()
        pulse.end()
    }

    // MARK: DriverConnection

    public var condition: ConnectionCondition { pulse.condition }

    public func onLoss(_ action: @escaping @Sendable () -> Void) { pulse.watch(action) }

    public func setAccess(_ access: Access) { isForReading.store(access == .readOnly, ordering: .relaxed) }

    public func setStatementCacheCapacity(_ capacity: Int?) { cacheLimit.set(capacity) }

    public var executor: (any TaskExecutor)? {
        // Who is there already stays.
        configuration.execution == .driverThreads && !isHere ? thread.threads : nil
    }

    public var isTransactionOpen: Bool { session.withLock { $0.isInTransaction } }

    // A call that goes on after a forced close has the session: nothing waits for it.
    public var failure: (any Error)? { session.withLockIfAvailable { $0.failure } ?? nil }

    public func cancel() { _ = interrupter.cancelRunning() }

    // MARK: Operations

    /// Runs `body` with the session, on one of the driver's threads.
    ///
    /// `isCancellable` says whether a cancelled task stops it; what ends a transaction must run to its end.
    func perform<Result: Sendable>(
        isCancellable: Bool = true, _ body: @escaping @Sendable (inout Session) throws -> Result
    ) async throws -> Result {
        if isHere { return try await performHere(isCancellable: isCancellable, body) }
        let operation = interrupter.begin(cancellable: isCancellable)
        defer { interrupter.end(operation) }
        return try await withTaskCancellationHandler {
            if isCancellable { try Task.checkCancellation() }
            return try await thread.threads.run { try self.withSession(body) }
        } onCancel: {
            interrupter.cancel(operation)
        }
    }

    /// ``perform(isCancellable:_:)`` where the caller is already in the right place. Its closure needs no allocation.
    private func performHere<Result: Sendable>(
        isCancellable: Bool = true, _ body: @Sendable (inout Session) throws -> Result
    ) async throws -> Result {
        let operation = interrupter.begin(cancellable: isCancellable)
        defer { interrupter.end(operation) }
        return try await withTaskCancellationHandler {
            // A task that was cancelled before has called the handler by now.
            try withSession(body)
        } onCancel: {
            interrupter.cancel(operation)
        }
    }

    private func withSession<Result: Sendable>(_ body: @Sendable (inout Session) throws -> Result) throws -> Result {
        try session.withLock { session in
            defer { pulse.note(session.condition, isStreaming: session.cursor != nil) }
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

    /// What the caller is told when the operation was stopped from outside.
    private static func reason(
        for error: any Error, _ signal: Interrupter.Signal, hasBegun: Bool = true
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
            // These say already whether anything may have had an effect.
            if [MySQLError.unknownOutcome, MySQLError.closed.sqlState].contains(error.sqlState) { return error }
            return MySQLError(.serverLost, sqlState: "08006", "The connection was closed while the statement ran")
        }
    }

    // MARK: For the driver

    func validate() async throws {
        try await perform { session in
            do {
                try session.open().ping()
            } catch {
                throw session.noteFailure(error, .keepsSession, nil)
            }
        }
    }

    func reset() async throws {
        let pulse = pulse
        try await perform(isCancellable: false) { session in
            do {
                try session.reset()
                pulse.note(idleLimit: session.idleLimit)
            } catch {
                throw session.noteFailure(error, .keepsSession, nil)
            }
        }
    }

    func endTransaction() async throws {
        try await perform(isCancellable: false) { session in
            do {
                try session.rollback()
            } catch {
                throw session.noteFailure(error, .keepsSession, nil)
            }
        }
    }

    /// What the session is like now counts as unchanged.
    func adoptSession() {
        session.withLock { session in
            session.adopt()
            pulse.note(idleLimit: session.idleLimit)
            pulse.note(session.condition, isStreaming: session.cursor != nil)
        }
    }

    /// How long a close by force waits for a call of the C library that goes on although its socket is shut down.
    static let patience = Duration.seconds(3)

    /// Behind the operation that may still be running, for which no thread waits. By force it returns after
    /// ``patience`` at the latest: what a call that is stuck then holds is freed when it returns.
    func close(_ mode: CloseMode) async {
        if mode == .forced { interrupter.close() }
        pulse.end()
        let end = FirstResult<Void>()
        interrupter.afterOperation {
            Task.detached { end.settle(await self.closeSession()) }
        }
        await end.value(orAfter: mode == .forced ? Self.patience : nil, ())
    }

    private func closeSession() async {
        // It cannot throw, as what runs does not.
        try? await thread.threads.run {
            self.session.withLock { $0.close() }
            self.pulse.end()
            self.interrupter.attach(nil)
        }
    }
}

// MARK: - The common query interface

extension SQLDialect {
    /// `?` and a backtick.
    public static let mysql = SQLDialect(placeholder: .questionMark, identifierQuote: "`")
}

extension MySQLConnection {
    /// True if a statement can run on the thread that asks.
    private var isHere: Bool { thread.threads.isCurrent }

    public func execute(_ sql: SQL) async throws -> StatementResult {
        let (text, binds) = try sql.rendered(in: .mysql)
        if isHere { return try await performHere { try $0.execute(text, binds) } }
        return try await perform { try $0.execute(text, binds) }
    }

    public func query(_ sql: SQL) async throws -> Rows {
        let (text, binds) = try sql.rendered(in: .mysql)
        if isHere { return try await performHere { try $0.query(text, binds) } }
        return try await perform { try $0.query(text, binds) }
    }

    /// The rows come as they are taken. A stream that is closed early ends a `SELECT` on the server where many rows are
    /// left, and otherwise reads the rest.
    public func open(_ sql: SQL) async throws -> MySQLCursor {
        let (text, binds) = try sql.rendered(in: .mysql)
        let opened = try await perform { try $0.openCursor(text, binds) }
        return MySQLCursor(self, opened)
    }

    /// Where the server has bulk execution, plain inserts go to it together, and their results have no
    /// ``StatementResult/lastInsertedID``: the server tells only one.
    public func executeBatch(_ sql: SQL, _ bindSets: [[SQLValue]]) async throws -> [StatementResult] {
        let (text, _) = try sql.rendered(in: .mysql)
        if bindSets.isEmpty { return [] }
        return try await perform { try $0.executeBatch(text, bindSets) }
    }

    /// A statement that fails ends the script; those before it stay done unless a transaction is open. `DELIMITER` is a
    /// command of the `mariadb` program, and not known here: the server itself finds the end of a compound statement. A
    /// statement of nothing, as between `;;`, is an error in the middle of a script.
    public func executeScript(_ script: String) async throws {
        try await perform { try $0.executeScript(script) }
    }

    public func prepare(_ sql: SQL) async throws -> StatementDescription {
        let (text, _) = try sql.rendered(in: .mysql)
        return try await perform { try $0.describe(text) }
    }

    /// A transaction that is not told otherwise does what its lease was acquired for: that of a lease that reads only
    /// reads.
    public func transaction(_ command: TransactionCommand) async throws {
        switch command {
        case .begin(var options):
            if options.access == nil, isForReading.load(ordering: .relaxed) { options.access = .readOnly }
            let options = options
            try await perform { try $0.run(.begin(options)) }
        case .savepoint:
            try await perform { try $0.run(command) }
        case .commit, .rollback, .releaseSavepoint, .rollbackToSavepoint:
            try await perform(isCancellable: false) { try $0.run(command) }
        }
    }

    func queryAll(_ sql: SQL) async throws -> [MySQLResultSet] {
        let (text, binds) = try sql.rendered(in: .mysql)
        return try await perform { try $0.queryAll(text, binds) }
    }

    func warnings() async throws -> [MySQLWarning] {
        try await perform { session in try session.warnings(session.ready()) }
    }

    func changeUser(_ login: Login) async throws {
        try await perform(isCancellable: false) { session in
            do {
                try session.changeUser(login)
            } catch {
                throw session.noteFailure(error, .keepsSession, nil)
            }
        }
    }
}
