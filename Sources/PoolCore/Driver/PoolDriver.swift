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

/// A connection of a driver, as the pool sees it.
public protocol DriverConnection: AnyObject, Sendable {
    /// The state in which the next lease would find the session. Read at each release, and before an idle connection is
    /// granted: answered from flags that are already there, without I/O. A connection notes by itself which of its
    /// errors broke it.
    var condition: ConnectionCondition { get }

    /// True if a transaction is open, however it was begun. Answered from flags that are already there, without I/O,
    /// and never true if the condition is clean. The default is false: for connections that know no transactions.
    var isTransactionOpen: Bool { get }

    /// The error that broke the connection, or with which its server ended it: shown in ``PoolEvent`` and in the log.
    /// Read when the ``condition`` says that it is broken; answered without I/O. Nil, the default, if it is not known.
    var failure: (any Error)? { get }

    /// The executor on which the body of a lease runs when its caller is not isolated to an actor, or nil to leave the
    /// body where it is. The default is nil.
    var executor: (any TaskExecutor)? { get }

    /// Registers `action`, to be called when the connection finds by itself, with no call running on it, that it is
    /// ``ConnectionCondition/broken``: the pool then replaces it before an acquire needs it. The pool registers once,
    /// when the connection is open.
    ///
    /// Call `action` once, from any thread but never under a lock that ``condition`` or a call needs, after the
    /// condition has changed; immediately if the connection is already broken. Drop it when the connection is closed.
    /// The default never calls it: then a dead connection is noticed when it is granted.
    func onLoss(_ action: @escaping @Sendable () -> Void)

    /// Interrupts the statement that is running, if one is. Callable from any thread at any time; it must never affect
    /// a statement that begins after it returned.
    func cancel()

    /// Says that the lease which begins only reads, or, with ``PoolAccess/readWrite``, that such a lease has ended; a
    /// lease that may write says nothing. For connections that serve both kinds of access, and refuse writes to a lease
    /// that only reads. Without I/O. The default does nothing.
    func setAccess(_ access: PoolAccess)

    /// Sets how many prepared statements to keep from now on; nil is the number of the driver's own configuration.
    /// Called when the connection is open, if the pool has a number, and when that changes: from any thread, also while
    /// a call is running. Without I/O: statements above the number are dropped at the next occasion. The default does
    /// nothing.
    func setStatementCacheCapacity(_ capacity: Int?)
}

extension DriverConnection {
    /// The default is false.
    public var isTransactionOpen: Bool { false }

    /// The default is nil: not known.
    public var failure: (any Error)? { nil }

    /// The default is nil: the body of a lease runs where it is.
    public var executor: (any TaskExecutor)? { nil }

    /// The default never calls `action`.
    public func onLoss(_ action: @escaping @Sendable () -> Void) {}

    /// The default does nothing.
    public func setAccess(_ access: PoolAccess) {}

    /// The default does nothing.
    public func setStatementCacheCapacity(_ capacity: Int?) {}
}

/// The state in which the next lease would find a connection.
public enum ConnectionCondition: Sendable, Hashable {
    /// Like a fresh connection: it can be granted immediately.
    case clean
    /// The connection works, but its session was changed: ``PoolDriver/reset(_:)`` must come first.
    case dirty
    /// The connection cannot be used again.
    case broken
    /// Neither this connection nor any other opened before now can be used again (the server restarted or failed over).
    case generationBroken
}

extension ConnectionCondition {
    var isUsable: Bool {
        switch self {
        case .clean, .dirty: true
        case .broken, .generationBroken: false
        }
    }
}

/// How a connection is closed.
public enum ConnectionCloseMode: Sendable, Hashable {
    /// Say goodbye to the server; nothing else is running on the connection.
    case orderly
    /// Do not wait for the server; a call may still be running on the connection.
    case forced
}

/// The meaning of an error for the pool.
public enum PoolVerdict: Sendable, Hashable {
    /// The connection is as good as before (a syntax error, a violated constraint).
    case keep
    /// This connection is broken.
    case discard
    /// This connection is broken, and so is every other that is open now: a restart, a failover.
    case discardGeneration
    /// The endpoint no longer accepts writes.
    case endpointReadOnly
    /// No connect can succeed until a person changes something: credentials, the database's name, TLS, a missing file.
    case refused
    /// The server has no room for another connection: a passing condition.
    case serverFull
    /// The server is starting or recovering: a passing condition.
    case serverStarting
    /// The prepared statements of the connection are stale; the connection itself is good.
    case statementsStale
}

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

/// A set of connections that are interchangeable with each other, and its limits.
public struct PoolLaneConfiguration: Sendable, Hashable {
    /// The name in statistics, logs and errors: `"writer"`.
    public var name: String
    /// A text by which the driver tells one lane's connections from another's: an identity, a role, an endpoint. The
    /// pool passes it on unread.
    public var target: String
    /// The shard, or endpoint, that acquires ask for by this name in ``AcquireOptions/shard``; nil for a lane without a
    /// shard.
    public var shard: String?
    /// The most connections that the lane may have, within the pool's own maximum.
    public var maximumConnections: Int
    /// The number of connections that the pool keeps open in this lane at least.
    public var minimumConnections: Int
    /// The kinds of access that the lane serves.
    public var serves: Set<PoolAccess>
    /// True if connections of this lane close after those of all others when the pool closes.
    public var closesLast: Bool

    /// Describes a lane. By default it has no target and no shard, keeps no connection open, serves both kinds of
    /// access, and closes with the others.
    public init(
        name: String, target: String = "", shard: String? = nil, maximumConnections: Int, minimumConnections: Int = 0,
        serves: Set<PoolAccess> = [.readOnly, .readWrite], closesLast: Bool = false
    ) {
        self.name = name
        self.target = target
        self.shard = shard
        self.maximumConnections = maximumConnections
        self.minimumConnections = minimumConnections
        self.serves = serves
        self.closesLast = closesLast
    }
}

/// The kind of use a lease is for.
public enum PoolAccess: Sendable, Hashable {
    /// The lease may write.
    case readWrite
    /// The lease only reads.
    case readOnly
}
