public import Logging

/// A pool of connections to one database.
///
/// It works as soon as it exists. Close it when it is not needed any more: ``close()`` or ``close(drain:)``.
///
///     try await pool.withConnection { connection in
///         try await connection.execute("INSERT INTO audit(note) VALUES (\(note))")
///     }
public final class Pool<Driver: PoolDriver>: Sendable {
    @usableFromInline let shell: PoolShell
    @usableFromInline let backend: DriverBackend<Driver>

    public var configuration: PoolConfiguration { shell.configuration }

    /// Makes a pool and opens ``PoolConfiguration/minimumConnections`` in the background.
    ///
    /// - Parameters:
    ///   - configuration: limits and times; nil for the defaults.
    ///   - credentials: gives the pool its credentials, and new ones when they have expired; nil for those of the driver's
    ///     configuration.
    ///   - observer: hears of everything that the pool does.
    ///   - logger: nil for one with the label `pool.` and the pool's name.
    ///   - budget: shared with other pools, beside the pool's own maximum; nil for none.
    ///   - environment: time and randomness; tests step their own.
    /// - Throws: ``PoolConfigurationError``, also where the minimum does not fit into the budget, or what the driver throws for a pool that it cannot serve.
    public init(
        driver: Driver, configuration: PoolConfiguration? = nil, hooks: PoolHooks<Driver> = PoolHooks(),
        credentials: CredentialProvider? = nil, observer: (any PoolObserver)? = nil, logger: Logger? = nil,
        budget: PoolBudget? = nil, environment: PoolEnvironment = PoolEnvironment()
    ) throws {
        let configuration = try configuration ?? PoolConfiguration()
        let backend = DriverBackend(driver, hooks: hooks)
        self.backend = backend
        shell = try PoolShell(
            backend: backend, configuration: configuration,
            lanes: try driver.lanes(maximumConnections: configuration.maximumConnections).checked(),
            hooks: HookPresence(
                acquire: hooks.acquire != nil, session: hooks.session != nil, release: hooks.release != nil),
            credentials: credentials, observer: observer, logger: logger ?? Logger(label: "pool.\(configuration.name)"),
            environment: environment, budget: budget)
        shell.start()
    }

    deinit {
        shell.abandon()
    }

    // MARK: Using connections

    /// Leases a connection to `body`, and takes it back when `body` returns or throws.
    ///
    /// If the caller is not isolated to an actor and the driver's connections have a thread of their own, `body` runs on
    /// that thread: its calls on the connection then need no hop. Child tasks of `body` prefer that thread too, and so run
    /// there one at a time.
    ///
    /// - Throws: ``PoolError`` if no connection was to be had, `CancellationError` if the task was cancelled before, and what
    ///   `body` throws, as it is.
    @inlinable
    @discardableResult
    public func withConnection<Result>(
        _ options: AcquireOptions = AcquireOptions(), fileID: StaticString = #fileID, line: UInt = #line,
        _ body: (inout Lease<Driver>) async throws -> Result
    ) async throws -> Result {
        let claim = LeaseClaim(fileID: fileID, line: line, label: options.label)
        let answer = try shell.request(options, claim, isLent: true)
        let granted =
            if case .granted(let granted) = answer, granted.preparation == nil { granted } else {
                try await shell.acquire(options, claim, isLent: true, after: answer)
            }
        var lease = Lease(pool: shell, backend: backend, granted, options.access)
        let isolation: (any Actor)? = #isolation
        if let executor = executor(of: granted, from: isolation) {
            return try await run(body, with: &lease, on: executor)
        }
        return try await body(&lease)
    }

    /// Where a body that comes from `isolation` is to run, or nil to leave it there. A body that belongs to an actor stays:
    /// it would take its actor along to the connection's thread, and leave it there.
    @inlinable
    func executor(of granted: PendingAcquire.Granted, from isolation: (any Actor)?) -> (any TaskExecutor)? {
        isolation == nil ? granted.connection.executor : nil
    }

    @usableFromInline
    func run<Result>(
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
        let claim = LeaseClaim(fileID: fileID, line: line, label: options.label)
        let answer = try shell.request(options, claim, isLent: false)
        let granted = try await shell.acquire(options, claim, isLent: false, after: answer)
        return Lease(pool: shell, backend: backend, granted, options.access)
    }

    // MARK: Credentials

    /// Connections that are opened from now on log in with these, until they expire; then the pool's ``CredentialProvider`` is asked. What
    /// made connects fail before may be mended with it, so the pool tries again at once. Connections that are open stay open: see
    /// ``clear()``.
    public func setCredentials(_ credentials: Credentials) { shell.setCredentials(credentials) }

    // MARK: Looking in

    /// A snapshot: all its numbers are of the same moment.
    public var statistics: PoolStatistics { shell.statistics }

    /// Who holds a lease now, the longest first.
    public func holders() -> [LeaseHolder] { shell.holders() }

    /// What happens in the pool, from the moment on at which an iterator is made. Any number of readers may listen; one that is
    /// more than 256 events behind loses the oldest and is told how many. It ends when the pool is closed.
    public var events: PoolEvents { PoolEvents(hub: shell.hub) }

    // MARK: Ending

    /// Closes the pool if nobody holds a lease, and returns when all its connections are closed. Acquires that wait fail with
    /// ``PoolError/Code/closed``. Closing a closed pool does nothing.
    ///
    /// - Throws: ``PoolError`` with ``PoolError/Code/leasesHeld`` if leases are out; the pool then goes on as before.
    public func close() async throws { try await shell.close() }

    /// Refuses new acquires, fails those that wait, lets leases end for as long as `drain`, then interrupts their statements
    /// and closes their connections under them. Returns when all connections are closed.
    ///
    /// A driver that does not finish within another 5 s is left behind. Cancelling the task ends the drain at once.
    ///
    /// - Parameter drain: how long leases may go on; `.zero` interrupts them now.
    public func close(drain: Duration) async { await shell.close(drain: drain) }

    /// Suspends until the pool is closed; if the task is cancelled before, closes it as ``close(drain:)`` does. For service
    /// lifecycles: a pool works without it.
    ///
    /// - Parameter drain: how long leases may go on once the task is cancelled. The default is 10 s.
    public func run(drain: Duration = .seconds(10)) async { await shell.run(drain: drain) }

    /// Makes every connection that is open now unusable, after a change on the server that they must not outlive: idle ones
    /// are closed now, leased ones when they come back.
    ///
    /// - Returns: how many they are.
    @discardableResult
    public func clear() -> Int { shell.clear() }
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
