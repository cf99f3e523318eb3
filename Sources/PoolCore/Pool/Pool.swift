public import Logging

/// A pool of connections to one database.
///
/// A pool works as soon as it exists. Close it when it is no longer needed: ``close()`` or ``close(drain:)``.
///
/// ```swift
/// try await pool.withConnection { connection in
///     try await connection.execute("INSERT INTO audit(note) VALUES (\("opened"))")
/// }
/// ```
public final class Pool<Driver: PoolDriver>: Sendable {
    @usableFromInline let shell: PoolShell
    @usableFromInline let driverWithHooks: DriverWithHooks<Driver>

    /// The limits and times in force.
    public var configuration: PoolConfiguration { shell.configuration }

    /// Makes a pool and opens ``PoolConfiguration/minimumConnections`` in the background.
    ///
    /// - Parameters:
    ///   - driver: opens the connections.
    ///   - configuration: limits and times; nil for the defaults.
    ///   - hooks: code of the application that runs at fixed points of a connection's life. The default is none.
    ///   - credentials: gives the pool its credentials, and new ones when they have expired; nil for those of the
    ///     driver's configuration.
    ///   - observer: called for everything that the pool does.
    ///   - logger: nil for a logger with the label `pool.` and the pool's name. At `warning` the pool logs connects
    ///     that fail, idle connections that were lost and leases that are held for too long; at `info` connections that
    ///     were closed because something is wrong with them, and clears; at `debug` the opening and closing of other
    ///     connections, acquires that fail, and the pool's own start and end; at `trace` each acquire, wait and
    ///     release. The level `trace` counts only if the logger has it when the pool is made; leases then take longer.
    ///   - budget: shared with other pools, beside the pool's own maximum; nil for none.
    ///   - environment: time and randomness; tests step their own.
    /// - Throws: ``PoolConfigurationError``, also if the minimum does not fit into the budget.
    public init(
        driver: Driver, configuration: PoolConfiguration? = nil, hooks: PoolHooks<Driver> = PoolHooks(),
        credentials: PoolCredentialProvider? = nil, observer: (any PoolObserver)? = nil, logger: Logger? = nil,
        budget: PoolBudget? = nil, environment: PoolEnvironment = PoolEnvironment()
    ) throws {
        let configuration = try configuration ?? PoolConfiguration()
        try configuration.check()
        let driverWithHooks = DriverWithHooks(driver, hooks: hooks)
        self.driverWithHooks = driverWithHooks
        shell = try PoolShell(
            driver: driverWithHooks, configuration: configuration,
            lanes: driver.lanes(maximumConnections: configuration.maximumConnections).checked(),
            hooks: HookPresence(
                acquire: hooks.acquire != nil, session: hooks.session != nil, release: hooks.release != nil,
                close: hooks.close != nil),
            credentials: credentials, observer: observer, logger: logger ?? Logger(label: "pool.\(configuration.name)"),
            environment: environment,
            permits: budget)
        shell.start()
    }

    deinit {
        shell.abandon()
    }

    // MARK: Using connections

    /// Leases a connection to `body`, and takes it back when `body` returns or throws.
    ///
    /// If the caller is not isolated to an actor and the driver's connections have a thread of their own, `body` runs
    /// on that thread: its calls on the connection then need no hop. Child tasks of `body` prefer that thread too, and
    /// run there one at a time, unless the driver's connections share their threads.
    ///
    /// The connection cannot be given to another task, because statements on it run one at a time. If `async let`
    /// captures it, the compiler (6.3) refuses that as a "noncopyable type that compiler can't verify".
    ///
    /// - Throws: ``PoolError`` if there was no connection to be had: a connect that fails for a passing reason (no
    ///   route, a server that starts) is repeated until the acquire's deadline; one that is refused for good (a
    ///   password, an unknown database) fails the acquire immediately. An error of one of the application's
    ///   ``PoolHooks``, immediately and unchanged. `CancellationError` if the task was cancelled before,
    ///   ``PoolConfigurationError`` for a value of `options` that makes no sense, and the error of `body`, unchanged.
    @inlinable
    @discardableResult
    public func withConnection<Result>(
        _ options: AcquireOptions = AcquireOptions(), fileID: StaticString = #fileID, line: UInt = #line,
        _ body: (inout Lease<Driver>) async throws -> Result
    ) async throws -> Result {
        try await lend(options, fileID, line, executor: { $0.executor }, body)
    }

    /// Leases a connection to `body`, in such a way that the lease cannot leave the task.
    ///
    /// - Parameter executor: the executor for a body that belongs to no actor; nil to leave it where it is. A body that
    ///   belongs to an actor stays: it would take its actor along to the connection's thread, and leave it there.
    @inlinable
    @inline(__always)
    package func lend<Result>(
        _ options: AcquireOptions, _ fileID: StaticString, _ line: UInt,
        executor: (Driver.Connection) -> (any TaskExecutor)?,
        _ body: (inout Lease<Driver>) async throws -> Result
    ) async throws -> Result {
        let answer = try shell.request(options, fileID, line, isLent: true)
        let isolation: (any Actor)? = #isolation
        // The fast path is separate: without a suspension before it, the compiler sees that the task is where it has to
        // be, and does not ask the runtime. That saves a fifth of an acquire-release round trip.
        if case .granted(let pooled) = answer,
            isolation != nil || executor(ConnectionHandle<Driver>(pooled, driverWithHooks).base) == nil
        {
            var lease = Lease(pooled, driverWithHooks, options.access)
            return try await body(&lease)
        }
        var lease = Lease(try await shell.finishAcquire(answer), driverWithHooks, options.access)
        if isolation == nil, let executor = executor(lease.handle.base) {
            return try await run(body, with: &lease, on: executor)
        }
        return try await body(&lease)
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

    /// Leases a connection for as long as the returned value lives. Prefer ``withConnection(_:fileID:line:_:)``, which
    /// also detects deadlocks.
    ///
    /// A lease goes back at the end of its scope, without a `defer`. Declare it as a `var` to run statements on it; a
    /// `let` is enough to hold it. Since it cannot be copied, hold several leases in variables of their own, and not in
    /// an array:
    ///
    /// ```swift
    /// var reader = try await pool.acquire(.readOnly)
    /// var writer = try await pool.acquire()
    /// for name in try await reader.query("SELECT name FROM old_users").decode(String.self) {
    ///     try await writer.execute("INSERT INTO users(name) VALUES (\(name))")
    /// }
    /// reader.release()  // now, and not only at the end of the scope
    /// let reserve = try await pool.acquire()
    /// _ = reserve.id
    /// ```
    ///
    /// - Throws: ``PoolError`` if there was no connection to be had, `CancellationError` if the task was cancelled
    ///   before, ``PoolConfigurationError`` for a value of `options` that makes no sense.
    public func acquire(
        _ options: AcquireOptions = AcquireOptions(), fileID: StaticString = #fileID, line: UInt = #line
    ) async throws -> Lease<Driver> {
        let pooled = try await shell.finishAcquire(shell.request(options, fileID, line, isLent: false))
        return Lease(pooled, driverWithHooks, options.access)
    }

    // MARK: Credentials

    /// Sets the credentials with which new connections log in, until the credentials expire; then the pool's
    /// ``PoolCredentialProvider`` is asked. New credentials may end the reason for which connects failed before, so the
    /// pool tries again immediately. Open connections stay open: ``clear(interrupt:)`` or ``rotate(over:)`` ends them.
    public func setCredentials(_ credentials: PoolCredentials) { shell.setCredentials(credentials) }

    // MARK: Changing

    /// Changes limits and times while the pool is in use.
    ///
    /// ```swift
    /// try await pool.reconfigure { $0.maximumConnections = 40 }
    /// ```
    ///
    /// The changed configuration is checked as a whole, and then put into force as a whole, or not at all. Waiting
    /// acquires keep their deadlines, and operations under way their time; the lifetimes of open connections are
    /// computed anew. Connections above a lowered maximum are closed: idle ones now, leased ones when they come back;
    /// the caller does not wait for those.
    ///
    /// Returns when the connections that it closed are closed, and the minimums are open or a connect for them has
    /// failed; after the connect timeout and 5 s at the latest. Cancelling the task ends the wait, and leaves the
    /// change in force.
    ///
    /// - Parameters:
    ///   - resetStatistics: also does what ``resetStatistics()`` does. The default is false.
    ///   - change: changes the configuration that is in force. The name cannot be changed.
    /// - Throws: ``PoolConfigurationError``, an error of `change` or of the driver, and ``PoolError`` with
    ///   ``PoolError/Code/reconfiguring``, ``PoolError/Code/draining`` or ``PoolError/Code/closed``; then nothing has
    ///   changed. `CancellationError`, and ``PoolError`` with ``PoolError/Code/closed`` if the pool began to close
    ///   meanwhile.
    public func reconfigure(
        resetStatistics: Bool = false, _ change: (inout PoolConfiguration) throws -> Void
    ) async throws {
        try await shell.reconfigure(resetsStatistics: resetStatistics, change)
    }

    /// Opens connections and waits for them: for the first load after a start, or to find out whether the database can
    /// be reached. A connect that fails for a passing reason is repeated, as for an acquire.
    ///
    /// The connections then belong to the pool like any others: those above the minimums end at the idle timeout.
    ///
    /// - Parameters:
    ///   - count: the number of connections to reach, in all lanes together, leased ones included. The default is the
    ///     greater of the configured minimums, and at least 1.
    ///   - timeout: the default is ``PoolConfiguration/acquireTimeout``; zero checks whether the connections are there
    ///     now.
    /// - Throws: ``PoolConfigurationError`` if `count` is not from 1 to ``PoolConfiguration/maximumConnections``, or
    ///   `timeout` is negative or longer than ``PoolConfiguration/longestDuration``; ``PoolError`` with
    ///   ``PoolError/Code/acquireTimedOut`` or ``PoolError/Code/connectRefused`` and the last connect error, or because
    ///   the pool is closing; `CancellationError`. Connections that were opened stay open.
    public func warmUp(to count: Int? = nil, timeout: Duration? = nil) async throws {
        try await shell.warmUp(to: count, timeout: timeout)
    }

    /// Replaces every connection that is open now by a new one, while the pool goes on serving: after a change of
    /// credentials, of DNS, or of the defaults that new sessions get.
    ///
    /// Connections are replaced one at a time, evenly over `duration`. If the pool has room, the new one is opened
    /// first; if it is full, one is closed first. So the pool never has more than one connection fewer than
    /// before. A connect that fails is repeated, and meanwhile no further connection is given up. Leased connections
    /// are replaced when they come back.
    ///
    /// Returns when all are replaced; or when `duration` has passed and only leased connections are left, which the
    /// pool then goes on to replace as they come back. Cancelling the task stops the rotation at its current point. A
    /// second rotation takes the place of the first, and both callers wait for it.
    ///
    /// - Parameter duration: `.zero` replaces the connections as fast as connects allow.
    /// - Throws: ``PoolConfigurationError`` if `duration` is negative or longer than
    ///   ``PoolConfiguration/longestDuration``. ``PoolError`` with ``PoolError/Code/connectRefused`` if a connect is
    ///   refused for good, with ``PoolError/Code/acquireTimedOut`` if `duration` has passed and a replacement takes
    ///   longer than the connect timeout and 5 s; the rotation then stops, and what is left stays as it is. With
    ///   ``PoolError/Code/closed`` or ``PoolError/Code/draining`` if the pool is closing. `CancellationError`.
    public func rotate(over duration: Duration) async throws {
        try await shell.rotate(over: duration)
    }

    /// Resets the counters of ``statistics``. Values of the present stay; the peaks start at the present values, and
    /// acquires that wait now count as enqueued.
    public func resetStatistics() { shell.resetStatistics() }

    // MARK: Looking in

    /// The state that the pool is in now.
    public var status: PoolStatus { shell.status }

    /// A snapshot: all its numbers are of the same moment.
    public var statistics: PoolStatistics { shell.statistics }

    /// The current holders of leases, the longest first.
    public func holders() -> [LeaseHolder] { shell.holders() }

    /// The events of the pool, starting when an iterator is made. To miss nothing, make the iterator before the task
    /// that reads it.
    ///
    /// ```swift
    /// let events = pool.events.makeAsyncIterator()
    /// Task {
    ///     var events = events
    ///     while let event = await events.next() { print(event) }
    /// }
    /// ```
    ///
    /// Any number of readers may listen; a reader that is more than 256 events behind loses the oldest and is told how
    /// many. The sequence ends when the pool is closed.
    public var events: PoolEvents { PoolEvents(hub: shell.hub) }

    // MARK: Ending

    /// Closes the pool if no lease is held, and returns when all its connections are closed. Acquires that wait fail
    /// with ``PoolError/Code/closed``.
    ///
    /// - Throws: ``PoolError`` with ``PoolError/Code/leasesHeld`` if leases are held, or with
    ///   ``PoolError/Code/reconfiguring`` during a ``reconfigure(resetStatistics:_:)``; the pool then goes on as
    ///   before. With ``PoolError/Code/draining`` or ``PoolError/Code/closed`` if it is already closing or closed.
    public func close() async throws { try await shell.close() }

    /// Refuses new acquires and waits up to `drain` for the leases to end; then interrupts the statements of the
    /// remaining leases, and closes their connections. Returns when all connections are closed.
    ///
    /// Acquires that wait for another lease to end fail immediately with ``PoolError/Code/closed``. Acquires whose
    /// connection is being opened, validated or reset, or for which there is room for one, are still served, and their
    /// leases have until the end of the drain; if the connect fails, or the drain ends before, they fail too.
    ///
    /// Connections that their driver does not close within another 5 s are abandoned. Cancelling the task ends the
    /// drain immediately. If the pool is already closing, the call joins that close, with the earlier end of the two
    /// drains.
    ///
    /// - Parameter drain: how long leases may go on; `.zero` interrupts them now.
    /// - Throws: ``PoolConfigurationError`` if `drain` is negative or longer than
    ///   ``PoolConfiguration/longestDuration``, and nothing else; the pool then goes on as before.
    public func close(drain: Duration) async throws { try await shell.close(drain: drain) }

    /// Suspends until the pool is closed; if the task is cancelled before, closes it as ``close(drain:)`` does. For
    /// service lifecycles: a pool works without it.
    ///
    /// - Parameter drain: how long leases may go on once the task is cancelled. The default is 10 s.
    /// - Throws: ``PoolConfigurationError``, immediately, if `drain` is negative or longer than
    ///   ``PoolConfiguration/longestDuration``.
    public func run(drain: Duration = .seconds(10)) async throws { try await shell.run(drain: drain) }

    /// Runs `body`, and closes the pool when that returns or throws; returns when all connections are closed.
    ///
    /// ```swift
    /// import PoolPostgres
    ///
    /// try await PostgresPool(url: "postgres://app@db.local/shop").run { pool in
    ///     try await pool.execute("INSERT INTO audit(note) VALUES (\("opened"))")
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - drain: how long leases of other tasks may go on after `body`, also if the task is cancelled. The default is
    ///     10 s.
    /// - Throws: the error of `body`, unchanged. ``PoolConfigurationError``, before `body` is called, if `drain` is
    ///   negative or longer than ``PoolConfiguration/longestDuration``.
    @discardableResult
    public func run<Result>(
        drain: Duration = .seconds(10), _ body: (Pool<Driver>) async throws -> Result
    ) async throws -> Result {
        try PoolShell.check(drain: drain)
        do {
            let result = try await body(self)
            await shell.closeAfterwards(drain: drain)
            return result
        } catch {
            await shell.closeAfterwards(drain: drain)
            throw error
        }
    }

    /// Makes every connection that is open or being opened now unusable, after a change on the server that they must
    /// not outlive: idle ones are closed now, leased ones when they come back, others when they are open. The call does
    /// not wait until they are closed.
    ///
    /// - Parameter interrupt: closes the leased ones now too, and interrupts their statements: the next call of such a
    ///   lease throws. The default is false.
    /// - Returns: the number of these connections.
    @discardableResult
    public func clear(interrupt: Bool = false) -> Int { shell.clear(interrupts: interrupt) }
}
