public import PoolCore

/// The facts about a driver that ``DriverConformance`` needs.
public struct ConformanceSubject<Driver: PoolDriver>: Sendable {
    /// Makes a driver for a place of its own, which allows at least four simultaneous connections. Called once for each
    /// check.
    public var makeDriver: @Sendable () async throws -> Driver
    /// Removes the place again. The default does nothing.
    public var dispose: @Sendable (Driver) async -> Void = { _ in }
    /// Short work that succeeds on a healthy connection, and leaves it clean: a ping.
    public var work: @Sendable (Driver.Connection) async throws -> Void
    /// Work that takes many seconds unless it is interrupted, by a cancelled task or by `cancel()`.
    public var longWork: @Sendable (Driver.Connection) async throws -> Void
    /// Makes a driver whose connects all fail until a person changes something. Nil, the default, leaves the check
    /// out.
    public var makeRefusedDriver: (@Sendable () async throws -> Driver)?
    /// The seed of all random choices in the checks. The default is 1.
    public var seed: UInt64 = 1
    /// How often work is cancelled at random moments. The default is 50.
    public var cancellationRounds = 50

    /// Makes a subject from the properties that have no default.
    public init(
        work: @escaping @Sendable (Driver.Connection) async throws -> Void,
        longWork: @escaping @Sendable (Driver.Connection) async throws -> Void,
        makeDriver: @escaping @Sendable () async throws -> Driver
    ) {
        self.work = work
        self.longWork = longWork
        self.makeDriver = makeDriver
    }
}
