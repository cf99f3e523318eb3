/// The exclusive right to a connection.
///
/// It cannot be copied, stored or sent away while ``Pool/withConnection(_:fileID:line:_:)`` lends it: the compiler sees
/// to that. When it ends, the connection goes back to the pool.
public struct Lease<Driver: PoolDriver>: ~Copyable, Sendable {
    public let handle: ConnectionHandle<Driver>
    /// With a reference that is the lease's own: it goes from and to the pool without being counted.
    @usableFromInline let seat: UncountedReference<Seat>
    /// False where the lease belongs to the pool's own work, which ends it itself.
    @usableFromInline let isOwned: Bool
    @usableFromInline let access: Access
    /// Why the connection is to be closed when the lease ends, if it is.
    @usableFromInline var discardReason: String?

    /// The connection's identity in logs, events and ``Pool/holders()``.
    public var id: ConnectionID { ConnectionID(ticket: seat.withObject { $0.ticket }) }

    /// - Parameter seat: with a reference, which the lease takes over.
    @inlinable
    init(_ seat: UncountedReference<Seat>, _ backend: DriverBackend<Driver>, _ access: Access) {
        self.seat = seat
        isOwned = true
        self.access = access
        handle = ConnectionHandle(seat, backend)
        if access == .readOnly { handle.base.setAccess(.readOnly) }
    }

    /// A lease for a hook: its end does nothing.
    init(forHookOf backend: DriverBackend<Driver>, _ seat: Seat) {
        self.seat = UncountedReference(counting: seat)
        isOwned = false
        access = .readWrite
        handle = ConnectionHandle(self.seat, backend)
    }

    @inlinable
    deinit {
        if access == .readOnly { handle.base.setAccess(.readWrite) }
        if isOwned {
            PoolShell.release(seat, handle.base.condition, discardReason)
        } else {
            seat.release()
        }
    }

    @usableFromInline var pool: PoolShell { seat.withObject { $0.pool } }
    @usableFromInline var ticket: ConnectionTicket { seat.withObject { $0.ticket } }

    /// Gives the connection back now. Letting the lease go out of scope does the same.
    public consuming func release() {}

    /// Has the connection closed when the lease ends, because something is wrong with it that its driver cannot know.
    ///
    /// The lease is not ended by it: one that is lent ends with the closure, one of your own with its scope or,
    /// earlier, by ``release()``. Where it is called again, the first reason stays.
    /// - Parameter reason: for the log.
    public mutating func discard(reason: String) {
        discardReason = discardReason ?? reason
    }

    /// What the session is set up for; nil for a session as new. With a tag the session is kept as it is when the lease
    /// ends (but for an open transaction, which is rolled back), for an acquire that asks for it: see
    /// ``AcquireOptions/tag``. Without one it is reset. An empty tag is none.
    public var tag: SessionTag? {
        get { pool.tag(of: ticket) }
        nonmutating set { pool.setTag(newValue, of: ticket) }
    }

    /// Clears the pool that the connection belongs to, as ``Pool/clear(interrupt:)`` does without an interrupt: this
    /// connection too is closed when its lease ends.
    ///
    /// - Returns: how many connections they are.
    @discardableResult
    public func clearPool() -> Int { pool.clear(interrupts: false) }
}

/// A connection that cannot be used by itself. Its contents are for driver authors: `@_spi(Driver) import PoolCore`.
///
/// It cannot be copied, so that no session of an application's own outlives the lease that the handle belongs to.
public struct ConnectionHandle<Driver: PoolDriver>: ~Copyable, Sendable {
    // The lease that the handle belongs to keeps both alive: to count references to them costs more than the rest of a
    // lease.
    @usableFromInline let unowned: UncountedReference<Driver.Connection>
    @usableFromInline let unownedBackend: UncountedReference<DriverBackend<Driver>>
    /// Keeps them alive where there is no lease.
    @usableFromInline let owner: Owner?

    @usableFromInline
    final class Owner: Sendable {
        let connection: Driver.Connection
        let backend: DriverBackend<Driver>

        init(_ connection: Driver.Connection, _ driver: Driver) {
            self.connection = connection
            backend = DriverBackend(driver)
        }
    }

    @_spi(Driver) public var connection: Driver.Connection { base }
    @_spi(Driver) public var driver: Driver { unownedBackend.withObject { $0.driver } }

    @_spi(Driver) public init(connection: Driver.Connection, driver: Driver) {
        let owner = Owner(connection, driver)
        self.owner = owner
        unowned = UncountedReference(toLiving: connection)
        unownedBackend = UncountedReference(toLiving: owner.backend)
    }

    @inlinable
    init(_ seat: UncountedReference<Seat>, _ backend: DriverBackend<Driver>) {
        // It is an object's address, and so there is one.
        unowned = unsafe UncountedReference(address: seat.withObject { $0.address }).unsafelyUnwrapped
        unownedBackend = UncountedReference(toLiving: backend)
        owner = nil
    }

    private init(sharing other: borrowing ConnectionHandle<Driver>) {
        unowned = other.unowned
        unownedBackend = other.unownedBackend
        owner = other.owner
    }

    @inlinable var base: Driver.Connection { unowned.object }

    /// The handle of a transaction within the session that this one belongs to.
    var shared: ConnectionHandle<Driver> { ConnectionHandle(sharing: self) }
}
