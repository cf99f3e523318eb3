/// A connection that cannot be used by itself. Its contents are for driver authors: `@_spi(Driver) import PoolCore`.
public struct ConnectionHandle<Driver: PoolDriver>: Sendable {
    @_spi(Driver) public let connection: Driver.Connection
    @_spi(Driver) public let driver: Driver

    @_spi(Driver) public init(connection: Driver.Connection, driver: Driver) {
        self.connection = connection
        self.driver = driver
    }
}
