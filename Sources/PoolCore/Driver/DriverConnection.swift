/// A connection of a driver, as the pool sees it.
///
/// The pool calls each function from tasks of its own, never under a lock, and never two at the same time for one
/// connection, with two exceptions: ``close(_:)`` and ``cancel()`` may come while another call is still running, or
/// about to begin, when that call has passed its deadline. A call on a closed connection throws.
public protocol DriverConnection: AnyObject, Sendable {
    // MARK: Life

    /// Proves with a round trip that the connection still works. A throw closes the connection.
    func validate() async throws

    /// Scrubs the session, whose ``condition`` was dirty at its release. A throw closes the connection.
    func reset() async throws

    /// Ends what a lease left open on a session that is to be kept: a transaction is rolled back, a statement that is
    /// still running is stopped; settings, temporary tables and the like stay. A throw closes the connection. The
    /// default is ``reset()``, with which leases keep nothing.
    func endUnfinishedWork() async throws

    /// Makes the session as it is now the one that counts as clean. Called after the application's connect hook, which
    /// may have changed it. The default does nothing.
    func acceptSessionAsClean()

    /// Ends the session and frees what it held. Called exactly once for each connection that
    /// ``PoolDriver/connect(_:)`` returned.
    ///
    /// With ``ConnectionCloseMode/forced`` another call may still be running: interrupt it, and free what it uses only
    /// after it has returned. A call that was about to begin may still come: let it throw.
    func close(_ mode: ConnectionCloseMode) async

    // MARK: State and control, without I/O

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
    /// The default resets the session with ``reset()``.
    public func endUnfinishedWork() async throws { try await reset() }

    /// The default does nothing.
    public func acceptSessionAsClean() {}

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
