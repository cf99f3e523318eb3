public import PoolCore
internal import PoolIO
internal import Synchronization

/// One connection to a PostgreSQL server, as the pool and the common query interface use it.
public final class PostgresConnection: SQLConnection {
    let configuration: PostgresConfiguration
    private let runtime: Runtime
    private let loop: EventLoop
    let gate = OperationGate()
    /// Never contended while the pool's rules are kept, but for a forced close.
    private let session: Mutex<Session>
    private let canceller = Mutex<Canceller?>(nil)
    /// What ``Session/condition`` was after the latest operation, so that a release needs no lock.
    private let latestCondition = Atomic<UInt8>(2)
    private let lossAction = Mutex<(@Sendable () -> Void)?>(nil)

    init(_ configuration: PostgresConfiguration, _ runtime: Runtime) throws {
        self.configuration = configuration
        self.runtime = runtime
        loop = try runtime.loop()
        session = Mutex(Session(configuration))
    }

    // MARK: DriverConnection

    public var condition: ConnectionCondition {
        switch latestCondition.load(ordering: .acquiring) {
        case 0: .clean
        case 1: .dirty
        case 3: .generationBroken
        default: .broken
        }
    }

    public var executor: (any TaskExecutor)? {
        configuration.execution == .eventLoop ? loop : nil
    }

    public func cancel() { gate.cancelRunning() }

    public func onLoss(_ action: @escaping @Sendable () -> Void) {
        lossAction.withLock { $0 = action }
        // Whoever takes it calls it: the connection may have been lost just before.
        if condition == .broken { reportLoss() }
    }

    private func reportLoss() {
        lossAction.withLock { $0.take() }?()
    }

    // MARK: Operations

    func withSession<Value>(_ body: (inout Session) throws -> sending Value) rethrows -> sending Value {
        try session.withLock { try body(&$0) }
    }

    private func updateCondition() {
        let condition: UInt8 =
            switch session.withLock({ $0.condition }) {
            case .clean: 0
            case .dirty: 1
            case .broken: 2
            case .generationBroken: 3
            }
        latestCondition.store(condition, ordering: .releasing)
    }

    /// Runs `body` as the only operation of the connection.
    ///
    /// `isCancellable` says whether a cancelled task stops it; what ends a transaction must run to its end.
    func perform<Value>(
        isCancellable: Bool = true, _ body: (Operation) async throws -> Value
    ) async throws -> Value {
        let operation = try gate.begin(cancellable: isCancellable)
        defer {
            updateCondition()
            gate.end(operation)
            // What came while it ran, and was not for it.
            if operation.watch.hasNews { noteUnexpectedInput(operation.watch) }
        }
        return try await withTaskCancellationHandler {
            if isCancellable { try Task.checkCancellation() }
            do {
                return try await body(operation)
            } catch let error as PostgresError {
                throw reason(for: error, operation)
            }
        } onCancel: {
            gate.cancel(operation)
        }
    }

    /// What the caller is told when the operation was stopped from outside.
    private func reason(for error: PostgresError, _ operation: Operation) -> any Error {
        switch gate.signal(for: operation) {
        case .none: return error
        case .taskCancelled:
            let isStopped = error.code == .queryCanceled || error.code.errorClass == "08"
            return isStopped && operation.isCancellable ? CancellationError() : error
        case .connectionCancelled: return error
        case .closing:
            return PostgresError(connectionFailure: "the connection was closed while the statement ran")
        }
    }

    // MARK: Exchanging

    /// Goes on with what was sent until it is answered, or until as many rows as are wanted have come.
    ///
    /// True if it is answered. When the operation is cancelled it asks the server to stop, and returns only once the server has
    /// answered, and no request is on its way any more that could hit what comes next.
    func drive(_ operation: Operation) async throws -> Bool {
        var request: CancelRequest?
        // The wait that a cancellation ended may have been that of an exchange before this one.
        try noteInterruption(of: operation, &request)
        var step = withSession { $0.step(hasInput: false) }
        while true {
            var readiness: Readiness = []
            var onlyNews = false
            switch step {
            case .finished, .paused:
                guard let waiting = request, waiting.isOnItsWay else {
                    if request?.hasFailed == true { withSession { $0.isBroken = true } }
                    return step == .finished
                }
            case .waitForAnswer: (readiness, onlyNews) = (.read, true)
            case .waitForRead: readiness = .read
            case .waitForReadOrWrite: readiness = [.read, .write]
            }
            switch await operation.watch.wait(for: readiness, until: request?.nextMoment, onlyNews: onlyNews) {
            case .ready: step = withSession { $0.step(hasInput: true) }
            case .interrupted: try noteInterruption(of: operation, &request)
            case .timedOut: try noteTimeout(of: operation, request, isAnswered: readiness.isEmpty)
            case .closed: throw giveUp(PostgresError.closed)
            }
        }
    }

    /// Fails if the operation was cancelled before it has sent its next statement.
    func checkCancellation(of operation: Operation) throws {
        guard operation.isCancellable else { return }
        switch gate.signal(for: operation) {
        case .none: break
        case .closing: throw PostgresError.closed
        case .taskCancelled: throw CancellationError()
        case .connectionCancelled:
            throw PostgresError(code: .queryCanceled, message: "the pool interrupted the statement")
        }
    }

    private func noteInterruption(of operation: Operation, _ request: inout CancelRequest?) throws {
        switch gate.signal(for: operation) {
        case .none: break
        case .closing: throw giveUp(PostgresError.closed)
        case .taskCancelled, .connectionCancelled:
            // What must run to its end is not cancelled, but neither waited for without end.
            let canceller = operation.isCancellable ? canceller.withLock { $0 } : nil
            let current = request ?? CancelRequest(canceller, timeout: configuration.cancelTimeout)
            request = current
            current.askIfDue(on: runtime.cancels, waking: operation.watch)
        }
    }

    private func noteTimeout(of operation: Operation, _ request: CancelRequest?, isAnswered: Bool) throws {
        guard let request else { return }
        if request.deadline <= .now {
            throw giveUp(
                PostgresError(
                    connectionFailure: "the server did not answer within \(configuration.cancelTimeout) of a cancel"))
        }
        if !isAnswered { request.askIfDue(on: runtime.cancels, waking: operation.watch) }
    }

    private func giveUp(_ error: PostgresError) -> PostgresError {
        withSession { $0.abandon() }
        return error
    }

    /// Stops what runs, as if the operation had been cancelled, and drops what it still brings.
    func stopExchange(_ operation: Operation, asking: Bool) async throws {
        withSession { $0.exchange?.dropRows() }
        if asking, let canceller = canceller.withLock({ $0 }) {
            let request = CancelRequest(canceller, timeout: configuration.cancelTimeout)
            request.askIfDue(on: runtime.cancels, waking: operation.watch)
            while request.isOnItsWay {
                if await operation.watch.wait(for: [], until: request.deadline) == .timedOut { throw giveUp(.closed) }
                if gate.signal(for: operation) == .closing { throw giveUp(.closed) }
            }
            if request.hasFailed { withSession { $0.isBroken = true } }
        }
        _ = try await drive(operation)
    }

    /// Waits until something has come, and reads it; for what is not the answer to a statement.
    ///
    /// - Throws: If the operation was cancelled, or the connection is closed. Nothing is asked of the server then.
    func waitForInput(_ operation: Operation, orRoom: Bool = false) async throws {
        switch await operation.watch.wait(for: orRoom ? [.read, .write] : .read) {
        case .ready:
            withSession { session in
                _ = session.link?.consumeInput()
                session.exchange?.hasRead = true
            }
        case .interrupted: try checkCancellation(of: operation)
        case .timedOut: break
        case .closed: throw PostgresError.closed
        }
    }

    // MARK: Life

    /// How long a server may take to end a session. One that needs longer goes on without a place in the pool.
    private static let farewellTimeout = Duration.seconds(1)

    /// Connects. Everything that libpq may block in runs on a helper thread: names, password and service files, certificates.
    func connect() async throws {
        let parameters = configuration.parameters
        let notices = runtime.notices
        var step = try await helped { session -> Link.ConnectStep in
            session.link = try Link(connectingWith: parameters, notices: notices)
            return .writing
        }
        while true {
            switch step {
            case .connected: return try await finishConnecting()
            case .failed:
                throw withSession { PostgresError(connecting: $0.link?.errorMessage ?? "") }
            case .reading: try await waitWhileConnecting(.read)
            case .writing: try await waitWhileConnecting(.write)
            }
            step = try await helped { $0.link?.poll() ?? .failed }
        }
    }

    private func helped<Value: Sendable>(
        _ body: @escaping @Sendable (inout Session) throws -> Value
    ) async throws -> Value {
        try await runtime.helpers.run { try self.session.withLock { try body(&$0) } }
    }

    /// The watch lasts for one wait only: libpq may close the socket and open another at each step.
    private func waitWhileConnecting(_ readiness: Readiness) async throws {
        let socket = withSession { $0.link?.socket ?? -1 }
        // Without a socket there is nothing to wait for: the next step says why.
        guard socket >= 0 else { return }
        let watch = try loop.watch(socket)
        defer { watch.close() }
        let outcome = await withTaskCancellationHandler {
            await watch.wait(for: readiness)
        } onCancel: {
            watch.interrupt()
        }
        if outcome != .ready { throw CancellationError() }
    }

    private func finishConnecting() async throws {
        let socket = withSession { session in
            session.link?.finishConnecting()
            return session.link?.socket ?? -1
        }
        canceller.withLock { $0 = withSession { $0.link?.makeCanceller() } }
        let watch = try loop.watch(socket)
        gate.attach(watch)
        try await perform { operation in try await applyBaseline(operation) }
        // Until close(_:): a weak reference would make each use of the connection dearer.
        watch.onUnexpectedInput { [unowned watch] in self.noteUnexpectedInput(watch) }
        if watch.hasNews { noteUnexpectedInput(watch) }
    }

    /// Bytes have come while nobody waited: a notification, a setting that changed, or the end of the connection.
    private func noteUnexpectedInput(_ watch: DescriptorWatch) {
        // An operation that runs reads them, or looks for them when it ends.
        if gate.isRunning { return }
        let isAlive = withSession { session in
            // Looked at again under the lock, without which no operation sends or reads.
            guard let link = session.link, session.exchange == nil, !gate.isRunning else { return true }
            let isOpen = watch.takeNews()
            if !link.consumeInput() || !isOpen { session.isBroken = true }
            // To look whether it is busy makes libpq read what has come.
            _ = link.isBusy
            session.collectNotifications(link)
            return !session.isBroken && link.isConnected
        }
        if !isAlive {
            latestCondition.store(2, ordering: .releasing)
            reportLoss()
        }
    }

    /// What the session is like now counts as unchanged.
    func adoptSession() {
        withSession { $0.adopt() }
        updateCondition()
    }

    func validate() async throws {
        try await perform { operation in _ = try await command("", operation) }
    }

    /// Frees what a connect that failed has opened.
    ///
    /// Where libpq still blocks a helper thread, as for a name that nobody resolves, that thread holds the session, and frees it with
    /// its reference to the connection, which is the last one.
    func abandonConnect() async {
        if session.withLockIfAvailable({ _ in true }) == true { return await close(.orderly) }
        gate.close()
        latestCondition.store(2, ordering: .releasing)
        gate.detach()?.close()
        _ = session.withLockIfAvailable { $0.close() }
    }

    func close(_ mode: CloseMode) async {
        lossAction.withLock { $0 = nil }
        gate.close()
        await gate.waitUntilIdle()
        latestCondition.store(2, ordering: .releasing)
        let attached = gate.detach()
        // Without a watch it was still connecting.
        if attached == nil { await waitForConnectStep() }
        let (socket, isActive) = withSession { ($0.link?.socket ?? -1, $0.link?.transactionStatus == .active) }
        let watch = attached ?? (socket < 0 ? nil : try? loop.watch(socket))
        // The server would go on with the statement, and notice only at its end that nobody listens.
        if isActive, let canceller = canceller.withLock({ $0 }) {
            runtime.cancels.start {
                _ = canceller.send()
            } failure: { _ in
            }
        }
        withSession { $0.close() }
        canceller.withLock { $0 = nil }
        // The pool opens the next connection when this one's place is free: by then the server's process should have gone.
        if mode == .orderly { _ = await watch?.finish(until: .now + Self.farewellTimeout) }
        watch?.close()
    }

    /// A step of a connect that was cancelled goes on, and may take long. To wait for its lock would hold up the caller's thread.
    private func waitForConnectStep() async {
        await withCheckedContinuation { continuation in
            runtime.helpers.start {
                self.session.withLock { _ in }
                continuation.resume()
            } failure: { _ in
                continuation.resume()
            }
        }
    }
}
