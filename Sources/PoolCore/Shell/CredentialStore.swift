internal import Synchronization

/// The credentials that a pool has now. One call of the provider serves all connects that wait for it.
final class CredentialStore: Sendable {
    struct Held: Sendable {
        let credentials: PoolCredentials
        let expiresAt: Nanoseconds
    }

    private struct Call {
        let task: Task<Held, any Error>
        let isRefresh: Bool
    }

    private struct State {
        var held: Held?
        var call: Call?
    }

    private let provider: PoolCredentialProvider?
    private let state = Mutex(State())

    init(provider: PoolCredentialProvider?) {
        self.provider = provider
    }

    var hasProvider: Bool { provider != nil }

    /// The user new connections log in as; nil if the driver's own configuration decides.
    var user: String? { state.withLock { $0.held?.credentials.user } }

    /// Puts credentials into force. The answer of a call that is still running is older, and does not replace them.
    func set(_ held: Held) {
        state.withLock { state in
            state.held = held
            state.call = nil
        }
    }

    /// Forgets `credentials` that the server no longer accepts.
    func forget(_ credentials: PoolCredentials) {
        state.withLock { state in
            if state.held?.credentials == credentials { state.held = nil }
        }
    }

    enum Answer {
        /// The driver's own configuration decides.
        case none
        case held(PoolCredentials)
        case expired
    }

    func current(for pool: String, isRefresh: Bool, _ time: any PoolTime) async throws -> Answer {
        let (held, call): (Held?, Task<Held, any Error>?) = state.withLock { state in
            if let held = state.held, held.expiresAt > time.now().nanoseconds { return (held, nil) }
            guard let provider else { return (state.held, nil) }
            // A call that may be answered from the provider's cache is no help against a password that was refused.
            if let call = state.call, call.isRefresh || !isRefresh { return (nil, call.task) }
            let task = Task.detached { try await Self.call(provider, pool, isRefresh: isRefresh, time) }
            state.call = Call(task: task, isRefresh: isRefresh)
            return (nil, task)
        }
        guard let call else {
            guard let held else { return .none }
            return held.expiresAt > time.now().nanoseconds ? .held(held.credentials) : .expired
        }
        let result = await call.result
        state.withLock { state in
            guard state.call?.task == call else { return }
            state.call = nil
            if case .success(let held) = result { state.held = held }
        }
        let new = try result.get()
        return new.expiresAt > time.now().nanoseconds ? .held(new.credentials) : .expired
    }

    private static func call(
        _ provider: PoolCredentialProvider, _ pool: String, isRefresh: Bool, _ time: any PoolTime
    ) async throws -> Held {
        let first = try await held(provider(PoolCredentialRequest(pool: pool, isRefresh: isRefresh)), time)
        if isRefresh || first.expiresAt > time.now().nanoseconds { return first }
        return try await held(provider(PoolCredentialRequest(pool: pool, isRefresh: true)), time)
    }

    static func held(_ credentials: PoolCredentials, _ time: any PoolTime) -> Held {
        let expiry = credentials.validFor.map { time.now() + $0 }
        return Held(credentials: credentials, expiresAt: expiry?.nanoseconds ?? .never)
    }
}
