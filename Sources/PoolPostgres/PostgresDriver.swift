public import Logging
public import PoolCore
internal import PoolIO

/// A pool of connections to a PostgreSQL server.
public typealias PostgresPool = Pool<PostgresDriver>

/// Adapts libpq to the pool.
///
/// No call blocks: one thread waits for all sockets of a driver, and what libpq cannot do without blocking (resolving names,
/// reading certificates, requests to cancel) runs on helper threads.
///
/// **Session.** A lease that may have changed settings, the role, temporary tables, advisory locks or the like is noticed by the
/// text of its statements, and only then is the connection reset. What a function of the application does within, the text does
/// not show: see ``PostgresConfiguration/resetPolicy``.
///
/// **Reading.** All leases share one lane. The transactions of a lease that was acquired for `.readOnly` are `READ ONLY`, unless their
/// options say otherwise; statements outside a transaction are not held back.
///
/// **Streams.** A stream over a `SELECT` that is left early, outside a transaction, ends on the server at once. If the `SELECT` calls
/// functions that write, what they wrote is undone with it: read such a stream to its end, or open a transaction first.
public struct PostgresDriver: SQLDriver {
    public let configuration: PostgresConfiguration
    private let runtime: Runtime

    /// - Parameter logger: Where the server's notices go; nil for one with the label `postgres`.
    public init(configuration: PostgresConfiguration, logger: Logger? = nil) {
        self.configuration = configuration
        runtime = Runtime(logger ?? Logger(label: "postgres"))
    }

    public var name: String { "postgres" }

    /// The driver's event loop, for tasks that shall run on it for all their life: `Task(executorPreference:)`. Their statements
    /// need no hop at all. Such tasks share one thread, so they must not block it or compute for long.
    ///
    /// It works with ``PostgresConfiguration/Execution/caller``, the default; it stops being a thread of its own when the driver and
    /// its connections are gone.
    ///
    /// - Throws: If the system refuses the loop its thread or its descriptors.
    public var taskExecutor: any TaskExecutor {
        get throws { try runtime.loop() }
    }

    /// Several hosts are tried in libpq's order, each for its share of the time that is left; a `connect_timeout` bounds each, too.
    public func connect(_ request: ConnectRequest) async throws -> PostgresConnection {
        let start = ContinuousClock.now
        let settings = configuration.parameters
        let plan = try await runtime.helpers.run { ConnectPlan(settings) }
        var failures: [PostgresError] = []
        while true {
            let number = failures.count
            let left = request.timeout.map { max(.zero, $0 - (.now - start)) }
            do {
                return try await connect(plan.tries[number], within: plan.limit(of: number, left: left))
            } catch let error as PostgresError {
                guard number + 1 < plan.tries.count, error.allowsNextHost else { throw error.after(failures) }
                failures.append(error)
            }
        }
    }

    private func connect(
        _ settings: ConnectPlan.Settings, within limit: Duration?
    ) async throws -> PostgresConnection {
        let connection = try PostgresConnection(configuration, runtime)
        do {
            try await connection.connect(with: settings, within: limit)
            return connection
        } catch {
            await connection.abandonConnect()
            if error is CancellationError { throw error }
            throw (error as? PostgresError)?.whileConnecting ?? error
        }
    }

    public func validate(_ connection: PostgresConnection) async throws {
        try await connection.validate()
    }

    public func reset(_ connection: PostgresConnection) async throws {
        try await connection.reset()
    }

    public func endTransaction(of connection: PostgresConnection) async throws {
        try await connection.endTransaction()
    }

    public func adoptSession(of connection: PostgresConnection) {
        connection.adoptSession()
    }

    public func close(_ connection: PostgresConnection, mode: CloseMode) async {
        await connection.close(mode)
    }

    public func verdict(on error: any Error) -> Verdict {
        (error as? PostgresError)?.verdict ?? .keep
    }

    /// Also after a schema change has made a plan stale within the transaction: the next run prepares it anew.
    public func canRetryTransaction(after error: any Error) -> Bool {
        guard let error = error as? PostgresError else { return false }
        return error.code == .serializationFailure || error.code == .deadlockDetected || error.isStalePlan
    }
}

extension PostgresError {
    /// The same error as the end of an attempt to connect.
    fileprivate var whileConnecting: PostgresError {
        var error = self
        error.isConnecting = true
        return error
    }
}
