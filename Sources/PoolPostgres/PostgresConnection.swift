internal import PoolIO
@_spi(Driver) public import PoolSQL
internal import Synchronization

/// One connection to a PostgreSQL server, as the pool and the common query interface use it.
public final class PostgresConnection: SQLConnection {
    let configuration: PostgresConfiguration
    let cacheLimit: StatementCacheCapacity
    /// The role that the session has taken on permanently.
    let role: String?
    let runtime: Runtime
    let loop: EventLoop
    let interrupter = Interrupter()
    /// Never contended while the pool's rules are kept, except by a forced close.
    private let session: Mutex<Session>
    let canceller = Mutex<StatementCanceller?>(nil)
    /// The ``Session/condition`` after the latest operation, so that a release needs no lock.
    private let latestCondition = Atomic(ConnectionCondition.broken)
    private let readingLease = Atomic<Bool>(false)
    private let lossAction = Mutex<(@Sendable () -> Void)?>(nil)

    init(_ configuration: PostgresConfiguration, role: String?, _ runtime: Runtime) throws {
        self.configuration = configuration
        self.role = role
        self.runtime = runtime
        loop = try runtime.loops().next()
        cacheLimit = StatementCacheCapacity(configuration.statementCacheCapacity)
        session = Mutex(Session(configuration, cacheLimit, runtime.demotions))
    }

    // MARK: DriverConnection

    /// The state after the latest operation, or that the connection was lost since. Read without the session's lock.
    public var condition: ConnectionCondition { latestCondition.load(ordering: .acquiring) }

    /// The error that broke the connection; nil if none did.
    public var failure: (any Error)? { withSession { $0.failure } }

    /// The connection's event loop, with ``SQLExecution/driver``; else nil.
    public var executor: (any TaskExecutor)? {
        configuration.execution == .driver ? loop : nil
    }

    /// True if the server's transaction status is not idle, whether the pool or a statement began the transaction.
    public var isTransactionOpen: Bool {
        withSession { session in session.link.map { $0.transactionStatus != .idle } ?? false }
    }

    /// Asks the server to stop the running operation, if it is cancellable; no effect if none runs.
    public func cancel() { interrupter.cancelRunning() }

    /// Notes whether the current lease only reads: by default its transactions then begin with `READ ONLY`.
    public func setAccess(_ access: PoolAccess) { readingLease.store(access == .readOnly, ordering: .relaxed) }

    /// True while the current lease only reads.
    var isForReading: Bool { readingLease.load(ordering: .relaxed) }

    /// Sets how many statements to keep prepared; nil means ``PostgresConfiguration/statementCacheCapacity``.
    public func setStatementCacheCapacity(_ capacity: Int?) { cacheLimit.set(capacity) }

    /// Sets the action for a loss that is found while no operation runs.
    public func onLoss(_ action: @escaping @Sendable () -> Void) {
        lossAction.withLock { $0 = action }
        // The connection may have been lost just before; the action is taken, and so called, once.
        if condition == .broken { reportLoss() }
    }

    /// Notes that the connection was lost while nothing ran.
    func noteLoss() {
        latestCondition.store(.broken, ordering: .releasing)
        reportLoss()
    }

    private func reportLoss() {
        lossAction.withLock { $0.take() }?()
    }

    // MARK: Operations

    func withSession<Value>(_ body: (inout Session) throws -> sending Value) rethrows -> sending Value {
        try session.withLock { try body(&$0) }
    }

    private func note(_ condition: ConnectionCondition) {
        latestCondition.store(condition, ordering: .releasing)
    }

    private func updateCondition() {
        note(session.withLock { $0.condition })
    }

    /// Runs `body` as the only operation of the connection.
    ///
    /// `isCancellable` says whether cancelling the task stops it; the end of a transaction must run to its end. Such
    /// an operation is given up when it takes longer than `timeoutFactor` times the cancel time-out after its task was
    /// cancelled.
    func perform<Value>(
        isCancellable: Bool = true, timeoutFactor: Int = 1, _ body: (Operation) async throws -> Value
    ) async throws -> Value {
        let operation = try interrupter.begin(isCancellable: isCancellable, timeoutFactor: timeoutFactor)
        defer {
            updateCondition()
            end(operation)
        }
        if isCancellable { try Task.checkCancellation() }
        return try await withCancellation(of: operation) { try await body(operation) }
    }

    /// Runs a statement as the only operation of the connection.
    ///
    /// Most statements are answered soon. They finish here, with few locks and without a cancellation handler, which
    /// would make the task switch executors four more times: a cancelled task waits for such an answer. All others
    /// continue on the slow path from their present state, which also stops the ones that were cancelled meanwhile.
    func perform(_ sql: SQL, dropsRows: Bool) async throws -> ExchangeResult {
        let operation = try interrupter.begin(isCancellable: true)
        var isConditionKnown = false
        defer {
            if !isConditionKnown { updateCondition() }
            end(operation)
        }
        try Task.checkCancellation()
        let (started, firstStep) = withSession { $0.startAtOnce(sql, dropsRows: dropsRows) }
        var step = firstStep
        while step == .waitForAnswer || step == .waitForRead {
            let outcome = await operation.watch.waitBriefly(
                for: .read, onlyNews: step == .waitForAnswer, reading: step == .waitForRead ? partReader : nil)
            if outcome != .ready { break }
            let result = withSession { session in
                step = session.step(hasInput: true)
                guard step == .finished, let result = session.finishAtOnce() else { return nil as ExchangeResult? }
                note(session.condition)
                return result
            }
            guard let result else { continue }
            if result.hasUnknownTypes {
                return try await withCancellation(of: operation) { try await read(result, operation) }
            }
            isConditionKnown = true
            return result
        }
        let request = try withSession { try $0.request(sql, dropsRows: dropsRows) }
        return try await withCancellation(of: operation) {
            try await run(request, operation, started: started)
        }
    }

    /// Reads the parts of a large result on the event loop, so that not every part wakes the task.
    var partReader: DescriptorWatch.PartReader { { self.withSession { $0.readPart() } } }

    private func end(_ operation: Operation) {
        interrupter.end(operation)
        // Handles input that arrived during the operation, and was not its answer.
        if operation.watch.hasNews { noteUnexpectedInput(operation.watch) }
    }

    private func withCancellation<Value>(
        of operation: Operation, _ body: () async throws -> Value
    ) async throws -> Value {
        try await withTaskCancellationHandler {
            do {
                return try await body()
            } catch let error as PostgresError {
                throw reason(for: error, operation)
            }
        } onCancel: {
            interrupter.cancel(operation)
        }
    }

    /// The error for the caller if the operation was stopped from outside.
    private func reason(for error: PostgresError, _ operation: Operation) -> any Error {
        switch interrupter.signal(for: operation) {
        case .none: return error
        case .taskCancelled:
            let isStopped = error.code == .queryCanceled || error.code.errorClass == "08"
            return isStopped && operation.isCancellable ? CancellationError() : error
        case .connectionCancelled: return error
        case .closing:
            // A caller that waits for a commit must know that it may have succeeded.
            if error.code == .transactionResolutionUnknown { return error }
            return PostgresError(connectionFailure: "the connection was closed while the statement ran")
        }
    }

    // MARK: Life

    /// How long a server may take to end a session. A slower one continues without a place in the pool.
    private static let farewellTimeout = Duration.seconds(1)

    /// Makes the session's present state count as clean; a later reset still undoes it.
    public func acceptSessionAsClean() {
        withSession { $0.adopt() }
        updateCondition()
    }

    /// Proves with an empty statement that the connection works.
    ///
    /// - Throws: ``PostgresError``, or `CancellationError`.
    public func validate() async throws {
        try await perform { operation in _ = try await command("", operation) }
    }

    /// Frees what a failed connect has opened.
    ///
    /// If libpq still blocks a helper thread, as for a name that does not resolve, that thread holds the session, and
    /// frees it with its reference to the connection, which is the last one.
    func abandonConnect() async {
        if session.withLockIfAvailable({ _ in true }) == true { return await close(.orderly) }
        interrupter.close()
        latestCondition.store(.broken, ordering: .releasing)
        interrupter.detach()?.close()
        _ = session.withLockIfAvailable { $0.close() }
    }

    /// Closes the connection: ends a running operation, and waits until none runs. With ``ConnectionCloseMode/orderly``
    /// it then waits up to a second until the server has ended the session.
    public func close(_ mode: ConnectionCloseMode) async {
        lossAction.withLock { $0 = nil }
        interrupter.close()
        await interrupter.waitUntilIdle()
        latestCondition.store(.broken, ordering: .releasing)
        let attached = interrupter.detach()
        let (socket, isActive) = withSession { ($0.link?.socket ?? -1, $0.link?.transactionStatus == .active) }
        let watch = attached ?? (socket < 0 ? nil : try? loop.watch(socket))
        // Without a request the server would continue the statement, and notice the lost client only at its end.
        if isActive, let canceller = canceller.withLock({ $0 }) {
            _ = canceller.send(until: .now + configuration.cancelTimeout) { _ in }
        }
        withSession { $0.close() }
        canceller.withLock { $0 = nil }
        // The pool opens the next connection when this one's place is free: by then the server's process should be
        // gone.
        if mode == .orderly { _ = await watch?.finish(until: .now + Self.farewellTimeout) }
        watch?.close()
    }
}
