/// Code of the application that runs at fixed points of a connection's life. All are nil by default.
///
/// The order in an acquire is connect (new connections), acquire, session. Hooks run in tasks of the pool, not of the
/// caller, and see none of its task-local values. A hook that throws closes the connection. Inside a hook the lease
/// cannot be released: it ends when the hook returns.
///
/// An error of a connect, acquire or session hook fails the waiting acquires immediately, and reaches them unchanged:
/// waiting does not mend a typo in a statement of the hook. Two failures are repeated instead, within the deadlines of
/// these acquires and no faster than after failed connects: ``PoolTryAgain``, for a hook that found the wrong server;
/// and a connect or acquire hook whose connection broke under it, as with a server that goes down. A connect, acquire
/// or session hook that leaves a transaction open fails with ``PoolHookLeftTransactionOpen``.
public struct PoolHooks<Driver: PoolDriver>: Sendable {
    /// A hook that gets the connection as a lease.
    public typealias Hook = @Sendable (inout Lease<Driver>) async throws -> Void
    /// A hook that gets the connection as a lease, and the tag that the acquire asks for, or nil.
    public typealias SessionHook = @Sendable (inout Lease<Driver>, PoolSessionTag?) async throws -> Void

    /// Runs on each new connection, within ``PoolConfiguration/connectTimeout``, and again after a reset has undone its
    /// work, within ``PoolConfiguration/resetTimeout``. Every lease finds what it sets up, which counts as a clean
    /// session. If it throws, the connect has failed; acquires fail with its error if the pool has no other connection
    /// for them.
    public var connect: Hook?
    /// Runs before each grant, within ``PoolConfiguration/validationTimeout``. If it throws, the acquire that is next
    /// in the queue fails with its error.
    public var acquire: Hook?
    /// Runs before an acquire returns, within its deadline, unless the session is as this hook left it for the same
    /// ``Lease/tag`` (the second parameter; nil if the acquire asks for none): on a new connection, for another tag,
    /// and after a reset. It must make the session fit the tag; once it returns, the session counts as set up for the
    /// tag, unless the hook has set another.
    ///
    /// Changes made for a tag stay with the tag. Changes made for no tag are undone by the reset after the lease, and
    /// made again for the next: set up in ``connect`` what all leases are to find, which costs them nothing.
    ///
    /// A throw closes the connection and fails the acquire with the thrown error, or gets it another connection if that
    /// was ``PoolTryAgain``. The failure does not count against the server: a hook that fails, takes too long or is
    /// cancelled delays no other acquire.
    public var session: SessionHook?
    /// Runs after each release, before the reset, within ``PoolConfiguration/resetTimeout``.
    public var release: Hook?
    /// Runs before a working connection is closed in an orderly way, for any reason, within
    /// ``PoolConfiguration/resetTimeout``; a hook that takes longer is interrupted by the close. A throw is logged, and
    /// changes nothing. A connection that is closed by force has no close hook.
    public var close: Hook?

    /// Makes a set of hooks; all are nil by default.
    public init(
        connect: Hook? = nil, acquire: Hook? = nil, session: SessionHook? = nil, release: Hook? = nil,
        close: Hook? = nil
    ) {
        self.connect = connect
        self.acquire = acquire
        self.session = session
        self.release = release
        self.close = close
    }
}

extension Pool {
    /// The hooks of this pool's driver: `PostgresPool.Hooks(connect: { … })`.
    public typealias Hooks = PoolHooks<Driver>
}
