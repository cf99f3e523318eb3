/// A connect that the engine has asked for.
struct ConnectPlan: Sendable {
    let lane: PoolLaneConfiguration
    let identity: PoolIdentity?
    let attempt: Int
    let begin: Nanoseconds
    let deadline: Nanoseconds

    func request(_ credentials: PoolCredentials?) -> ConnectRequest {
        let role: String? = if case .role(let name) = identity { name } else { nil }
        return ConnectRequest(
            lane: lane, attempt: attempt, deadline: PoolInstant(nanoseconds: deadline),
            timeout: .nanoseconds(deadline - begin), credentials: credentials, role: role)
    }
}

extension PoolShell {
    func connect(_ plan: ConnectPlan) async throws -> any DriverConnection {
        if case .credentials(let credentials) = plan.identity {
            return try await backend.connect(plan.request(credentials))
        }
        let credentials = try await currentCredentials()
        do {
            return try await backend.connect(plan.request(credentials))
        } catch {
            // The password may have been changed since the provider returned it.
            guard let credentials, self.credentials.hasProvider, backend.verdict(on: error) == .refused else {
                throw error
            }
            self.credentials.forget(credentials)
            let fresh = try await currentCredentials(isRefresh: true)
            if fresh == credentials { throw error }
            return try await backend.connect(plan.request(fresh))
        }
    }

    func currentCredentials(isRefresh: Bool = false) async throws -> PoolCredentials? {
        switch try await credentials.current(for: configuration.name, isRefresh: isRefresh, time) {
        case .none: return nil
        case .held(let credentials): return credentials
        case .expired: throw refusal(.credentialsExpired, lane: nil, nil)
        }
    }

    func setCredentials(_ new: PoolCredentials) {
        credentials.set(CredentialStore.held(new, time))
        transition { $0.engine.retryConnects(now: $1, effects: &$2) }
    }
}
