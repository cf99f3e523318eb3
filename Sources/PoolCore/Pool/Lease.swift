/// The exclusive right to a connection.
///
/// It cannot be copied, stored or sent away while ``Pool/withConnection(_:fileID:line:_:)`` lends it: the compiler sees to
/// that. When it ends, the connection goes back to the pool.
public struct Lease<Driver: PoolDriver>: ~Copyable {
    public let handle: ConnectionHandle<Driver>
    @usableFromInline let pool: PoolShell
    /// False where the lease belongs to the pool's own work, which ends it itself.
    @usableFromInline let isOwned: Bool
    @usableFromInline let ticket: ConnectionTicket
    @usableFromInline let access: Access
    @usableFromInline var discardReason: String?

    /// The connection's identity in logs, events and ``Pool/holders()``.
    public var id: ConnectionID { ConnectionID(ticket: ticket) }

    @inlinable
    init(pool: PoolShell, backend: DriverBackend<Driver>, _ granted: PendingAcquire.Granted, _ access: Access) {
        self.pool = pool
        isOwned = true
        ticket = granted.ticket
        self.access = access
        handle = ConnectionHandle(
            connection: DriverBackend<Driver>.typed(granted.connection), backend: backend)
        if access == .readOnly { handle.base.setAccess(.readOnly) }
    }

    /// A lease for a hook: its end does nothing.
    init(forHookOf backend: DriverBackend<Driver>, _ lending: HookLending, connection: Driver.Connection) {
        pool = lending.pool
        isOwned = false
        ticket = lending.ticket
        access = .readWrite
        handle = ConnectionHandle(connection: connection, backend: backend)
    }

    @inlinable
    deinit {
        if access == .readOnly { handle.base.setAccess(.readWrite) }
        if isOwned { pool.release(ticket, handle.base, discardReason) }
    }

    /// Gives the connection back now. Letting the lease go out of scope does the same.
    public consuming func release() {}

    /// Gives the connection back to be closed, because something is wrong with it that its driver cannot know.
    /// - Parameter reason: for the log.
    public consuming func discard(reason: String) {
        discardReason = reason
    }

    /// Has the connection closed when the lease ends; for leases that are lent and so cannot be ended early.
    /// - Parameter reason: for the log.
    public mutating func invalidate(reason: String) {
        discardReason = reason
    }

    /// What the session is set up for; nil for a session as new. With a tag the session is kept as it is when the lease ends (but for an
    /// open transaction, which is rolled back), for an acquire that asks for it: see ``AcquireOptions/tag``. Without one it is
    /// reset. An empty tag is none.
    public var tag: SessionTag? {
        get { pool.tag(of: ticket) }
        nonmutating set { pool.setTag(newValue, of: ticket) }
    }

    /// Clears the pool that the connection belongs to, as ``Pool/clear(interrupt:)`` does without an interrupt: this connection
    /// too is closed when its lease ends.
    ///
    /// - Returns: how many connections they are.
    @discardableResult
    public func clearPool() -> Int { pool.clear(interrupts: false) }

    /// Why the connection is to be closed when the lease ends, if it is.
    var invalidation: String? { discardReason }
}

/// A connection that cannot be used by itself. Its contents are for driver authors: `@_spi(Driver) import PoolCore`.
///
/// It cannot be copied, so that no session of an application's own outlives the lease that the handle belongs to.
public struct ConnectionHandle<Driver: PoolDriver>: ~Copyable, Sendable {
    @usableFromInline let base: Driver.Connection
    @usableFromInline let backend: DriverBackend<Driver>

    @_spi(Driver) public var connection: Driver.Connection { base }
    @_spi(Driver) public var driver: Driver { backend.driver }

    @_spi(Driver) public init(connection: Driver.Connection, driver: Driver) {
        self.init(connection: connection, backend: DriverBackend(driver))
    }

    @inlinable
    init(connection: Driver.Connection, backend: DriverBackend<Driver>) {
        base = connection
        self.backend = backend
    }

    /// The handle of a transaction within the session that this one belongs to.
    var shared: ConnectionHandle<Driver> {
        ConnectionHandle(connection: base, backend: backend)
    }
}
