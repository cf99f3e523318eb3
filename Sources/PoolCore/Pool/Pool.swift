public import Logging

/// A pool of connections to one database.
///
/// It works as soon as it exists. Close it when it is not needed any more: ``close()`` or ``close(drain:)``.
///
/// ```swift
/// try await pool.withConnection { connection in
///     try await connection.execute("INSERT INTO audit(note) VALUES (\("opened"))")
/// }
/// ```
public final class Pool<Driver: PoolDriver>: Sendable {
    @usableFromInline let shell: PoolShell
    @usableFromInline let backend: DriverBackend<Driver>

    /// The limits and times that are in force.
    public var configuration: PoolConfiguration { shell.configuration }

    /// Makes a pool and opens ``PoolConfiguration/minimumConnections`` in the background.
    ///
    /// - Parameters:
    ///   - configuration: limits and times; nil for the defaults.
    ///   - credentials: gives the pool its credentials, and new ones when they have expired; nil for those of the
    ///     driver's configuration.
    ///   - observer: hears of everything that the pool does.
    ///   - logger: nil for one with the label `pool.` and the pool's name. At `warning` it hears of connects that fail,
    ///     of idle connections that were lost and of leases that are held for too long; at `info` of connections that
    ///     were closed because something is wrong with them, and of clears; at `debug` of the other connections'
    ///     opening and closing, of acquires that fail, and of the pool's own making and end; at `trace` of each
    ///     acquire, wait and release. Only a logger whose level is `trace` when the pool is made hears of those, and
    ///     leases then take longer.
    ///   - budget: shared with other pools, beside the pool's own maximum; nil for none.
    ///   - environment: time and randomness; tests step their own.
    /// - Throws: ``PoolConfigurationError``, also where the minimum does not fit into the budget, or what the driver
    ///   throws for a pool that it cannot serve.
    public init(
        driver: Driver, configuration: PoolConfiguration? = nil, hooks: PoolHooks<Driver> = PoolHooks(),
        credentials: CredentialProvider? = nil, observer: (any PoolObserver)? = nil, logger: Logger? = nil,
        budget: PoolBudget? = nil, environment: PoolEnvironment = PoolEnvironment()
    ) throws {
        let configuration = try configuration ?? PoolConfiguration()
        try configuration.check()
        let backend = DriverBackend(driver, hooks: hooks)
        self.backend = backend
        shell = try PoolShell(
            backend: backend, configuration: configuration,
            lanes: try driver.lanes(maximumConnections: configuration.maximumConnections).checked(),
            hooks: HookPresence(
                acquire: hooks.acquire != nil, session: hooks.session != nil, release: hooks.release != nil,
                close: hooks.close != nil),
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
    /// If the caller is not isolated to an actor and the driver's connections have a thread of their own, `body` runs
    /// on that thread: its calls on the connection then need no hop. Child tasks of `body` prefer that thread too, and
    /// run there one at a time, unless the driver's connections share their threads.
    ///
    /// The connection cannot be given to another task, as statements on it run one at a time. Where `async let`
    /// captures it, the compiler (6.3) refuses that as a "noncopyable type that compiler can't verify".
    ///
    /// - Throws: ``PoolError`` if no connection was to be had: a connect that fails for a passing reason (no route, a
    ///   server that starts) is repeated until the acquire's deadline, one that is refused for good (a password, an
    ///   unknown database) fails at once. What one of the application's ``PoolHooks`` throws, at once and as it is.
    ///   `CancellationError` if the task was cancelled before, ``PoolConfigurationError`` for a value of `options` that
    ///   makes no sense, and what `body` throws, as it is.
    @inlinable
    @discardableResult
    public func withConnection<Result>(
        _ options: AcquireOptions = AcquireOptions(), fileID: StaticString = #fileID, line: UInt = #line,
        _ body: (inout Lease<Driver>) async throws -> Result
    ) async throws -> Result {
        try await lend(options, fileID, line, executor: { $0.executor }, body)
    }

    /// Leases a connection to `body`, where it cannot leave the task.
    ///
    /// - Parameter executor: where a body runs that belongs to no actor; nil to leave it where it is. A body that
    ///   belongs to an actor stays: it would take its actor along to the connection's thread, and leave it there.
    @inlinable
    @inline(__always)
    func lend<Result>(
        _ options: AcquireOptions, _ fileID: StaticString, _ line: UInt,
        executor: (Driver.Connection) -> (any TaskExecutor)?,
        _ body: (inout Lease<Driver>) async throws -> Result
    ) async throws -> Result {
        let answer = try shell.request(options, fileID, line, isLent: true)
        let isolation: (any Actor)? = #isolation
        // The short way by itself: where nothing was waited for, the compiler then sees that the task is where it has
        // to be, and asks the runtime nothing. That is a fifth of a cycle.
        if case .granted(let seat) = answer,
            isolation != nil || executor(ConnectionHandle<Driver>(seat, backend).base) == nil
        {
            var lease = Lease(seat, backend, options.access)
            return try await body(&lease)
        }
        var lease = Lease(try await shell.finish(answer), backend, options.access)
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
    /// A lease goes back at the end of its scope: neither `defer` nor anything else is to be written for that. It is a
    /// `var` where statements run on it, and a `let` is enough to hold it. Since it cannot be copied, several are
    /// variables of their own, and not an array:
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
    /// - Throws: ``PoolError`` if no connection was to be had, `CancellationError` if the task was cancelled before,
    ///   ``PoolConfigurationError`` for a value of `options` that makes no sense.
    public func acquire(
        _ options: AcquireOptions = AcquireOptions(), fileID: StaticString = #fileID, line: UInt = #line
    ) async throws -> Lease<Driver> {
        let seat = try await shell.finish(shell.request(options, fileID, line, isLent: false))
        return Lease(seat, backend, options.access)
    }

    // MARK: Credentials

    /// Connections that are opened from now on log in with these, until they expire; then the pool's
    /// ``CredentialProvider`` is asked. What made connects fail before may be mended with it, so the pool tries again
    /// at once. Connections that are open stay open: see ``clear()``.
    public func setCredentials(_ credentials: Credentials) { shell.setCredentials(credentials) }

    // MARK: Changing

    /// Changes limits and times while the pool is in use.
    ///
    /// ```swift
    /// try await pool.reconfigure { $0.maximumConnections = 40 }
    /// ```
    ///
    /// The changed configuration is checked as a whole, and then put into force at once, or not at all. Acquires that
    /// wait keep their deadlines, and what is under way its time; the lifetimes of open connections are computed anew.
    /// Connections above a lowered maximum are closed: idle ones now, leased ones when they come back, without the
    /// caller's waiting for these.
    ///
    /// It returns when what it closed is closed, and the minimums are open or a connect for them has failed; after the
    /// connect timeout and 5 s at the latest. Cancelling the task ends the wait, and leaves the change in force.
    ///
    /// - Parameters:
    ///   - resetStatistics: also does what ``resetStatistics()`` does. The default is false.
    ///   - change: changes the configuration that is in force. The name cannot be changed.
    /// - Throws: ``PoolConfigurationError``, what `change` or the driver throws, and ``PoolError`` with
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
    /// They are the pool's as any others: those above the minimums end at the idle timeout.
    ///
    /// - Parameters:
    ///   - count: how many connections there are to be, all lanes together, leased ones included. The default is the
    ///     greater of the configured minimums, and at least 1.
    ///   - timeout: the default is ``PoolConfiguration/acquireTimeout``; zero finds out whether they are there now.
    /// - Throws: ``PoolConfigurationError`` if `count` is not from 1 to ``PoolConfiguration/maximumConnections``, or
    ///   `timeout` is negative or longer than ``PoolConfiguration/longestDuration``; ``PoolError`` with
    ///   ``PoolError/Code/acquireTimedOut`` or ``PoolError/Code/connectRefused`` and the last connect error, or because
    ///   the pool is closing; `CancellationError`. What was opened stays open.
    public func warmUp(to count: Int? = nil, timeout: Duration? = nil) async throws {
        try await shell.warmUp(to: count, timeout: timeout)
    }

    /// Replaces every connection that is open now by a new one, without a moment in which the pool cannot serve: after
    /// a change of credentials, of DNS, or of what new sessions find.
    ///
    /// They are replaced one at a time, evenly over `duration`. Where the pool has room, the new one is opened first;
    /// where it is full, one is closed first, so that it never has fewer than one connection less than before. A
    /// connect that fails is repeated, and meanwhile no further connection is given up. Leased ones are replaced when
    /// they come back.
    ///
    /// It returns when all are replaced; or when `duration` has passed and only connections are left that are leased,
    /// which the pool then goes on to replace as they come back. Cancelling the task stops the rotation where it is. A
    /// second rotation takes the place of the first, and both callers wait for it.
    ///
    /// - Parameter duration: `.zero` replaces them as fast as connects allow.
    /// - Throws: ``PoolConfigurationError`` if `duration` is negative or longer than
    ///   ``PoolConfiguration/longestDuration``. ``PoolError`` with ``PoolError/Code/connectRefused`` if a connect is
    ///   refused for good, with ``PoolError/Code/acquireTimedOut`` if `duration` has passed and a replacement takes
    ///   longer than the connect timeout and 5 s; the rotation then stops, and what is left stays as it is. With
    ///   ``PoolError/Code/closed`` or ``PoolError/Code/draining`` if the pool is closing. `CancellationError`.
    public func rotate(over duration: Duration) async throws {
        try await shell.rotate(over: duration)
    }

    /// Begins to count anew. What ``statistics`` says of the present stays; the peaks become what is now, and those who
    /// wait count as enqueued.
    public func resetStatistics() { shell.resetStatistics() }

    // MARK: Looking in

    /// What the pool does at the moment.
    public var status: PoolStatus { shell.status }

    /// A snapshot: all its numbers are of the same moment.
    public var statistics: PoolStatistics { shell.statistics }

    /// Who holds a lease now, the longest first.
    public func holders() -> [LeaseHolder] { shell.holders() }

    /// What happens in the pool, from the moment on at which an iterator is made: where nothing is to be missed, it is
    /// made before the task that reads it.
    ///
    /// ```swift
    /// let events = pool.events.makeAsyncIterator()
    /// Task {
    ///     var events = events
    ///     while let event = await events.next() { print(event) }
    /// }
    /// ```
    ///
    /// Any number of readers may listen; one that is
    /// more than 256 events behind loses the oldest and is told how many. It ends when the pool is closed.
    public var events: PoolEvents { PoolEvents(hub: shell.hub) }

    // MARK: Ending

    /// Closes the pool if nobody holds a lease, and returns when all its connections are closed. Acquires that wait
    /// fail with ``PoolError/Code/closed``.
    ///
    /// - Throws: ``PoolError`` with ``PoolError/Code/leasesHeld`` if leases are out, or with
    ///   ``PoolError/Code/reconfiguring`` during a ``reconfigure(resetStatistics:_:)``; the pool then goes on as
    ///   before. With ``PoolError/Code/draining`` or ``PoolError/Code/closed`` if it is closing or closed already.
    public func close() async throws { try await shell.close() }

    /// Refuses new acquires, lets leases end for as long as `drain`, then interrupts their statements and closes their
    /// connections under them. Returns when all connections are closed.
    ///
    /// Acquires that wait for somebody's release fail at once with ``PoolError/Code/closed``. Those whose connection is
    /// being opened, validated or reset, or for whom there is room for one, are still served, and their leases have
    /// until the end of the drain; if the connect fails, or the drain ends before, they fail too.
    ///
    /// A driver that does not finish within another 5 s is left behind. Cancelling the task ends the drain at once. A
    /// pool that is closing already is waited for, with the earlier end of the two drains.
    ///
    /// - Parameter drain: how long leases may go on; `.zero` interrupts them now.
    /// - Throws: ``PoolConfigurationError`` if `drain` is negative or longer than
    ///   ``PoolConfiguration/longestDuration``, and nothing else; the pool then goes on as before.
    public func close(drain: Duration) async throws { try await shell.close(drain: drain) }

    /// Suspends until the pool is closed; if the task is cancelled before, closes it as ``close(drain:)`` does. For
    /// service lifecycles: a pool works without it.
    ///
    /// - Parameter drain: how long leases may go on once the task is cancelled. The default is 10 s.
    /// - Throws: ``PoolConfigurationError`` at once if `drain` is negative or longer than
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
    ///   - drain: how long leases that others hold may go on after `body`, also where the task is cancelled. The
    ///     default is 10 s.
    /// - Throws: what `body` throws, as it is. ``PoolConfigurationError``, before `body` is called, if `drain` is
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
    /// not outlive: idle ones are closed now, leased ones when they come back, others when they are open. It does not
    /// wait for their closes.
    ///
    /// - Parameter interrupt: close the leased ones now too, and interrupt what runs on them: their leases' next call
    ///   throws. The default is false.
    /// - Returns: how many they are.
    @discardableResult
    public func clear(interrupt: Bool = false) -> Int { shell.clear(interrupts: interrupt) }
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
