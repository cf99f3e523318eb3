/// Code of the application that runs at fixed points of a connection's life. All are nil by default.
///
/// The order in an acquire is connect (new connections), acquire, session. Hooks run in tasks of the pool, not of the
/// caller, and see none of its task-local values. A hook that throws closes the connection. Inside a hook the lease
/// cannot be released: it ends when the hook returns.
///
/// What a connect, acquire or session hook throws fails those who wait for it at once, and reaches them as it is: a
/// typo in a statement of the hook is not mended by waiting. Two things are repeated instead, within the deadlines of
/// those who wait and no faster than after failed connects: what throws ``PoolTryAgain``, as a hook does that found the
/// wrong server; and a connect or acquire hook whose connection broke under it, as with a server that goes down. A
/// connect, acquire or session hook that leaves a transaction open fails with ``HookLeftTransactionOpen``.
public struct PoolHooks<Driver: PoolDriver>: Sendable {
    public typealias Hook = @Sendable (inout Lease<Driver>) async throws -> Void
    public typealias SessionHook = @Sendable (inout Lease<Driver>, SessionTag?) async throws -> Void

    /// Runs on each new connection, within ``PoolConfiguration/connectTimeout``, and again after a reset has undone
    /// what it did, within ``PoolConfiguration/resetTimeout``. What it sets up is what every lease finds, and counts as
    /// a clean session. Where it throws, the connect has failed; acquires fail with what it has thrown if the pool has
    /// no other connection for them.
    public var connect: Hook?
    /// Runs before each grant, within ``PoolConfiguration/validationTimeout``. Where it throws, the acquire that comes
    /// next fails.
    public var acquire: Hook?
    /// Runs before an acquire returns, within its deadline, unless the session is as this hook left it for the same
    /// ``Lease/tag`` (the second parameter; nil where none is asked for): on a new connection, for another tag, and
    /// after a reset. It must make the session fit the tag; once it returns, the tag is taken for granted, unless it
    /// has set another.
    ///
    /// What it changes for a tag stays with the tag. What it changes for no tag is undone by the reset after the lease,
    /// and done again for the next: set up in ``connect`` what all leases are to find, which costs them nothing.
    ///
    /// A throw closes the connection and fails the acquire with what was thrown, or gets it another connection if that
    /// was ``PoolTryAgain``. Nothing of it is held against the server: a hook that fails, takes too long or is
    /// cancelled delays no other acquire.
    public var session: SessionHook?
    /// Runs after each release, before the reset, within ``PoolConfiguration/resetTimeout``.
    public var release: Hook?
    /// Runs before a connection that still works is closed, for whatever reason but by force, within
    /// ``PoolConfiguration/resetTimeout``; what takes longer is interrupted by the close. A throw is logged, and
    /// changes nothing.
    public var close: Hook?

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

/// Which hooks there are.
struct HookPresence {
    var acquire = false
    var session = false
    var release = false
    var close = false
}
