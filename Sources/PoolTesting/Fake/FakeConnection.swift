public import PoolCore
internal import Synchronization

/// A connection to nothing, which records its life.
public final class FakeConnection: DriverConnection {
    /// An event in the life of a connection.
    @nonexhaustive
    public enum Moment: Sendable, Hashable {
        /// The connect succeeded.
        case opened
        /// A validation succeeded.
        case validated
        /// A reset succeeded.
        case reset
        /// The end of a transaction succeeded, by ``endUnfinishedWork()``.
        case workEnded
        /// A piece of work succeeded: ``FakeConnection/work(_:)``, or a statement.
        case worked
        /// ``FakeConnection/cancel()`` was called.
        case cancelled
        /// A close has begun, in this mode.
        case closed(ConnectionCloseMode)
    }

    private struct State {
        var condition = ConnectionCondition.clean
        var failure: (any Error)?
        var residue: [String] = []
        var statements: [String] = []
        var history: [Moment] = [.opened]
        var current: FakeCall?
        var isClosing = false
        var onLoss: (@Sendable () -> Void)?
    }

    /// The number of the connection: 1 for the driver's first, then 2, 3 and so on.
    public let number: Int
    /// The request of the connect.
    public let request: ConnectRequest
    /// The executor for bodies of leases, as ``FakeDriver`` was told; nil leaves them where their callers run.
    public let executor: (any TaskExecutor)?
    /// The driver answers all calls. Weak, because it keeps its connections.
    private weak let driver: FakeDriver?
    private let state = Mutex(State())

    init(number: Int, request: ConnectRequest, executor: (any TaskExecutor)?, driver: FakeDriver) {
        self.number = number
        self.request = request
        self.executor = executor
        self.driver = driver
    }

    /// The condition that the pool reads at release. A test sets it; a reset makes it ``ConnectionCondition/clean``
    /// again.
    public var condition: ConnectionCondition {
        get { state.withLock { $0.condition } }
        set { state.withLock { $0.condition = newValue } }
    }

    /// The error that broke the connection: that of a call whose verdict says so, or the argument of ``lose(with:)``.
    public var failure: (any Error)? { state.withLock { $0.failure } }

    /// The session state that no reset has removed yet: a lease that finds any was given a dirty connection.
    public var residue: [String] {
        state.withLock { $0.residue }
    }

    /// All events in the life of the connection, in order.
    public var history: [Moment] {
        state.withLock { $0.history }
    }

    /// True once a close has begun.
    public var isClosed: Bool {
        history.contains { if case .closed = $0 { true } else { false } }
    }

    /// How often the pool, or a lease, has called ``cancel()``.
    public var cancelCount: Int {
        history.count { $0 == .cancelled }
    }

    /// Changes the session: the connection is dirty until it was reset.
    public func leave(_ residue: String) {
        state.withLock { state in
            state.residue.append(residue)
            if state.condition == .clean { state.condition = .dirty }
        }
    }

    /// Removes what ``leave(_:)`` added; the connection is clean if nothing else was left.
    func forget(_ residue: String) {
        state.withLock { state in
            state.residue.removeAll { $0 == residue }
            if state.residue.isEmpty, state.condition == .dirty { state.condition = .clean }
        }
    }

    /// Breaks the connection, as if it were lost while idle, and reports that.
    public func lose(with failure: (any Error)? = nil) {
        let action = state.withLock { state in
            state.condition = .broken
            state.failure = failure
            return state.onLoss.take()
        }
        action?()
    }

    /// Sets the action for ``lose(with:)``; calls it immediately if the connection is broken already.
    public func onLoss(_ action: @escaping @Sendable () -> Void) {
        let isLost = state.withLock { state in
            if state.isClosing { return false }
            if state.condition == .clean || state.condition == .dirty { state.onLoss = action }
            return state.onLoss == nil
        }
        if isLost { action() }
    }

    /// Uses the connection, as a statement would. The driver's script for ``FakeStep/work`` says how it ends.
    ///
    /// - Parameter statement: the text that ``statements`` shows; nil, the default, leaves no trace there.
    /// - Throws: the error that the test chose, or `CancellationError`.
    public func work(_ statement: String? = nil) async throws {
        if let statement { state.withLock { $0.statements.append(statement) } }
        guard !isClosed else { throw FakeError.connectionClosed }
        try await perform(.work, statement)
    }

    /// Answers as the test says for ``FakeStep/validate``.
    ///
    /// - Throws: the error that the test chose, or `CancellationError`.
    public func validate() async throws { try await perform(.validate) }

    /// Answers as the test says for ``FakeStep/reset``; a success makes the connection clean.
    ///
    /// - Throws: the error that the test chose, or `CancellationError`.
    public func reset() async throws { try await perform(.reset) }

    /// Answers as the test says for ``FakeStep/endUnfinishedWork``.
    ///
    /// - Throws: the error that the test chose, or `CancellationError`.
    public func endUnfinishedWork() async throws { try await perform(.endUnfinishedWork) }

    /// Closes the connection after the answer for ``FakeStep/close``; a failure counts as success.
    public func close(_ mode: ConnectionCloseMode) async { await driver?.close(self, mode: mode) }

    private func perform(_ step: FakeStep, _ statement: String? = nil) async throws {
        guard let driver else { throw FakeError.connectionClosed }
        try await driver.perform(step, on: self, statement: statement)
    }

    /// The texts of the work that was done with one, including transaction commands, in order.
    public var statements: [String] {
        state.withLock { $0.statements }
    }

    /// Ends the hanging work, if there is any, with `CancellationError`.
    public func cancel() {
        let current = state.withLock { state in
            state.history.append(.cancelled)
            return state.current
        }
        if let current, current.step == .work { current.fail(CancellationError()) }
    }

    /// Notes that `call` begins, and returns the rule that this breaks; nil if it breaks none.
    ///
    /// A call that was about to begin when the connection was closed by force breaks no rule: it throws.
    func begin(_ call: FakeCall) throws -> String? {
        try state.withLock { state in
            if state.history.contains(.closed(.forced)) { throw FakeError.connectionClosed }
            if state.isClosing { return "\(call.step) on connection \(number), which is closed" }
            if let current = state.current {
                return "\(call.step) on connection \(number) while \(current.step) is still running"
            }
            state.current = call
            return nil
        }
    }

    func end(_ call: FakeCall, succeeded: Bool) {
        state.withLock { state in
            if state.current === call { state.current = nil }
            guard succeeded else { return }
            switch call.step {
            case .validate: state.history.append(.validated)
            case .work: state.history.append(.worked)
            case .reset:
                state.history.append(.reset)
                state.residue = []
                if state.condition == .dirty { state.condition = .clean }
            case .endUnfinishedWork:
                state.history.append(.workEnded)
                state.residue.removeAll { $0 == "transaction" }
                if state.residue.isEmpty, state.condition == .dirty { state.condition = .clean }
            case .connect, .close: break
            }
        }
    }

    /// Notes the verdict on an error: like any driver's, the connection remembers which of its errors broke it.
    func note(_ verdict: PoolVerdict, of error: any Error) {
        let condition: ConnectionCondition
        switch verdict {
        case .discard: condition = .broken
        case .discardGeneration, .endpointReadOnly: condition = .generationBroken
        case .keep, .refused, .serverFull, .serverStarting, .statementsStale: return
        }
        state.withLock { state in
            state.condition = condition
            state.failure = error
        }
    }

    /// Notes that a close begins.
    func beginClose(_ mode: ConnectionCloseMode) -> Closing {
        state.withLock { state in
            if state.isClosing { return Closing(isFirst: false, violation: "second close of connection \(number)") }
            state.isClosing = true
            state.onLoss = nil
            state.history.append(.closed(mode))
            state.condition = .broken
            guard let current = state.current else { return Closing(isFirst: true) }
            if mode == .forced { return Closing(isFirst: true, interrupted: current) }
            return Closing(
                isFirst: true, violation: "orderly close of connection \(number) while \(current.step) is still running"
            )
        }
    }

    struct Closing {
        let isFirst: Bool
        /// The rule that the close breaks.
        var violation: String?
        /// The call that the close interrupts.
        var interrupted: FakeCall?
    }
}
