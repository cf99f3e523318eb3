/// The order to open one connection.
public struct ConnectRequest: Sendable, Hashable {
    /// The lane that the connection is for: its ``PoolLaneConfiguration/name`` and ``PoolLaneConfiguration/target``
    /// identify it.
    public let lane: PoolLaneConfiguration
    /// 1 for the first connect of the lane since its last success, then 2, 3 and so on.
    public let attempt: Int
    /// When the pool gives up on this connect.
    public let deadline: PoolInstant
    /// The time from the request to ``deadline``, for drivers that share it out; nil if there is no limit.
    public let timeout: Duration?
    /// The credentials to log in with; nil is the user of the driver's own configuration.
    public let credentials: PoolCredentials?
    /// The role that the session takes on for good: a reset comes back to it. Nil: none.
    public let role: String?

    /// Describes one connect. By default it has no time limit, and works for the driver's own user without a role.
    public init(
        lane: PoolLaneConfiguration, attempt: Int, deadline: PoolInstant, timeout: Duration? = nil,
        credentials: PoolCredentials? = nil, role: String? = nil
    ) {
        self.lane = lane
        self.attempt = attempt
        self.deadline = deadline
        self.timeout = timeout
        self.credentials = credentials
        self.role = role
    }
}
