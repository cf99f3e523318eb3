/// A connection, for driver authors only: its contents are visible with `@_spi(Driver) import PoolCore`.
///
/// A handle cannot be copied, so that no session of an application's own outlives the lease that the handle belongs to.
public struct ConnectionHandle<Driver: PoolDriver>: ~Copyable, Sendable {
    // Uncounted, because the lease that the handle belongs to keeps both alive: counting references to them would cost
    // more than the rest of a lease.
    @usableFromInline let unowned: ManualReference<Driver.Connection>
    @usableFromInline let unownedDriver: ManualReference<DriverWithHooks<Driver>>
    /// Keeps the connection and the driver alive for a handle without a lease; else nil.
    @usableFromInline let owner: Owner?

    @usableFromInline
    final class Owner: Sendable {
        let connection: Driver.Connection
        let driverWithHooks: DriverWithHooks<Driver>

        init(_ connection: Driver.Connection, _ driver: Driver) {
            self.connection = connection
            driverWithHooks = DriverWithHooks(driver)
        }
    }

    /// The connection in its driver's type.
    @_spi(Driver) public var connection: Driver.Connection { base }
    /// The driver of the connection.
    @_spi(Driver) public var driver: Driver { unownedDriver.withObject { $0.driver } }

    /// Makes a handle that belongs to no pool and keeps the connection and the driver alive.
    @_spi(Driver) public init(connection: Driver.Connection, driver: Driver) {
        let owner = Owner(connection, driver)
        self.owner = owner
        unowned = ManualReference(borrowing: connection)
        unownedDriver = ManualReference(borrowing: owner.driverWithHooks)
    }

    @inlinable
    init(_ pooled: ManualReference<PooledConnection>, _ driverWithHooks: DriverWithHooks<Driver>) {
        // Never nil: `address` was taken from a live object in PooledConnection.init.
        unowned = unsafe ManualReference(address: pooled.withObject { $0.address }).unsafelyUnwrapped
        unownedDriver = ManualReference(borrowing: driverWithHooks)
        owner = nil
    }

    private init(sharing other: borrowing ConnectionHandle<Driver>) {
        unowned = other.unowned
        unownedDriver = other.unownedDriver
        owner = other.owner
    }

    @inlinable package var base: Driver.Connection { unowned.object }

    /// A second handle, for a transaction within the session that this one belongs to.
    package var shared: ConnectionHandle<Driver> { ConnectionHandle(sharing: self) }
}
