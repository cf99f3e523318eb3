/// What the pool needs of a database, and all that it knows of one.
///
/// A driver connects, validates, resets and closes one kind of connection, and says what each of its errors means for
/// the pool. It keeps no list of connections and no timers: limits, deadlines, retries and order are the pool's.
///
/// The pool calls each function from tasks of its own, never under a lock, and never two at once for one connection,
/// with two exceptions: ``close(_:mode:)`` and ``DriverConnection/cancel()`` may come while another call on the same
/// connection is still running, or about to begin, when that call has passed its deadline. A call on a closed
/// connection throws.
public protocol PoolDriver: Sendable {
    associatedtype Connection: DriverConnection

    /// A short name in lower case for logs, errors and metrics: `"sqlite"`.
    var name: String { get }

    /// What the driver and its client library are, where they connect to, and what they can do, without secrets. The
    /// default knows the ``name`` alone.
    var information: DriverInformation { get }

    /// The lanes of a pool of `maximumConnections`. Called when the pool is made, and again when it is reconfigured:
    /// then the lanes must be the same ones in the same order, with limits that may differ. The default is one lane
    /// that takes both kinds of access.
    ///
    /// A lane is a set of connections that are interchangeable with each other.
    func lanes(maximumConnections: Int) throws -> [LaneConfiguration]

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
    func accepts(_ identity: Identity) -> Bool

    /// Ends the session and frees what it held. Called exactly once for each connection that ``connect(_:)`` returned.
    ///
    /// With ``CloseMode/forced`` another call on the connection may still be running: interrupt it, and free what it
    /// uses only after it has returned. A call that was about to begin may still come: let it throw.
    func close(_ connection: Connection, mode: CloseMode) async

    /// Makes the session as it is now the one that counts as clean. Called after the application's connect hook, which
    /// may have changed it. The default does nothing.
    func adoptSession(of connection: Connection)

    /// What `error`, thrown by a connect, a validation or a reset, means for the pool. What breaks a connection while
    /// it is leased shows in its ``DriverConnection/condition``.
    func verdict(on error: any Error) -> Verdict
}

extension PoolDriver {
    public var information: DriverInformation { DriverInformation(name: name) }

    public func adoptSession(of connection: Connection) {}

    public func endTransaction(of connection: Connection) async throws {
        try await reset(connection)
    }

    public func accepts(_ identity: Identity) -> Bool { false }

    public func lanes(maximumConnections: Int) throws -> [LaneConfiguration] {
        [LaneConfiguration(name: "main", maximumConnections: maximumConnections)]
    }
}

/// A connection of a driver, as the pool sees it.
public protocol DriverConnection: AnyObject, Sendable {
    /// What the next lease would find. Read at each release, and before an idle connection is granted: answered from
    /// flags that are already there, without I/O. A connection notes by itself which of its errors broke it.
    var condition: ConnectionCondition { get }

    /// True if a transaction is open, whoever began it. Answered from flags that are already there, without I/O, and
    /// never true where the condition is clean. The default is false: for connections that know no transactions.
    var isTransactionOpen: Bool { get }

    /// The error that broke the connection, or that its server ended it with: told in ``PoolEvent`` and in the log.
    /// Asked where the ``condition`` says that it is broken; answered without I/O. Nil where it is not known, as by
    /// default.
    var failure: (any Error)? { get }

    /// Where the body of a lease runs when its caller is not isolated to an actor, or nil to leave it where it is.
    /// The default is nil.
    var executor: (any TaskExecutor)? { get }

    /// Asks to be told when the connection finds by itself, with no call running on it, that it is
    /// ``ConnectionCondition/broken``: the pool then replaces it before anybody wants it. The pool asks once, when the
    /// connection is open.
    ///
    /// Call `action` once, from any thread but never under a lock that ``condition`` or a call needs, after the
    /// condition has changed; at once if it is too late to wait. Drop it when the connection is closed. The default
    /// never calls it: then a dead connection is noticed when it is granted.
    func onLoss(_ action: @escaping @Sendable () -> Void)

    /// Interrupts the statement that is running, if one is. Callable from any thread at any time; it must never affect
    /// a statement that begins after it returned.
    func cancel()

    /// Says that the lease which begins only reads, and, with ``Access/readWrite``, that it has ended; a lease that may
    /// write says nothing. For connections that serve both kinds of access, and refuse writes to a lease that only
    /// reads. Without I/O. The default does nothing.
    func setAccess(_ access: Access)

    /// Says how many prepared statements to keep from now on; nil is what the driver's own configuration says. Called
    /// when the connection is open, where the pool has a number, and when that changes: from any thread, also while a
    /// call is running. Without I/O: what is above the number goes at the next occasion. The default does nothing.
    func setStatementCacheCapacity(_ capacity: Int?)
}

extension DriverConnection {
    public var isTransactionOpen: Bool { false }

    public var failure: (any Error)? { nil }

    public var executor: (any TaskExecutor)? { nil }

    public func onLoss(_ action: @escaping @Sendable () -> Void) {}

    public func setAccess(_ access: Access) {}

    public func setStatementCacheCapacity(_ capacity: Int?) {}
}

/// What the next lease of a connection would find.
public enum ConnectionCondition: Sendable, Hashable {
    /// As a fresh connection: it can be granted at once.
    case clean
    /// It works, but its session was changed: ``PoolDriver/reset(_:)`` must come first.
    case dirty
    /// It cannot be used again.
    case broken
    /// It cannot be used again, and nor can any connection opened before now (the server restarted or failed over).
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
public enum CloseMode: Sendable, Hashable {
    /// Say goodbye to the server; nothing else is running on the connection.
    case orderly
    /// Do not wait for the server; a call may still be running on the connection.
    case forced
}

/// What an error means for the pool.
public enum Verdict: Sendable, Hashable {
    /// The connection is as good as before (a syntax error, a violated constraint).
    case keep
    /// This connection is broken.
    case discard
    /// This connection is broken, and every other that is open now with it: a restart, a failover.
    case discardGeneration
    /// The endpoint does not accept writes any more.
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

/// What a connect is told.
public struct ConnectRequest: Sendable, Hashable {
    /// The lane that the connection is for: its ``LaneConfiguration/name`` and ``LaneConfiguration/target`` identify
    /// it.
    public let lane: LaneConfiguration
    /// 1 for the first connect of the lane since its last success, then 2, 3 and so on.
    public let attempt: Int
    /// When the pool gives up on this connect.
    public let deadline: PoolInstant
    /// The time from the request to ``deadline``, for drivers that share it out; nil if there is no limit.
    public let timeout: Duration?
    /// Who logs in; nil is the user of the driver's own configuration.
    public let credentials: Credentials?
    /// The role that the session takes on for good: a reset comes back to it. Nil is none.
    public let role: String?

    public init(
        lane: LaneConfiguration, attempt: Int, deadline: PoolInstant, timeout: Duration? = nil,
        credentials: Credentials? = nil, role: String? = nil
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
public struct LaneConfiguration: Sendable, Hashable {
    /// The name in statistics, logs and errors: `"writer"`.
    public var name: String
    /// What the driver needs to tell one lane's connections from another's: an identity, a role, an endpoint. The pool
    /// passes it on unread.
    public var target: String
    /// The shard, or endpoint, that acquires ask for by this name in ``AcquireOptions/shard``; nil for a lane without
    /// one.
    public var shard: String?
    /// At most this many connections, and never more than the pool's own maximum.
    public var maximumConnections: Int
    /// The pool keeps at least this many open.
    public var minimumConnections: Int
    /// Which acquires the lane serves.
    public var serves: Set<Access>
    /// True if connections of this lane close after those of all others when the pool closes.
    public var closesLast: Bool

    public init(
        name: String, target: String = "", shard: String? = nil, maximumConnections: Int, minimumConnections: Int = 0,
        serves: Set<Access> = [.readOnly, .readWrite], closesLast: Bool = false
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

/// What the holder of a lease means to do.
public enum Access: Sendable, Hashable {
    case readWrite
    case readOnly
}
