/// The interface between the pool and a database: all that the pool knows of one.
///
/// A driver connects, validates, resets and closes one kind of connection, and says what each of its errors means for
/// the pool. It keeps no list of connections and no timers: limits, deadlines, retries and order are the pool's.
///
/// The pool calls each function from tasks of its own, never under a lock, and never two at the same time for one
/// connection, with two exceptions: ``close(_:mode:)`` and ``DriverConnection/cancel()`` may come while another call on
/// the same connection is still running, or about to begin, when that call has passed its deadline. A call on a closed
/// connection throws.
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
    func lanes(maximumConnections: Int) throws -> [PoolLaneConfiguration]

    /// Opens a connection that is ready for use.
    ///
    /// The task is cancelled when `request.deadline` has passed or when the pool closes. A connection that is returned
    /// all the same is used or closed, never lost.
    func connect(_ request: ConnectRequest) async throws -> Connection

    /// Proves with a round trip that the connection still works. A throw closes the connection.
    func validate(_ connection: Connection) async throws

    /// Scrubs the session of a connection whose ``DriverConnection/condition`` was dirty at its release. A throw closes
    /// the connection.
    func reset(_ connection: Connection) async throws

    /// Ends what a lease left open on a connection whose session is to be kept: a transaction is rolled back, a
    /// statement that is still running is stopped; settings, temporary tables and the like stay. A throw closes the
    /// connection. The default is ``reset(_:)``, with which leases keep nothing.
    func endTransaction(of connection: Connection) async throws

    /// True if ``connect(_:)`` honours a request with this identity. The default is false.
    func accepts(_ identity: PoolIdentity) -> Bool

    /// Ends the session and frees what it held. Called exactly once for each connection that ``connect(_:)`` returned.
    ///
    /// With ``ConnectionCloseMode/forced`` another call on the connection may still be running: interrupt it, and free
    /// what it uses only after it has returned. A call that was about to begin may still come: let it throw.
    func close(_ connection: Connection, mode: ConnectionCloseMode) async

    /// Makes the session as it is now the one that counts as clean. Called after the application's connect hook, which
    /// may have changed it. The default does nothing.
    func adoptSession(of connection: Connection)

    /// The meaning for the pool of `error`, thrown by a connect, a validation or a reset. An error that breaks a
    /// connection while it is leased shows in its ``DriverConnection/condition``.
    func verdict(on error: any Error) -> PoolVerdict
}

extension PoolDriver {
    /// The default: a description that has the ``name`` alone.
    public var information: DriverInformation { DriverInformation(name: name) }

    /// The default does nothing.
    public func adoptSession(of connection: Connection) {}

    /// The default resets the session with ``reset(_:)``.
    public func endTransaction(of connection: Connection) async throws {
        try await reset(connection)
    }

    /// The default accepts no identity.
    public func accepts(_ identity: PoolIdentity) -> Bool { false }

    /// The default is one lane, `"main"`, that takes both kinds of access.
    public func lanes(maximumConnections: Int) throws -> [PoolLaneConfiguration] {
        [PoolLaneConfiguration(name: "main", maximumConnections: maximumConnections)]
    }
}
