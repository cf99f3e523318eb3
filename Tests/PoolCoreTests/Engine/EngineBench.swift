@testable import PoolCore

/// An engine with its effects collected, for tests that call it step by step.
final class EngineBench {
    var engine: Engine
    var now: Nanoseconds = 0
    private(set) var effects: [Effect] = []

    static let second: Nanoseconds = 1_000_000_000

    init(
        maximum: Int, lanes: [EngineConfiguration.Lane]? = nil, sharesBudget: Bool = false,
        _ change: (inout EngineConfiguration) -> Void = { _ in }
    ) {
        var configuration = EngineConfiguration(
            maximumConnections: maximum, lanes: lanes ?? [EngineConfiguration.Lane(maximum: maximum)])
        configuration.concurrentConnects = maximum
        configuration.maximumWaiters = 1_000_000
        configuration.checksItself = true
        change(&configuration)
        engine = Engine(configuration: configuration, sharesBudget: sharesBudget)
    }

    /// The effects of one call replace those of the call before.
    func call<Value>(random: UInt64? = nil, _ body: (inout Engine, inout Turn) -> Value) -> Value {
        var turn = Turn(now: now, random: random)
        let value = body(&engine, &turn)
        effects = []
        turn.effects.forEach { effects.append($0) }
        return value
    }

    @discardableResult
    func acquire(
        lane: Int = 0, priority: Int32 = 1, holder: UInt = 0, patience: Nanoseconds = 30 * second
    ) -> Engine.AcquireOutcome {
        call {
            $0.acquire(lane: lane, priority: priority, holder: holder, deadline: $1.now + patience, &$1)
        }
    }

    func release(_ connection: ConnectionID, _ condition: ConnectionCondition = .clean) {
        call { $0.release(connection, condition: condition, &$1) }
    }

    func opened(_ connection: ConnectionID) {
        call(random: 0) { $0.opened(connection, &$1) }
    }

    func failed(_ connection: ConnectionID, isPermanent: Bool = false, random: UInt64 = .max) {
        call(random: random) { $0.connectFailed(connection, isPermanent: isPermanent, &$1) }
    }

    func closed(_ connection: ConnectionID) {
        call { $0.closed(connection, &$1) }
    }

    func alarm(at instant: Nanoseconds) {
        now = instant
        call(random: .max) { $0.alarm(&$1) }
    }

    func cancel(_ waiter: WaiterID) -> Bool {
        call { $0.cancel(waiter, &$1) }
    }

    /// Opens connections until a lease was given, and returns its id.
    func lease(lane: Int = 0, holder: UInt = 0) -> ConnectionID? {
        if case .granted(let id) = acquire(lane: lane, holder: holder) { return id }
        guard let id = opens.first else { return nil }
        opened(id)
        return grants.first?.connection
    }

    var opens: [ConnectionID] {
        effects.compactMap { if case .open(let id, _, _, _) = $0 { id } else { nil } }
    }

    var grants: [(waiter: WaiterID, connection: ConnectionID)] {
        effects.compactMap { if case .grant(let waiter, let connection) = $0 { (waiter, connection) } else { nil } }
    }

    var closes: [(connection: ConnectionID, reason: ConnectionCloseReason)] {
        effects.compactMap { if case .close(let connection, let reason, _) = $0 { (connection, reason) } else { nil } }
    }

    var failures: [(waiter: WaiterID, reason: AcquireFailure)] {
        effects.compactMap { if case .fail(let waiter, _, let reason) = $0 { (waiter, reason) } else { nil } }
    }
}

extension Engine.AcquireOutcome {
    var waiter: WaiterID? {
        if case .queued(let id) = self { id } else { nil }
    }

    var connection: ConnectionID? {
        if case .granted(let id) = self { id } else { nil }
    }
}
