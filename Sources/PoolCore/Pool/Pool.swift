public import Logging

/// A pool of connections to one database.
public final class Pool<Driver: PoolDriver>: Sendable {
    let driver: Driver

    public init(
        driver: Driver, configuration: PoolConfiguration, hooks: PoolHooks<Driver> = .init(),
        observer: (any PoolObserver)? = nil, logger: Logger = Logger(label: "pool"), environment: PoolEnvironment = .init()
    ) throws {
        self.driver = driver
    }

    /// Leases a connection to `body`, and takes it back when `body` returns or throws.
    public func withConnection<Result>(
        _ options: AcquireOptions = AcquireOptions(), fileID: StaticString = #fileID, line: UInt = #line,
        _ body: (inout Lease<Driver>) async throws -> Result
    ) async throws -> Result {
        throw CancellationError()
    }

    /// Leases a connection for as long as the returned value lives.
    public func acquire(
        _ options: AcquireOptions = AcquireOptions(), fileID: StaticString = #fileID, line: UInt = #line
    ) async throws -> Lease<Driver> {
        throw CancellationError()
    }

    public func close() async throws {}
    public func close(drain: Duration) async {}
    @discardableResult public func clear() -> Int { 0 }
}


/// What a pool takes from the world around it, so that tests can step it.
public struct PoolEnvironment: Sendable {
    public var time: any PoolTime
    /// A uniformly distributed number; called under no lock.
    public var random: @Sendable () -> UInt64

    public init(time: any PoolTime = SystemTime(), random: @escaping @Sendable () -> UInt64 = { .random(in: .min ... .max) }) {
        self.time = time
        self.random = random
    }
}
