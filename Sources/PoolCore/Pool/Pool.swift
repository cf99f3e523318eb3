public import Logging
internal import Synchronization

/// A pool of connections to one database.
///
/// It works as soon as it exists. Close it when it is not needed any more: ``close()`` or ``close(drain:)``.
///
///     try await pool.withConnection { connection in
///         try await connection.execute("INSERT INTO audit(note) VALUES (\(note))")
///     }
public final class Pool<Driver: PoolDriver>: Sendable {
    public let configuration: PoolConfiguration
    let driver: DriverBox<Driver>
    let hooks: PoolHooks<Driver>
    let time: any PoolTime
    let random: @Sendable () -> UInt64
    let logger: Logger
    let observer: (any PoolObserver)?
    let hub = EventHub()
    let alarm = Alarm()
    let startedAt: Nanoseconds
    let lanes: [LaneConfiguration]
    private let laneForReading: Int?
    private let laneForWriting: Int?
    let state: Mutex<PoolState<Driver>>

    /// Makes a pool and opens ``PoolConfiguration/minimumConnections`` in the background.
    ///
    /// - Parameters:
    ///   - configuration: limits and times; nil for the defaults.
    ///   - observer: hears of everything that the pool does.
    ///   - environment: time and randomness; tests step their own.
    /// - Throws: ``PoolConfigurationError``, or what the driver throws for a pool that it cannot serve.
    public init(
        driver: Driver, configuration: PoolConfiguration? = nil, hooks: PoolHooks<Driver> = PoolHooks(),
        observer: (any PoolObserver)? = nil, logger: Logger? = nil,
        environment: PoolEnvironment = PoolEnvironment()
    ) throws {
        let configuration = try configuration ?? PoolConfiguration()
        let lanes = try driver.lanes(maximumConnections: configuration.maximumConnections)
        try Self.check(lanes)
        self.configuration = configuration
        self.driver = DriverBox(driver)
        self.hooks = hooks
        self.observer = observer
        self.logger = logger ?? Logger(label: "pool.\(configuration.name)")
        self.lanes = lanes
        time = environment.time
        random = environment.random
        startedAt = environment.time.now().nanoseconds
        laneForReading = lanes.firstIndex { $0.serves.contains(.readOnly) }
        laneForWriting = lanes.firstIndex { $0.serves.contains(.readWrite) }
        let engine = Engine(
            configuration: EngineConfiguration(
                configuration, lanes: lanes, hasAcquireHook: hooks.acquire != nil, hasReleaseHook: hooks.release != nil))
        state = Mutex(PoolState(engine: engine, laneCount: lanes.count))
        transition { $0.engine.start(now: $1, effects: &$2) }
    }

    private static func check(_ lanes: [LaneConfiguration]) throws {
        for lane in lanes where lane.maximumConnections < 1 {
            throw PoolConfigurationError(
                property: "lane \(lane.name).maximumConnections", value: "\(lane.maximumConnections)",
                rule: "must be at least 1")
        }
        if lanes.isEmpty {
            throw PoolConfigurationError(property: "lanes", value: "[]", rule: "the driver must name at least one")
        }
    }

    deinit {
        // Leases and tasks at work keep the pool alive, so that what is left here is idle.
        alarm.stop()
        let connections = state.withLock { $0.takeAllConnections() }
        guard !connections.isEmpty else { return }
        logger.warning("The pool was dropped without being closed.", metadata: ["connections": "\(connections.count)"])
        let driver = driver.driver
        Task.detached {
            for connection in connections { await driver.close(connection, mode: .orderly) }
        }
    }

    // MARK: Using connections

    /// Leases a connection to `body`, and takes it back when `body` returns or throws.
    ///
    /// If the caller is not isolated to an actor and the driver's connections have a thread of their own, `body` runs on
    /// that thread: its calls on the connection then need no hop.
    ///
    /// - Throws: ``PoolError`` if no connection was to be had, `CancellationError` if the task was cancelled before, and what
    ///   `body` throws, as it is.
    public func withConnection<Result>(
        _ options: AcquireOptions = AcquireOptions(), fileID: StaticString = #fileID, line: UInt = #line,
        _ body: (inout Lease<Driver>) async throws -> Result
    ) async throws -> Result {
        var lease = try await lease(options, LeaseClaim(fileID: fileID, line: line, label: options.label), holder: currentTask())
        do {
            let isolation: (any Actor)? = #isolation
            if let executor = executor(of: lease, from: isolation) { return try await run(body, with: &lease, on: executor) }
            return try await body(&lease)
        } catch {
            lease.note(error)
            throw error
        }
    }

    /// Where a body that comes from `isolation` is to run, or nil to leave it there. A body that belongs to an actor stays:
    /// it would take its actor along to the connection's thread, and leave it there.
    private func executor(of lease: borrowing Lease<Driver>, from isolation: (any Actor)?) -> (any TaskExecutor)? {
        isolation == nil ? lease.handle.connection.executor : nil
    }

    private func run<Result>(
        _ body: (inout Lease<Driver>) async throws -> Result, with lease: inout Lease<Driver>,
        on executor: any TaskExecutor
    ) async throws -> Result {
        try await withTaskExecutorPreference(executor) {
            // The preference by itself does not move a body that runs where its caller runs; this hop does.
            await Task.yield()
            return try await body(&lease)
        }
    }

    /// Leases a connection for as long as the returned value lives. Prefer ``withConnection(_:fileID:line:_:)``, which also
    /// detects deadlocks.
    ///
    /// - Throws: ``PoolError`` if no connection was to be had, `CancellationError` if the task was cancelled before.
    public func acquire(
        _ options: AcquireOptions = AcquireOptions(), fileID: StaticString = #fileID, line: UInt = #line
    ) async throws -> Lease<Driver> {
        try await lease(options, LeaseClaim(fileID: fileID, line: line, label: options.label), holder: 0)
    }

    func lane(for access: Access) -> Int? {
        access == .readOnly ? laneForReading : laneForWriting
    }

    // MARK: The lock

    /// One transition: under the lock the engine decides and its effects are looked up; after it they are performed.
    func transition<Value: Sendable>(
        _ body: (inout PoolState<Driver>, Nanoseconds, inout EffectList) -> Value
    ) -> Value {
        let now = time.now().nanoseconds
        var actions = ShortList<Action<Driver>>()
        let value = state.withLock { state in
            var effects = EffectList()
            let value = body(&state, now, &effects)
            if !effects.isEmpty { resolve(effects, &state, now, &actions) }
            return value
        }
        if !actions.isEmpty { actions.forEach(perform) }
        return value
    }
}

/// A driver in a box of its own, so that handing it around costs one reference.
final class DriverBox<Driver: PoolDriver>: Sendable {
    let driver: Driver

    init(_ driver: Driver) {
        self.driver = driver
    }
}

/// What a pool takes from the world around it, so that tests can step it.
public struct PoolEnvironment: Sendable {
    public var time: any PoolTime
    /// Uniformly distributed numbers.
    public var random: @Sendable () -> UInt64

    public init(
        time: any PoolTime = SystemTime(), random: @escaping @Sendable () -> UInt64 = { .random(in: .min ... .max) }
    ) {
        self.time = time
        self.random = random
    }
}

/// Identifies the task that runs now, for as long as it lives.
func currentTask() -> UInt {
    withUnsafeCurrentTask { task in
        guard let task else { return 0 }
        // An UnsafeCurrentTask is a reference to the task, and nothing else.
        return unsafeBitCast(task, to: UInt.self)
    }
}
