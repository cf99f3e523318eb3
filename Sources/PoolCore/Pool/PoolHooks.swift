/// Code of the application that runs at fixed points of a connection's life. All are nil by default.
///
/// The order in an acquire is connect (new connections), acquire, session. Hooks run in tasks of the pool, not of the caller. A hook
/// that throws closes the connection. Inside a hook the lease cannot be released: it ends when the hook returns.
public struct PoolHooks<Driver: PoolDriver>: Sendable {
    public typealias Hook = @Sendable (inout Lease<Driver>) async throws -> Void
    public typealias SessionHook = @Sendable (inout Lease<Driver>, SessionTag?) async throws -> Void

    /// Runs on each new connection, within ``PoolConfiguration/connectTimeout``, and again after a reset has undone what it
    /// did, within ``PoolConfiguration/resetTimeout``. What it sets up is what every lease finds. A throw counts as a failed
    /// connect.
    public var connect: Hook?
    /// Runs before each grant, within ``PoolConfiguration/validationTimeout``.
    public var acquire: Hook?
    /// Runs before an acquire returns, if the connection is new or its ``Lease/tag`` is not the one that is asked for (the second
    /// parameter; nil where none is). It must make the session fit the tag; once it returns, the tag is taken for granted, unless it has
    /// set another. A throw closes the connection and fails the acquire with what was thrown. It runs within the deadline of the
    /// acquire.
    public var session: SessionHook?
    /// Runs after each release, before the reset, within ``PoolConfiguration/resetTimeout``.
    public var release: Hook?
    /// Runs before a connection that still works is closed, for whatever reason but by force, within
    /// ``PoolConfiguration/resetTimeout``; what takes longer is interrupted by the close. A throw is logged, and changes nothing.
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
