/// The exclusive right to a connection.
///
/// A lease cannot be copied, stored or sent away while ``Pool/withConnection(_:fileID:line:_:)`` lends it: the compiler
/// refuses that. When it ends, the connection goes back to the pool.
public struct Lease<Driver: PoolDriver>: ~Copyable, Sendable {
    /// The connection, for extensions by drivers.
    public let handle: ConnectionHandle<Driver>
    /// The pooled connection, with a reference owned by the lease: it goes from and to the pool without being counted.
    @usableFromInline let pooled: ManualReference<PooledConnection>
    /// False for leases lent to hooks: ending them does not release the connection.
    @usableFromInline let isOwned: Bool
    @usableFromInline let access: PoolAccess
    /// The reason to close the connection when the lease ends, if there is one.
    @usableFromInline var discardReason: String?

    /// The connection's identity in logs, events and ``Pool/holders()``.
    public var id: ConnectionID { pooled.withObject { $0.id } }

    /// Begins a lease on a connection that was granted.
    ///
    /// - Parameter pooled: with a reference, which the lease takes over.
    @inlinable
    init(_ pooled: ManualReference<PooledConnection>, _ driverWithHooks: DriverWithHooks<Driver>, _ access: PoolAccess)
    {
        self.pooled = pooled
        isOwned = true
        self.access = access
        handle = ConnectionHandle(pooled, driverWithHooks)
        if access == .readOnly { handle.base.setAccess(.readOnly) }
    }

    /// A lease for a hook: its end does nothing.
    init(forHookOf driverWithHooks: DriverWithHooks<Driver>, _ pooled: PooledConnection) {
        self.pooled = ManualReference(retaining: pooled)
        isOwned = false
        access = .readWrite
        handle = ConnectionHandle(self.pooled, driverWithHooks)
    }

    @inlinable
    deinit {
        if access == .readOnly { handle.base.setAccess(.readWrite) }
        if isOwned {
            PoolShell.release(pooled, handle.base.condition, discardReason)
        } else {
            pooled.release()
        }
    }

    @usableFromInline var pool: PoolShell { pooled.withObject { $0.pool } }

    /// Gives the connection back now. A lease that goes out of scope does the same.
    public consuming func release() {}

    /// Closes the connection when the lease ends, because of a fault that its driver cannot know of.
    ///
    /// The lease itself goes on: one that is lent ends with the closure, one of your own with its scope or, earlier, by
    /// ``release()``. If called again, the first reason stays.
    ///
    /// - Parameter reason: the text that the log and ``PoolEvent`` show, as ``LeaseDiscarded``.
    public mutating func discard(reason: String) {
        discardReason = discardReason ?? reason
    }

    /// The tag that the session is set up for; nil for a session like new. With a tag the session is kept as it is when
    /// the lease ends (but for an open transaction, which is rolled back), for an acquire that asks for it: see
    /// ``AcquireOptions/tag``. Without one it is reset. An empty tag counts as nil.
    public var tag: PoolSessionTag? {
        get { pool.tag(of: id) }
        nonmutating set { pool.setTag(newValue, of: id) }
    }

    /// The error for a statement of this lease that left a transaction open where none may stay open.
    package func transactionLeftOpen() -> PoolError {
        pool.refusal(.transactionLeftOpen, lane: nil, pool.origin(of: id))
    }

    /// Clears the pool that the connection belongs to, as ``Pool/clear(interrupt:)`` does without an interrupt: this
    /// connection too is closed when its lease ends.
    ///
    /// - Returns: the number of connections that were or will be closed.
    @discardableResult
    public func clearPool() -> Int { pool.clear(interrupts: false) }
}
