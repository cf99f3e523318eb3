@_spi(Driver) public import PoolCore
internal import PoolIO

/// A pool of connections to a MariaDB or MySQL server.
public typealias MySQLPool = Pool<MySQLDriver>

/// Adapts libmariadb to the pool.
///
/// **Threads.** There is a thread for each connection. All calls run on these threads, and so do the bodies of leases
/// where the caller allows it, and tasks that prefer the ``taskExecutor``. A connection that is closed by force while a
/// call of the C library does not return gives its place in the pool back after three seconds; the call then keeps one
/// thread until it returns, and nothing else. Cancels go to the server on a connection beside the pool's, one at a
/// time, which is open for as long as there is something to cancel, and a second longer for the next. It counts among
/// the server's and the user's connections.
///
/// **Session.** A lease is clean if each of its statements is known to leave the session as it is: `SELECT`, `VALUES`,
/// `INSERT`, `REPLACE`, `UPDATE`, `DELETE`, `SHOW`, `EXPLAIN`, `DO`, the making and dropping of tables that are not
/// temporary, and the beginning and ending of transactions, as long as they call nothing but built-in functions without
/// side effects and use no variable of the user's. After anything else the connection is reset, in the background,
/// before the next lease: also after a text that means different things in different SQL modes, such as one with a
/// backslash between quotes, and after `/*! … */`. The server's messages, which `SHOW WARNINGS` would show to the
/// next lease, are removed as well. A role that differs from the one of the login costs a login; profiling and a seed
/// of `RAND()` cost the connection. What a view, a trigger or a default locks, assigns or calls, no text shows:
/// ``MySQLConfiguration/ResetPolicy/full`` is for that. Where nothing was changed, `LAST_INSERT_ID()`, `FOUND_ROWS()`
/// and `ROW_COUNT()` still tell of the lease before: use what each statement returns.
///
/// **Values.** A date that no calendar has, such as `0000-00-00` or `2024-02-30`, which the server stores in some SQL
/// modes, comes as a text: it decodes as a `String`, not as ``SQLDate`` or ``SQLTimestamp``; `NULLIF(column, 0)` makes
/// a NULL of a zero date. A ``SQLUUID`` is bound as its 36 characters, which fit the type `UUID` and `CHAR(36)`. A
/// column `BINARY(16)` decodes as ``SQLUUID``, but for comparing and inserting bind `uuid.bytes`, or
/// `UNHEX(REPLACE(\(uuid), '-', ''))`. https://mariadb.com/kb/en/uuid-data-type/, https://mariadb.com/kb/en/date/
///
/// **Failover.** A server that refuses a write because it only reads ends the connections that are open, so that the
/// next ones lead to the primary where a name or a proxy does; at most once in five seconds, because a write to a
/// replica by mistake looks the same.
public struct MySQLDriver: SQLDriver {
    public let configuration: MySQLConfiguration
    /// Where the connections of each shard go.
    public let shards: [String: MySQLConfiguration]
    private let shared: Shared

    /// What all connections of a driver have in common.
    private final class Shared: Sendable {
        let killer: Killer
        /// Those of the shards.
        let killers: [String: Killer]
        /// By the shard's name; that of the main configuration has none.
        let demotions: [String?: DemotionLimit]
        let threads = BlockingThreads(name: "mysql", atStart: Library.beginThread, atEnd: Library.endThread)

        init(_ configuration: MySQLConfiguration, _ shards: [String: MySQLConfiguration]) {
            killer = Killer(configuration)
            killers = shards.mapValues { Killer($0) }
            let names: [String?] = [nil] + shards.keys.map { $0 }
            demotions = Dictionary(uniqueKeysWithValues: names.map { ($0, DemotionLimit()) })
        }
    }

    /// Connects to nothing yet.
    ///
    /// - Parameter shards: More servers or databases, by the names that ``AcquireOptions/shard`` has for them. Each is
    ///   a lane of its own, under the pool's maximum. An acquire without a shard takes a connection of `configuration`.
    public init(configuration: MySQLConfiguration, shards: [String: MySQLConfiguration] = [:]) {
        self.configuration = configuration
        self.shards = shards
        shared = Shared(configuration, shards)
    }

    public var name: String { "mysql" }

    /// The threads of the driver's connections, for tasks that shall run on them for all their life:
    /// `Task(executorPreference:)`. Their statements need no hop at all. There are as many as there are open
    /// connections, so such tasks may compute for a while, but must not wait for one another by blocking.
    public var taskExecutor: any TaskExecutor { shared.threads }

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

    /// Resolving the host's name cannot be interrupted; all else can. Where that takes longer, the attempt fails all
    /// the same, three seconds after its time or its cancellation.
    public func connect(_ request: ConnectRequest) async throws -> MySQLConnection {
        let wait = ConnectWait()
        let end = FirstResult<Result<MySQLConnection, any Error>>()
        let shard = request.lane.shard
        let ownConfiguration = shard.flatMap { shards[$0] } ?? configuration
        let killer = shard.flatMap { shared.killers[$0] } ?? shared.killer
        return try await withTaskCancellationHandler {
            try Task.checkCancellation()
            do {
                try begin(ownConfiguration.with(request.credentials), request, killer, wait, end)
                let limit = ownConfiguration.connectTimeout + MySQLConnection.patience
                let late = MySQLError.late(ownConfiguration.connectTimeout)
                let connection = try await end.value(orAfter: limit, .failure(late)).get()
                killer.noteConnect()
                return connection
            } catch {
                if wait.isInterrupted { throw CancellationError() }
                if wait.isLate { throw MySQLError.late(ownConfiguration.connectTimeout).whileConnecting() }
                throw (error as? MySQLError)?.whileConnecting() ?? error
            }
        } onCancel: {
            wait.interrupt()
            Task.detached {
                try? await Task.sleep(for: MySQLConnection.patience)
                end.settle(.failure(CancellationError()))
            }
        }
    }

    /// Begins to connect. A connection that comes when nobody waits for it any more is closed.
    private func begin(
        _ configuration: MySQLConfiguration, _ request: ConnectRequest, _ killer: Killer, _ wait: ConnectWait,
        _ end: FirstResult<Result<MySQLConnection, any Error>>
    ) throws {
        let thread = try shared.threads.reserve()
        Task.detached {
            let result: Result<MySQLConnection, any Error>
            do {
                result = .success(
                    try await thread.threads.run { try connect(configuration, request, on: thread, killer, wait) })
            } catch {
                result = .failure(error)
            }
            if !end.settle(result), case .success(let connection) = result { await connection.close(.forced) }
        }
    }

    private func connect(
        _ configuration: MySQLConfiguration, _ request: ConnectRequest, on thread: BlockingThreads.Reservation,
        _ killer: Killer, _ wait: ConnectWait
    ) throws -> MySQLConnection {
        try wait.limited(to: configuration.connectTimeout) {
            let link = try Link()
            try link.connect(configuration, wait)
            let interrupter = try interrupter(for: link, killer, timeout: configuration.cancelTimeout)
            // A shard that is none of this driver's leads to the main configuration.
            let demotions = shared.demotions[request.lane.shard] ?? DemotionLimit()
            let session = try link.whileConnecting(wait) {
                try Session(link, configuration, role: request.role, interrupter, demotions)
            }
            return MySQLConnection(session, configuration, thread, interrupter, killer)
        }
    }

    /// A server may sync slowly, or wait for another: whoever gives up on the end of a transaction does not know how it
    /// ended.
    private static let patienceForEnds = 12

    private static func giveUp(_ operation: UInt64, of interrupter: Interrupter, after timeout: Duration) {
        Task.detached {
            // It cannot be cancelled: nobody holds the task.
            try? await Task.sleep(for: timeout)
            interrupter.giveUp(operation)
        }
    }

    private func interrupter(for link: Link, _ killer: Killer, timeout: Duration) throws -> Interrupter {
        let number = link.connectionID
        let interrupter = Interrupter { interrupter, operation in
            killer.ask(interrupter, operation, connection: number)
            Self.giveUp(operation, of: interrupter, after: timeout)
        } watch: { interrupter, operation in
            Self.giveUp(operation, of: interrupter, after: timeout * Self.patienceForEnds)
        } abandon: { interrupter in
            killer.end(interrupter, connection: number)
        }
        // Without it nothing could end a call that blocks.
        guard let socket = Socket(duplicating: link.socket) else {
            throw MySQLError(.cannotConnect, "The process has no file descriptor left")
        }
        interrupter.attach(socket)
        return interrupter
    }

    public func validate(_ connection: MySQLConnection) async throws {
        try await connection.validate()
    }

    public func reset(_ connection: MySQLConnection) async throws {
        try await connection.reset()
    }

    public func endTransaction(of connection: MySQLConnection) async throws {
        try await connection.endTransaction()
    }

    public func adoptSession(of connection: MySQLConnection) {
        connection.adoptSession()
    }

    public func close(_ connection: MySQLConnection, mode: CloseMode) async {
        await connection.close(mode)
        connection.killer.noteClose()
    }

    public func verdict(on error: any Error) -> Verdict {
        (error as? MySQLError)?.verdict ?? .keep
    }

    public func canRetryTransaction(after error: any Error) -> Bool {
        (error as? MySQLError)?.allowsRetry ?? false
    }
}
