public import Logging
public import PoolCore
internal import PoolIO

/// A pool of connections to a PostgreSQL server.
public typealias PostgresPool = Pool<PostgresDriver>

/// Adapts libpq to the pool.
///
/// No call blocks: a few threads, the event loops, wait for all sockets of a driver, and what libpq cannot do without
/// blocking (resolving names, reading certificates, requests to cancel) runs on helper threads.
///
/// **Session.** A lease is followed by a reset unless each of its statements is known to leave settings, the role,
/// temporary tables, advisory locks and the like as they are. What views, triggers and defaults do, the text does not
/// show: see ``PostgresConfiguration/ResetPolicy/smart``. What a reset cannot undo costs the connection.
///
/// **Healing.** What the driver knew of a statement may prove stale, after a schema change. Then the statement is
/// prepared anew and run again where that is safe: outside a transaction, one query or change of rows that calls no
/// function of the application, and where the server refused it before it began to execute it. Any other, a `CALL`
/// above all, fails once, and its next run has what is new.
///
/// **Types.** A value of a type that the driver does not know, as of an enum, a range or an extension, is its text.
/// An array of such values is an array of texts, and one of a domain is an array of what the domain is made of:
/// `mood[]` decodes as `[Mood]`, and an array of a domain over `int` as `[Int]`. Each connection asks the server
/// once about each such type, whether it is an array and of what, which costs a round trip. Where the server cannot
/// be asked, the array is a text as well, such as `{sad,ok}`: cast it in the statement then, as in `moods::text[]`.
/// That is so where the role may not read `pg_type`, where the lookup was cancelled, for a batch whose transaction
/// has failed by its end, and for a stream with more than 7,000 bind values. Of a type of an extension's with a
/// delimiter of its own, only arrays with one element can be bound.
/// https://www.postgresql.org/docs/current/arrays.html
///
/// **Reading.** All leases share one lane. The transactions of a lease that was acquired for `.readOnly` are `READ
/// ONLY`, unless their options say otherwise; statements outside a transaction are not held back.
///
/// **Streams.** A stream over a `SELECT` that is left early, outside a transaction, ends on the server at once. If the
/// `SELECT` calls functions that write, what they wrote is undone with it: read such a stream to its end, or open a
/// transaction first.
public struct PostgresDriver: SQLDriver {
    public let configuration: PostgresConfiguration
    /// Where the connections of each shard go.
    public let shards: [String: PostgresConfiguration]
    private let runtime: Runtime

    /// - Parameters:
    ///   - shards: More servers or databases, by the names that ``AcquireOptions/shard`` has for them. Each is a lane
    ///     of its own, under the pool's maximum. An acquire without a shard takes a connection of `configuration`.
    ///   - logger: Where the server's notices go; nil for one with the label `postgres`.
    public init(
        configuration: PostgresConfiguration, shards: [String: PostgresConfiguration] = [:], logger: Logger? = nil
    ) {
        self.configuration = configuration
        self.shards = shards
        runtime = Runtime(logger ?? Logger(label: "postgres"), loopCount: configuration.eventLoops)
    }

    public var name: String { "postgres" }

    /// The driver's event loops, for tasks that shall run on them for all their life: `Task(executorPreference:)`.
    /// Their statements need no hop: a task goes on where the answer to its statement comes in. Such tasks share as
    /// many threads as there are loops, see ``PostgresConfiguration/eventLoops``, so they must not block or compute for
    /// long.
    ///
    /// It works with ``PostgresConfiguration/Execution/caller``, the default; it stops having threads of its own when
    /// the driver and its connections are gone.
    ///
    /// - Throws: If the system refuses the loops their threads or their descriptors.
    public var taskExecutor: any TaskExecutor {
        get throws { try runtime.loops() }
    }

    public func lanes(maximumConnections: Int) throws -> [LaneConfiguration] {
        let main = LaneConfiguration(name: "main", maximumConnections: maximumConnections)
        return [main]
            + shards.keys.sorted().map { shard in
                LaneConfiguration(
                    name: "shard \(shard)", target: shard, shard: shard, maximumConnections: maximumConnections)
            }
    }

    /// All of them: a user who logs in, with a password or by what the server trusts otherwise, and a role by `SET
    /// ROLE`.
    public func accepts(_ identity: Identity) -> Bool { true }

    /// Several hosts are tried in libpq's order, each for its share of the time that is left; a `connect_timeout`
    /// bounds each, too.
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

    /// Also after a schema change has made a plan stale within the transaction, or where the server has lost a prepared
    /// statement: the next run prepares it anew.
    public func canRetryTransaction(after error: any Error) -> Bool {
        guard let error = error as? PostgresError else { return false }
        switch error.code {
        case .serializationFailure, .deadlockDetected, .invalidStatementName: return true
        default: return error.isStalePlan || error.mayBeTooLongAsText
        }
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
