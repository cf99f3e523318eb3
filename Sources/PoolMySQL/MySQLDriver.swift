internal import PoolIO
@_spi(Driver) public import PoolSQL

/// A pool of connections to a MariaDB or MySQL server.
public typealias MySQLPool = Pool<MySQLDriver>

/// Adapts libmariadb to the pool.
///
/// **Threads.** There is a thread for each connection. All calls run on these threads, and so do the bodies of leases
/// if the caller's isolation allows it, and tasks that prefer the ``taskExecutor``. If a connection is closed by
/// force and a call of the C library does not return, the connection gives its place in the pool back after three
/// seconds; the call then keeps one thread until it returns, and nothing else. Cancel requests go to the server on a
/// separate connection, one at a time, which stays open while there is something to cancel, and one second longer. It
/// counts among the server's and the user's connections.
///
/// **Session.** A lease is clean if each of its statements is known to leave the session unchanged: `SELECT`,
/// `VALUES`, `INSERT`, `REPLACE`, `UPDATE`, `DELETE`, `SHOW`, `EXPLAIN`, `DO`, the making and dropping of tables that
/// are not temporary, and the beginning and ending of transactions, as long as they call only built-in functions
/// without side effects and use no user variables. After any other statement the connection is reset, in the
/// background, before the next lease: also after a text that means different things in different SQL modes, such as
/// one with a backslash between quotes, and after `/*! … */`. The server's messages, which `SHOW WARNINGS` would
/// show to the next lease, are removed as well. A role that differs from the one of the login costs a login;
/// profiling and a seed of `RAND()` cost the connection. A statement's text does not show what views, triggers and
/// defaults lock, assign or call: ``SQLResetPolicy/full`` is for that. After a clean lease
/// `LAST_INSERT_ID()`, `FOUND_ROWS()` and `ROW_COUNT()` still show its values to the next one: use what each
/// statement returns.
///
/// **Values.** A date that no calendar has, such as `0000-00-00` or `2024-02-30`, which the server stores in some SQL
/// modes, arrives as text: it decodes as a `String`, not as ``SQLDate`` or ``SQLTimestamp``; `NULLIF(column, 0)`
/// makes a NULL of a zero date. A ``SQLUUID`` is bound as its 36 characters, which fit the types `UUID` and
/// `CHAR(36)`. A column `BINARY(16)` decodes as ``SQLUUID``, but for comparing and inserting bind `uuid.bytes`, or
/// `UNHEX(REPLACE(\(uuid), '-', ''))`. https://mariadb.com/kb/en/uuid-data-type/, https://mariadb.com/kb/en/date/
///
/// **Failover.** If a server refuses a write because it only reads, the pool closes the open connections, so that the
/// next ones lead to the primary if a name or a proxy does; at most once in five seconds, because a mistaken write to
/// a replica looks the same.
public struct MySQLDriver: SQLDriver {
    /// The configuration of connections without a shard.
    public let configuration: MySQLConfiguration
    /// The configurations of the shards, by the shards' names.
    public let shards: [String: MySQLConfiguration]
    private let shared: Shared

    /// The state that all connections of a driver share.
    private final class Shared: Sendable {
        let canceller: StatementCanceller
        /// The statement cancellers of the shards.
        let cancellers: [String: StatementCanceller]
        /// The limits on failovers by shard name; the main configuration's has the key nil.
        let demotions: [String?: DemotionLimit]
        let threads = BlockingThreads(name: "mysql", atStart: ClientLibrary.beginThread, atEnd: ClientLibrary.endThread)

        init(_ configuration: MySQLConfiguration, _ shards: [String: MySQLConfiguration]) {
            canceller = StatementCanceller(configuration)
            cancellers = shards.mapValues { StatementCanceller($0) }
            let names: [String?] = [nil] + shards.keys.map { $0 }
            demotions = Dictionary(uniqueKeysWithValues: names.map { ($0, DemotionLimit()) })
        }
    }

    /// Makes a driver, without connecting.
    ///
    /// - Parameter shards: More servers or databases, by the names that ``AcquireOptions/shard`` gives. Each is a
    ///   lane of its own, under the pool's maximum. An acquire without a shard takes a connection of `configuration`.
    public init(configuration: MySQLConfiguration, shards: [String: MySQLConfiguration] = [:]) {
        self.configuration = configuration
        self.shards = shards
        shared = Shared(configuration, shards)
    }

    /// The driver's name: `mysql`.
    public var name: String { "mysql" }

    /// The threads of the driver's connections, for tasks that should always run on them:
    /// `Task(executorPreference:)`. The statements of such tasks need no hop. There are as many threads as open
    /// connections, so these tasks may compute for a while, but must not block to wait for one another.
    public var taskExecutor: any TaskExecutor { shared.threads }

    /// One lane for the main configuration, and one for each shard, each with the pool's maximum.
    public func lanes(maximumConnections: Int) -> [PoolLaneConfiguration] {
        PoolLaneConfiguration.mainAndShards(shards.keys, maximumConnections: maximumConnections)
    }

    /// Returns true: the driver accepts all identities. A user logs in, with a password or by other means that the
    /// server trusts; a role is taken on with `SET ROLE`.
    public func accepts(_ identity: PoolIdentity) -> Bool { true }

    /// Opens a connection that is ready for use. Everything but the resolution of the host's name can be interrupted.
    /// If that takes longer, the attempt still fails, three seconds after its time-out or its cancellation.
    ///
    /// - Throws: ``MySQLError``, ``ThreadError``, or `CancellationError`.
    public func connect(_ request: ConnectRequest) async throws -> MySQLConnection {
        let wait = ConnectWait()
        let end = OneShot<Result<MySQLConnection, any Error>>()
        let shard = request.lane.shard
        let ownConfiguration = shard.flatMap { shards[$0] } ?? configuration
        let canceller = shard.flatMap { shared.cancellers[$0] } ?? shared.canceller
        return try await withTaskCancellationHandler {
            try Task.checkCancellation()
            do {
                try begin(ownConfiguration.with(request.credentials), request, canceller, wait, end)
                let limit = ownConfiguration.connectTimeout + MySQLConnection.stuckCallLimit
                let late = MySQLError.late(ownConfiguration.connectTimeout)
                let connection = try await end.value(orAfter: limit, .failure(late)).get()
                canceller.noteConnect()
                return connection
            } catch {
                if wait.isInterrupted { throw CancellationError() }
                if wait.isLate { throw MySQLError.late(ownConfiguration.connectTimeout).whileConnecting() }
                throw (error as? MySQLError)?.whileConnecting() ?? error
            }
        } onCancel: {
            wait.interrupt()
            Task.detached {
                try? await Task.sleep(for: MySQLConnection.stuckCallLimit)
                end.give(.failure(CancellationError()))
            }
        }
    }

    /// Begins to connect. A connection that arrives after its caller has given up is closed.
    private func begin(
        _ configuration: MySQLConfiguration, _ request: ConnectRequest, _ canceller: StatementCanceller,
        _ wait: ConnectWait,
        _ end: OneShot<Result<MySQLConnection, any Error>>
    ) throws {
        let thread = try shared.threads.reserve()
        Task.detached {
            let result: Result<MySQLConnection, any Error>
            do {
                result = .success(
                    try await thread.threads.run { try connect(configuration, request, on: thread, canceller, wait) })
            } catch {
                result = .failure(error)
            }
            if !end.give(result), case .success(let connection) = result { await connection.close(.forced) }
        }
    }

    private func connect(
        _ configuration: MySQLConfiguration, _ request: ConnectRequest, on thread: BlockingThreads.Reservation,
        _ canceller: StatementCanceller, _ wait: ConnectWait
    ) throws -> MySQLConnection {
        try wait.limited(to: configuration.connectTimeout) {
            let link = try Link()
            try link.connect(configuration, wait)
            let interrupter = try interrupter(for: link, canceller, timeout: configuration.cancelTimeout)
            // A shard that this driver does not have uses the main configuration.
            let demotions = shared.demotions[request.lane.shard] ?? DemotionLimit()
            let session = try link.whileConnecting(wait) {
                try Session(link, configuration, role: request.role, interrupter, demotions)
            }
            return MySQLConnection(session, configuration, thread, interrupter, canceller)
        }
    }

    private static func giveUp(_ operation: UInt64, of interrupter: Interrupter, after timeout: Duration) {
        Task.detached {
            // Cannot be cancelled, because no code holds the task.
            try? await Task.sleep(for: timeout)
            interrupter.giveUp(operation)
        }
    }

    private func interrupter(for link: Link, _ canceller: StatementCanceller, timeout: Duration) throws -> Interrupter {
        let number = link.connectionID
        let interrupter = Interrupter { interrupter, operation in
            canceller.ask(interrupter, operation, connection: number)
            Self.giveUp(operation, of: interrupter, after: timeout)
        } watch: { interrupter, operation in
            Self.giveUp(operation, of: interrupter, after: timeout * SQLTransactionCommand.timeoutFactorOfEnds)
        } abandon: { interrupter in
            canceller.end(interrupter, connection: number)
        }
        // Without the duplicate nothing could end a call that blocks.
        guard let socket = Socket(duplicating: link.socket) else {
            throw MySQLError(.cannotConnect, "The process has no file descriptor left")
        }
        interrupter.attach(socket)
        return interrupter
    }

    /// The meaning of an error for the pool; ``PoolVerdict/keep`` for errors that are no ``MySQLError``.
    public func verdict(on error: any Error) -> PoolVerdict {
        (error as? MySQLError)?.verdict ?? .keep
    }

    /// True for a deadlock, a lock wait that timed out, and a row that changed since the transaction's snapshot
    /// (error 1020).
    public func canRetryTransaction(after error: any Error) -> Bool {
        (error as? MySQLError)?.allowsRetry ?? false
    }
}
