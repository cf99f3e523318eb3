@_spi(Driver) public import PoolCore
internal import Synchronization

/// A driver without a database. A test says for each of its calls whether it succeeds, fails or hangs.
///
/// Every call succeeds immediately until the test says otherwise:
///
/// ```swift
/// let driver = FakeDriver()
/// driver.script(.connect, [.hang, .fail(FakeError("no route"))])
/// let pool = try Pool(driver: driver, configuration: .init(maximumConnections: 2))
/// async let used: Void = pool.withConnection { try await $0.work() }
/// try await driver.nextHanging(.connect).succeed()
/// try await used
/// ```
///
/// The driver's ``ledger`` proves that the pool keeps its limits, never makes two simultaneous calls on a connection,
/// uses no connection after its close, and closes all connections.
public final class FakeDriver: PoolDriver {
    /// The connections that the driver opens.
    public typealias Connection = FakeConnection
    /// A function that answers the calls of a step that no script answers.
    public typealias Decision = @Sendable (FakeCall) -> FakeOutcome

    private struct State {
        var decisions: [FakeStep: Decision] = [:]
        var scripts: [FakeStep: [FakeOutcome]] = [:]
        var ledger = FakeLedger()
        var connections: [FakeConnection] = []
        /// The hanging calls that no test has taken.
        var arrived: [FakeCall] = []
        var takers: [(step: FakeStep, promise: Promise<FakeCall>)] = []
        /// All hanging calls.
        var hanging: [FakeCall] = []
    }

    /// The driver's name. The default is `fake`.
    public let name: String
    private let lanes: [PoolLaneConfiguration]?
    private let executor: (any TaskExecutor)?
    private let acceptsIdentities: Bool
    private let verdict: @Sendable (any Error) -> PoolVerdict
    private let state = Mutex(State())

    /// - Parameters:
    ///   - lanes: The lanes of the pool. The default is one, for both kinds of access.
    ///   - executor: The executor for bodies of leases. The default is nil: they stay where their callers run.
    ///   - acceptsIdentities: False for a database without users. The default is true.
    ///   - verdict: Returns the meaning of an error. The default is ``FakeError/verdict``, and `.keep` for any other
    ///     error.
    public init(
        name: String = "fake", lanes: [PoolLaneConfiguration]? = nil, executor: (any TaskExecutor)? = nil,
        acceptsIdentities: Bool = true,
        verdict: @escaping @Sendable (any Error) -> PoolVerdict = { ($0 as? FakeError)?.verdict ?? .keep }
    ) {
        self.name = name
        self.lanes = lanes
        self.executor = executor
        self.acceptsIdentities = acceptsIdentities
        self.verdict = verdict
    }

    // MARK: What the test says and asks

    /// Answers all calls of `step` that no script answers.
    public func always(_ step: FakeStep, _ outcome: FakeOutcome) {
        decide(step) { _ in outcome }
    }

    /// Answers all calls of `step` that no script answers, one by one. `decision` runs under a lock: it may not call
    /// the driver.
    public func decide(_ step: FakeStep, _ decision: @escaping Decision) {
        state.withLock { $0.decisions[step] = decision }
    }

    /// Answers the next calls of `step`, in order, after the outcomes that were scripted before.
    public func script(_ step: FakeStep, _ outcomes: [FakeOutcome]) {
        state.withLock { $0.scripts[step, default: []] += outcomes }
    }

    /// Suspends until a call of `step` hangs at its gate. Each call is handed out once, in order.
    ///
    /// - Throws: `CancellationError` once the task is cancelled.
    public func nextHanging(_ step: FakeStep) async throws -> FakeCall {
        let promise = Promise<FakeCall>()
        state.withLock { state in
            if let place = state.arrived.firstIndex(where: { $0.step == step }) {
                promise.finish(.success(state.arrived.remove(at: place)))
            } else {
                state.takers.append((step, promise))
            }
        }
        return try await promise.value()
    }

    /// The calls that hang at their gates now.
    public var hanging: [FakeCall] {
        state.withLock { $0.hanging }
    }

    /// Opens the gates of all calls of `step` that hang now: they succeed.
    public func succeedHanging(_ step: FakeStep) {
        for call in hanging where call.step == step { call.succeed() }
    }

    /// The record of the pool's calls, and of the rules that they broke.
    public var ledger: FakeLedger {
        state.withLock { $0.ledger }
    }

    /// All connections that were ever opened, in order.
    public var connections: [FakeConnection] {
        state.withLock { $0.connections }
    }

    // MARK: What the pool asks

    /// The lanes that the driver was made with; by default one lane `main` for both kinds of access. Notes the
    /// maximum in the ``ledger``.
    public func lanes(maximumConnections: Int) -> [PoolLaneConfiguration] {
        state.withLock { $0.ledger.maximumConnections = maximumConnections }
        return lanes ?? [PoolLaneConfiguration(name: "main", maximumConnections: maximumConnections)]
    }

    /// Makes a connection, if the answer for ``FakeStep/connect`` is success.
    ///
    /// - Throws: the error that the test chose, or `CancellationError`.
    public func connect(_ request: ConnectRequest) async throws -> FakeConnection {
        let (call, outcome) = begin(.connect, lane: request.lane.name, request: request)
        state.withLock { $0.ledger.connectBegins(request.lane) }
        do {
            try await carryOut(outcome, call)
        } catch {
            state.withLock { state in
                state.ledger.connectEnds()
                state.ledger.isGone(from: request.lane.name)
                state.ledger.failed[.connect, default: 0] += 1
            }
            throw error
        }
        return state.withLock { state in
            state.ledger.connectEnds()
            let connection = FakeConnection(
                number: state.connections.count + 1, request: request, executor: executor, driver: self)
            state.connections.append(connection)
            return connection
        }
    }

    /// The value of `acceptsIdentities` from the initializer, for each identity.
    public func accepts(_ identity: PoolIdentity) -> Bool { acceptsIdentities }

    /// The result of the initializer's `verdict`.
    public func verdict(on error: any Error) -> PoolVerdict {
        verdict(error)
    }

    // MARK: Calls

    func perform(_ step: FakeStep, on connection: FakeConnection, statement: String? = nil) async throws {
        let (call, outcome) = begin(
            step, lane: connection.request.lane.name, connection: connection, statement: statement)
        if let broken = try connection.begin(call) {
            note(broken)
            throw FakeError(broken)
        }
        do {
            try await carryOut(outcome, call)
            connection.end(call, succeeded: true)
        } catch {
            connection.end(call, succeeded: false)
            if step == .work { connection.note(verdict(on: error), of: error) }
            state.withLock { $0.ledger.failed[step, default: 0] += 1 }
            throw error
        }
    }

    /// Closes a connection after the answer for ``FakeStep/close``; a failure counts as success.
    func close(_ connection: FakeConnection, mode: ConnectionCloseMode) async {
        let closing = connection.beginClose(mode)
        if let violation = closing.violation { note(violation) }
        closing.interrupted?.fail(FakeError.interrupted)
        let lane = connection.request.lane.name
        let (call, outcome) = begin(.close, lane: lane, connection: connection, closeMode: mode)
        // A close cannot fail, whatever the test says.
        try? await carryOut(outcome, call)
        if closing.isFirst { state.withLock { $0.ledger.isGone(from: lane) } }
    }

    private func begin(
        _ step: FakeStep, lane: String, connection: FakeConnection? = nil, request: ConnectRequest? = nil,
        closeMode: ConnectionCloseMode? = nil, statement: String? = nil
    ) -> (FakeCall, FakeOutcome) {
        state.withLock { state in
            state.ledger.begun[step, default: 0] += 1
            let call = FakeCall(
                step: step, number: state.ledger.begun[step, default: 0], lane: lane, connection: connection,
                request: request, closeMode: closeMode, statement: statement)
            if state.scripts[step, default: []].isEmpty {
                return (call, state.decisions[step]?(call) ?? .succeed)
            }
            return (call, state.scripts[step, default: []].removeFirst())
        }
    }

    private func carryOut(_ outcome: FakeOutcome, _ call: FakeCall) async throws {
        switch outcome {
        case .succeed: return
        case .fail(let error): throw error
        case .hang: try await hang(call, cancellable: true)
        case .hangUncancellably: try await hang(call, cancellable: false)
        case .yield(let times, let then):
            for _ in 0..<times { await Task.yield() }
            try await carryOut(then, call)
        }
    }

    private func hang(_ call: FakeCall, cancellable: Bool) async throws {
        state.withLock { state in
            state.hanging.append(call)
            while let place = state.takers.firstIndex(where: { $0.step == call.step }) {
                // A cancelled taker refuses; then the next one gets the call.
                if state.takers.remove(at: place).promise.finish(.success(call)) { return }
            }
            state.arrived.append(call)
        }
        defer {
            state.withLock { state in
                state.hanging.removeAll { $0 === call }
                state.arrived.removeAll { $0 === call }
            }
        }
        try await call.hang(cancellable: cancellable)
    }

    private func note(_ violation: String) {
        state.withLock { $0.ledger.violations.append(violation) }
    }
}

extension Lease where Driver == FakeDriver {
    /// The leased connection, for a test to inspect and to break.
    public var connection: FakeConnection { handle.connection }

    /// Uses the connection, as a statement would.
    ///
    /// - Parameter statement: the text that ``FakeConnection/statements`` shows; nil, the default, leaves no trace.
    /// - Throws: the error that the test chose, or `CancellationError`.
    public mutating func work(_ statement: String? = nil) async throws {
        try await handle.connection.work(statement)
    }
}
