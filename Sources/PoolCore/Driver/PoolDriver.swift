/// The interface between the pool and a database: all that the pool knows of one.
///
/// A driver opens one kind of connection, and says what each of its errors means for the pool; all else is the
/// connection's: see ``DriverConnection``. A driver keeps no list of connections and no timers: limits, deadlines,
/// retries and order are the pool's.
public protocol PoolDriver: Sendable {
    /// The type of the driver's connections.
    associatedtype Connection: DriverConnection

    /// A short name in lower case for logs, errors and metrics: `"sqlite"`.
    var name: String { get }

    /// A description of the driver and its client library, of where they connect to, and of what they can do, without
    /// secrets. The default knows the ``name`` alone.
    var information: DriverInformation { get }

    /// The lanes of a pool of `maximumConnections`. Called when the pool is made, and again when it is reconfigured:
    /// then the lanes must be the same ones in the same order, with limits that may differ. The default is one lane
    /// that takes both kinds of access.
    ///
    /// A lane is a set of connections that are interchangeable with each other.
    func lanes(maximumConnections: Int) -> [PoolLaneConfiguration]

    /// Opens a connection that is ready for use.
    ///
    /// The task is cancelled when `request.deadline` has passed or when the pool closes. A connection that is returned
    /// all the same is used or closed, never lost.
    func connect(_ request: ConnectRequest) async throws -> Connection

    /// True if ``connect(_:)`` honours a request with this identity. The default is false.
    func accepts(_ identity: PoolIdentity) -> Bool

    /// The meaning for the pool of `error`, thrown by a connect, a validation or a reset. An error that breaks a
    /// connection while it is leased shows in its ``DriverConnection/condition``.
    func verdict(on error: any Error) -> PoolVerdict
}

extension PoolDriver {
    /// The default: a description that has the ``name`` alone.
    public var information: DriverInformation { DriverInformation(name: name) }

    /// The default accepts no identity.
    public func accepts(_ identity: PoolIdentity) -> Bool { false }

    /// The default is one lane, `"main"`, that takes both kinds of access.
    public func lanes(maximumConnections: Int) -> [PoolLaneConfiguration] {
        [PoolLaneConfiguration(name: "main", maximumConnections: maximumConnections)]
    }
}
