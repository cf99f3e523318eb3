/// Code of the application that runs at fixed points of a connection's life. All are nil by default.
///
/// Hooks run in tasks of the pool, not of the caller. A hook that throws closes the connection. Inside a hook the lease
/// cannot be released: it ends when the hook returns.
public struct PoolHooks<Driver: PoolDriver>: Sendable {
    public typealias Hook = @Sendable (inout Lease<Driver>) async throws -> Void

    /// Runs on each new connection, within ``PoolConfiguration/connectTimeout``, and again after a reset has undone what it
    /// did, within ``PoolConfiguration/resetTimeout``. What it sets up is what every lease finds. A throw counts as a failed
    /// connect.
    public var connect: Hook?
    /// Runs before each grant, within ``PoolConfiguration/validationTimeout``.
    public var acquire: Hook?
    /// Runs after each release, before the reset, within ``PoolConfiguration/resetTimeout``.
    public var release: Hook?

    public init(connect: Hook? = nil, acquire: Hook? = nil, release: Hook? = nil) {
        self.connect = connect
        self.acquire = acquire
        self.release = release
    }
}
