/// The exclusive right to a connection.
///
/// A lease cannot be copied, stored or sent away while ``Pool/withConnection(_:fileID:line:_:)`` lends it: the compiler
/// refuses that. When it ends, the connection goes back to the pool.
public struct Lease<Driver: PoolDriver>: ~Copyable, Sendable {
    /// The connection, for extensions by drivers.
    public let handle: ConnectionHandle<Driver>
    /// The pooled connection, with a reference owned by the lease: it goes from and to the pool without being counted.
    @usableFromInline let seat: UncountedReference<Seat>
    /// False for leases lent to hooks: ending them does not release the connection.
    @usableFromInline let isOwned: Bool
    @usableFromInline let access: PoolAccess
    /// The reason to close the connection when the lease ends, if there is one.
    @usableFromInline var discardReason: String?

    /// The connection's identity in logs, events and ``Pool/holders()``.
    public var id: ConnectionID { ConnectionID(ticket: seat.withObject { $0.ticket }) }

    /// Begins a lease on a connection that was granted.
    ///
    /// - Parameter seat: with a reference, which the lease takes over.
    @inlinable
    init(_ seat: UncountedReference<Seat>, _ backend: DriverBackend<Driver>, _ access: PoolAccess) {
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

    /// Gives the connection back now. A lease that goes out of scope does the same.
    public consuming func release() {}

    /// Closes the connection when the lease ends, because of a fault that its driver cannot know of.
    ///
    /// The lease itself goes on: one that is lent ends with the closure, one of your own with its scope or, earlier, by
    /// ``release()``. If called again, the first reason stays.
    /// - Parameter reason: for the log.
    public mutating func discard(reason: String) {
        discardReason = discardReason ?? reason
    }

    /// The tag that the session is set up for; nil for a session like new. With a tag the session is kept as it is when
    /// the lease ends (but for an open transaction, which is rolled back), for an acquire that asks for it: see
    /// ``AcquireOptions/tag``. Without one it is reset. An empty tag counts as nil.
    public var tag: PoolSessionTag? {
        get { pool.tag(of: ticket) }
        nonmutating set { pool.setTag(newValue, of: ticket) }
    }

    /// The error for a statement of this lease that left a transaction open where none may stay open.
    package func transactionLeftOpen() -> PoolError {
        pool.refusal(.transactionLeftOpen, lane: nil, pool.claim(of: ticket))
    }

    /// Clears the pool that the connection belongs to, as ``Pool/clear(interrupt:)`` does without an interrupt: this
    /// connection too is closed when its lease ends.
    ///
    /// - Returns: the number of connections that were or will be closed.
    @discardableResult
    public func clearPool() -> Int { pool.clear(interrupts: false) }
}

/// A connection, for driver authors only: its contents are visible with `@_spi(Driver) import PoolCore`.
///
/// A handle cannot be copied, so that no session of an application's own outlives the lease that the handle belongs to.
public struct ConnectionHandle<Driver: PoolDriver>: ~Copyable, Sendable {
    // Uncounted, because the lease that the handle belongs to keeps both alive: counting references to them would cost
    // more than the rest of a lease.
    @usableFromInline let unowned: UncountedReference<Driver.Connection>
    @usableFromInline let unownedBackend: UncountedReference<DriverBackend<Driver>>
    /// Keeps the connection and the driver alive for a handle without a lease; else nil.
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

    /// The connection in its driver's type.
    @_spi(Driver) public var connection: Driver.Connection { base }
    /// The driver of the connection.
    @_spi(Driver) public var driver: Driver { unownedBackend.withObject { $0.driver } }

    /// Makes a handle that belongs to no pool and keeps the connection and the driver alive.
    @_spi(Driver) public init(connection: Driver.Connection, driver: Driver) {
        let owner = Owner(connection, driver)
        self.owner = owner
        unowned = UncountedReference(toLiving: connection)
        unownedBackend = UncountedReference(toLiving: owner.backend)
    }

    @inlinable
    init(_ seat: UncountedReference<Seat>, _ backend: DriverBackend<Driver>) {
        // Never nil: `address` was taken from a live object in Seat.init.
        unowned = unsafe UncountedReference(address: seat.withObject { $0.address }).unsafelyUnwrapped
        unownedBackend = UncountedReference(toLiving: backend)
        owner = nil
    }

    private init(sharing other: borrowing ConnectionHandle<Driver>) {
        unowned = other.unowned
        unownedBackend = other.unownedBackend
        owner = other.owner
    }

    @inlinable package var base: Driver.Connection { unowned.object }

    /// A second handle, for a transaction within the session that this one belongs to.
    package var shared: ConnectionHandle<Driver> { ConnectionHandle(sharing: self) }
}
