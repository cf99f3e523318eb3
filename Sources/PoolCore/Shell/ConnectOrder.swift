/// A connect that the engine has asked for.
struct ConnectOrder: Sendable {
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
