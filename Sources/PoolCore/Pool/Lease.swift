/// The exclusive right to a connection.
///
/// It cannot be copied, stored or sent away while ``Pool/withConnection(_:fileID:line:_:)`` lends it: the compiler sees to
/// that. When it ends, the connection goes back to the pool.
public struct Lease<Driver: PoolDriver>: ~Copyable {
    public let handle: ConnectionHandle<Driver>
    /// Nil where the lease belongs to the pool's own work, which ends it itself.
    private let pool: Pool<Driver>?
    private let ticket: ConnectionTicket
    private var discardReason: String?
    private var endsGeneration = false

    /// The connection's identity in logs, events and ``Pool/holders()``.
    public var id: ConnectionID { ConnectionID(ticket: ticket) }

    init(pool: Pool<Driver>, ticket: ConnectionTicket, connection: Driver.Connection) {
        self.pool = pool
        self.ticket = ticket
        handle = ConnectionHandle(connection: connection, driver: pool.driver)
    }

    /// A lease for a hook: its end does nothing.
    init(forHookOf pool: Pool<Driver>, ticket: ConnectionTicket, connection: Driver.Connection) {
        self.pool = nil
        self.ticket = ticket
        handle = ConnectionHandle(connection: connection, driver: pool.driver)
    }

    deinit {
        pool?.release(ticket, handle.connection, discardReason, endsGeneration: endsGeneration)
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

    /// Draws the conclusions from an error that ended the use of the lease.
    mutating func note(_ error: any Error) {
        switch handle.driver.verdict(on: error) {
        case .discard:
            discardReason = "\(error)"
        case .discardGeneration, .endpointReadOnly:
            discardReason = "\(error)"
            endsGeneration = true
        case .keep, .refused, .serverFull, .serverStarting, .statementsStale:
            break
        }
    }

    /// Why the connection is to be closed when the lease ends, if it is.
    var invalidation: String? { discardReason }
}

/// A connection that cannot be used by itself. Its contents are for driver authors: `@_spi(Driver) import PoolCore`.
public struct ConnectionHandle<Driver: PoolDriver>: Sendable {
    @_spi(Driver) public let connection: Driver.Connection
    private let box: DriverBox<Driver>

    @_spi(Driver) public var driver: Driver { box.driver }

    @_spi(Driver) public init(connection: Driver.Connection, driver: Driver) {
        self.init(connection: connection, driver: DriverBox(driver))
    }

    init(connection: Driver.Connection, driver box: DriverBox<Driver>) {
        self.connection = connection
        self.box = box
    }
}
