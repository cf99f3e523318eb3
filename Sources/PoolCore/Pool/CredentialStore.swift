internal import Synchronization

/// Gives a pool its credentials: called when the pool is made, and when it opens a connection and those that it has
/// have expired.
///
/// If what it returns has expired already (a cache of its own, say), it is called once more with
/// ``CredentialRequest/isRefresh``. If that has expired too, the connect fails with
/// ``PoolError/Code/credentialsExpired``. What it throws fails the connect, as an error of the server would.
public typealias CredentialProvider = @Sendable (CredentialRequest) async throws -> Credentials

/// What a ``CredentialProvider`` is told.
public struct CredentialRequest: Sendable, Hashable {
    /// The pool's name.
    public let pool: String
    /// True if what is at hand has expired, or the server has refused it: go to the source.
    public let isRefresh: Bool
}

/// The credentials that a pool has now. One call of the provider serves all who wait for it.
final class CredentialStore: Sendable {
    struct Held: Sendable {
        let credentials: Credentials
        let expiresAt: Nanoseconds
    }

    private struct State {
        var held: Held?
        var call: Task<Held, any Error>?
    }

    private let provider: CredentialProvider?
    private let state = Mutex(State())

    init(provider: CredentialProvider?) {
        self.provider = provider
    }

    var hasProvider: Bool { provider != nil }

    /// Whom new connections log in as, where it is not for the driver to say.
    var user: String? { state.withLock { $0.held?.credentials.user } }

    func set(_ held: Held) {
        state.withLock { $0.held = held }
    }

    /// The server does not take `credentials` any more.
    func forget(_ credentials: Credentials) {
        state.withLock { state in
            if state.held?.credentials == credentials { state.held = nil }
        }
    }

    enum Answer {
        /// The driver's own configuration decides.
        case none
        case held(Credentials)
        case expired
    }

    func current(for pool: String, isRefresh: Bool, _ time: any PoolTime) async throws -> Answer {
        let (held, call): (Held?, Task<Held, any Error>?) = state.withLock { state in
            if let held = state.held, held.expiresAt > time.now().nanoseconds { return (held, nil) }
            guard let provider else { return (state.held, nil) }
            let call =
                state.call
                ?? Task.detached {
                    try await Self.call(provider, pool, isRefresh: isRefresh, time)
                }
            state.call = call
            return (nil, call)
        }
        guard let call else {
            guard let held else { return .none }
            return held.expiresAt > time.now().nanoseconds ? .held(held.credentials) : .expired
        }
        let result = await call.result
        state.withLock { state in
            guard state.call == call else { return }
            state.call = nil
            if case .success(let held) = result { state.held = held }
        }
        let new = try result.get()
        return new.expiresAt > time.now().nanoseconds ? .held(new.credentials) : .expired
    }

    private static func call(
        _ provider: CredentialProvider, _ pool: String, isRefresh: Bool, _ time: any PoolTime
    ) async throws -> Held {
        let first = try await held(provider(CredentialRequest(pool: pool, isRefresh: isRefresh)), time)
        if isRefresh || first.expiresAt > time.now().nanoseconds { return first }
        return try await held(provider(CredentialRequest(pool: pool, isRefresh: true)), time)
    }

    static func held(_ credentials: Credentials, _ time: any PoolTime) -> Held {
        let expiry = credentials.validFor.map { time.now() + $0 }
        return Held(credentials: credentials, expiresAt: expiry?.nanoseconds ?? .never)
    }
}
