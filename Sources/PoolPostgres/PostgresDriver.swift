public import Logging
internal import PoolIO
@_spi(Driver) public import PoolSQL

/// A pool of connections to a PostgreSQL server.
public typealias PostgresPool = Pool<PostgresDriver>

/// Adapts libpq to the pool.
///
/// No call blocks: a few threads, the event loops, wait for all sockets of a driver, and the steps in which libpq
/// must block (resolving names, reading certificates, sending cancel requests) run on helper threads.
///
/// **Session.** A lease is followed by a reset unless each of its statements is known to leave settings, the role,
/// temporary tables, advisory locks and the like unchanged. A statement's text does not show what views, triggers and
/// defaults do: see ``PostgresConfiguration/resetPolicy``. A change that no reset can undo costs the
/// connection.
///
/// **Healing.** What the driver knows of a statement may become stale after a schema change. The statement is then
/// prepared and run again if that is safe: outside a transaction, for one query or change of rows that calls no
/// function of the application, and if the server refused it before executing it. Any other, above all a `CALL`,
/// fails once, and succeeds on its next run.
///
/// **Types.** A value of a type that the driver does not know, such as an enum, a range or an extension's type, is
/// its text. An array of such values is an array of texts, and an array of a domain is an array of the domain's base
/// type: `mood[]` decodes as `[Mood]`, and an array of a domain over `int` as `[Int]`. Each connection asks the
/// server once about each such type, whether it is an array and of what, which costs a round trip. If the server
/// cannot be asked, the array is a text as well, such as `{sad,ok}`: cast it in the statement then, for example with
/// `moods::text[]`. That happens if the role may not read `pg_type`, if the lookup was cancelled, for a batch whose
/// transaction has failed by its end, and for a stream with more than 7,000 bind values. For an extension's type with
/// its own delimiter, only arrays with one element can be bound. https://www.postgresql.org/docs/current/arrays.html
///
/// **Reading.** All leases share one lane. The transactions of a lease that was acquired for `.readOnly` are `READ
/// ONLY`, unless their options say otherwise; statements outside a transaction are not restricted.
///
/// **Streams.** Outside a transaction, a stream over a `SELECT` that is left early ends immediately on the server. If
/// the `SELECT` calls functions that write, their writes are undone with it: read such a stream to its end, or open a
/// transaction first.
public struct PostgresDriver: SQLDriver {
    /// The configuration of connections without a shard.
    public let configuration: PostgresConfiguration
    /// The configurations of the shards, by the shards' names.
    public let shards: [String: PostgresConfiguration]
    private let runtime: Runtime

    /// Makes a driver, without connecting.
    ///
    /// - Parameters:
    ///   - configuration: The server and its connections.
    ///   - shards: More servers or databases, by the names that ``AcquireOptions/shard`` gives. Each is a lane of its
    ///     own, under the pool's maximum. An acquire without a shard takes a connection of `configuration`.
    ///   - logger: The logger for the server's notices; nil for one with the label `postgres`.
    public init(
        configuration: PostgresConfiguration, shards: [String: PostgresConfiguration] = [:], logger: Logger? = nil
    ) {
        self.configuration = configuration
        self.shards = shards
        runtime = Runtime(logger ?? Logger(label: "postgres"), loopCount: configuration.eventLoops)
    }

    /// The driver's name: `postgres`.
    public var name: String { "postgres" }

    /// The driver's event loops, for tasks that should always run on them: `Task(executorPreference:)`. The
    /// statements of such tasks need no hop: a task continues on the thread that receives its answer. These tasks
    /// share as many threads as there are loops (see ``PostgresConfiguration/eventLoops``), so they must not block or
    /// compute for long.
    ///
    /// The executor works with ``SQLExecution/caller``, the default. Its threads end when the
    /// driver and its connections are gone.
    ///
    /// - Throws: ``EventLoopError`` or ``ThreadError`` if the system refuses a descriptor or a thread.
    public var taskExecutor: any TaskExecutor {
        get throws { try runtime.loops() }
    }

    /// One lane for the main configuration, and one for each shard, each with the pool's maximum.
    public func lanes(maximumConnections: Int) -> [PoolLaneConfiguration] {
        PoolLaneConfiguration.mainAndShards(shards.keys, maximumConnections: maximumConnections)
    }

    /// Returns true: the driver accepts all identities. A user logs in, with a password or by other means that the
    /// server trusts; a role is taken on with `SET ROLE`.
    public func accepts(_ identity: PoolIdentity) -> Bool { true }

    /// Opens a connection that is ready for use. Several hosts are tried in libpq's order, each for its share of the
    /// remaining time, and for at most `connect_timeout` if that is set.
    ///
    /// - Throws: ``PostgresError``, ``EventLoopError``, ``ThreadError``, or `CancellationError`.
    public func connect(_ request: ConnectRequest) async throws -> PostgresConnection {
        let start = ContinuousClock.now
        let configuration = request.lane.shard.flatMap { shards[$0] } ?? configuration
        try request.credentials?.requireWithoutZeroBytes()
        let settings = configuration.parameters.adding(request.credentials)
        let plan = try await runtime.helpers.run { ConnectPlan(settings) }
        var failures: [PostgresError] = []
        while true {
            let number = failures.count
            let left = request.timeout.map { max(.zero, $0 - (.now - start)) }
            do {
                let connection = try PostgresConnection(configuration, role: request.role, runtime)
                let limit = plan.limit(of: number, left: left)
                return try await connect(connection, plan.tries[number], within: limit)
            } catch let error as PostgresError {
                guard number + 1 < plan.tries.count, error.allowsNextHost else { throw error.after(failures) }
                failures.append(error)
            }
        }
    }

    private func connect(
        _ connection: PostgresConnection, _ settings: ConnectPlan.Settings, within limit: Duration?
    ) async throws -> PostgresConnection {
        do {
            try await connection.connect(with: settings, within: limit)
            return connection
        } catch {
            await connection.abandonConnect()
            if error is CancellationError { throw error }
            throw (error as? PostgresError)?.whileConnecting() ?? error
        }
    }

    /// The meaning of an error for the pool; ``PoolVerdict/keep`` for errors that are no ``PostgresError``.
    public func verdict(on error: any Error) -> PoolVerdict {
        (error as? PostgresError)?.verdict ?? .keep
    }

    /// True for a serialization failure and a deadlock, and if a schema change has invalidated a plan within the
    /// transaction, or the server has lost a prepared statement: the next run prepares it again.
    public func canRetryTransaction(after error: any Error) -> Bool {
        guard let error = error as? PostgresError else { return false }
        switch error.code {
        case .serializationFailure, .deadlockDetected, .invalidStatementName: return true
        default: return error.isStalePlan || error.mayBeTooLongAsText
        }
    }
}
