internal import PoolIO
public import PoolSQL

/// A pool of connections to an SQLite database.
public typealias SQLitePool = Pool<SQLiteDriver>

/// Adapts libsqlite3 to the pool.
///
/// **Lanes.** A file with a WAL has one connection that writes and up to `maximumConnections - 1` that read, each
/// with a handle that cannot write. Writers wait their turn in the pool's queue, so that connections of one pool
/// never meet `SQLITE_BUSY`. A database in memory, one with another journal mode, and a pool of one connection have a
/// single connection for everything, which refuses writes during a lease for ``PoolAccess/readOnly``. A read-only
/// configuration has readers only.
///
/// **Session.** SQLite's own compiler reports when a lease changes settings, attaches databases or uses temporary
/// tables, and only then is the connection reset. Anything that is not known to keep the session unchanged counts as
/// a change, including a function that is neither SQLite's own nor one of ``SQLiteConfiguration/functions``, but
/// belongs to an extension that the process registers for all connections. A setting that no reset can undo costs the
/// connection; one of the whole process (`soft_heap_limit`, `hard_heap_limit`, `temp_store_directory`) is refused in
/// a lease, and belongs in ``SQLiteConfiguration/pragmas``. `last_insert_rowid()`, `changes()` and `total_changes()`
/// describe the connection's latest statement, which may be an earlier lease's.
///
/// **Values.** SQLite has integers of 64 bits, doubles, texts and blobs. A `Bool` becomes 0 or 1; dates, times, UUIDs
/// and JSON become text, times and timestamps in the form of ``SQLiteConfiguration/timestampText``. How a column then
/// stores a value depends on its declared type (https://www.sqlite.org/datatype3.html): `TEXT` and `BLOB` keep a
/// text; `INTEGER`, `REAL`, `NUMERIC` and `DECIMAL` turn a text that looks like a number into an integer, or into a
/// double, which holds 15 digits.
///
/// **Decimals.** An `SQLDecimal` becomes an integer if it is whole and has at most 64 bits; a double if it has up to
/// 15 digits; and else a text with all its digits. Whole numbers divide as integers do: `\(SQLDecimal("3")!) / 2` is
/// 1. A number compares and adds up as a number everywhere. A text does so with a column of numbers only: it is
/// greater than each number that is the value of an expression, such as `SUM(price)` or `price * 2`; write
/// `CAST(\(value) AS NUMERIC)` there, which rounds to 15 digits. A column for `SQLDecimal` that is declared as `TEXT`
/// keeps all digits except zeros at the end of the fraction (`1.50` is stored as `1.5`), and compares and sorts as
/// text. A whole number that does not fit into `Int64`, for example from a `UInt64`, is refused with
/// ``SQLiteError/Code/mismatch``.
public struct SQLiteDriver: SQLDriver {
    /// The configuration of the database and its connections.
    public let configuration: SQLiteConfiguration
    private let file: DatabaseFile

    /// Makes a driver, without opening the database.
    public init(configuration: SQLiteConfiguration) {
        self.configuration = configuration
        file = DatabaseFile(configuration)
    }

    /// The driver's name: `sqlite`.
    public var name: String { "sqlite" }

    /// A lane `writer` of one connection and a lane `reader` of the others, or a single lane: see ``SQLiteDriver``.
    public func lanes(maximumConnections: Int) -> [PoolLaneConfiguration] {
        func lane(
            _ role: LaneRole, _ maximum: Int, serves: Set<PoolAccess>, closesLast: Bool = false
        ) -> PoolLaneConfiguration {
            PoolLaneConfiguration(
                name: role.rawValue, target: role.rawValue, maximumConnections: maximum, serves: serves,
                closesLast: closesLast)
        }
        if configuration.location == .memory {
            return [lane(.main, 1, serves: [.readOnly, .readWrite])]
        }
        if configuration.isReadOnly {
            return [lane(.reader, maximumConnections, serves: [.readOnly, .readWrite])]
        }
        if configuration.journalMode != .wal || maximumConnections == 1 {
            return [lane(.main, 1, serves: [.readOnly, .readWrite])]
        }
        return [
            lane(.writer, 1, serves: [.readWrite], closesLast: true),
            lane(.reader, maximumConnections - 1, serves: [.readOnly]),
        ]
    }

    /// Opens a connection that is ready for use; the first one creates the file if the configuration says so.
    ///
    /// - Throws: ``SQLiteError``, ``ThreadError``, or `CancellationError`.
    public func connect(_ request: ConnectRequest) async throws -> SQLiteConnection {
        guard let role = LaneRole(rawValue: request.lane.target) else {
            throw SQLiteError(.misuse, "The driver has no lane \"\(request.lane.target)\"", isConnecting: true)
        }
        let interrupter = Interrupter()
        let operation = interrupter.begin(.calls)
        defer { interrupter.end(operation) }
        return try await withTaskCancellationHandler {
            try Task.checkCancellation()
            switch configuration.execution {
            case .caller: return try open(role, thread: nil, interrupter)
            case .driver: return try await openOnThread(role, interrupter)
            }
        } onCancel: {
            interrupter.cancel(operation)
        }
    }

    private func openOnThread(_ role: LaneRole, _ interrupter: Interrupter) async throws -> SQLiteConnection {
        let kind =
            switch role {
            case .writer: "write"
            case .reader: "read"
            case .main: "main"
            }
        let thread = try ConnectionThread(name: "sqlite-\(kind)-\(file.nextConnectionNumber())")
        do {
            return try await thread.run { try open(role, thread: thread, interrupter) }
        } catch {
            thread.shutDown()
            throw error
        }
    }

    private func open(
        _ role: LaneRole, thread: ConnectionThread?, _ interrupter: Interrupter
    ) throws -> SQLiteConnection {
        do {
            let session = try file.open(role, interrupter)
            return SQLiteConnection(session, role: role, thread: thread, interrupter: interrupter)
        } catch {
            if interrupter.signal == .taskCancelled { throw CancellationError() }
            throw error
        }
    }

    /// The meaning of an error for the pool; ``PoolVerdict/keep`` for errors that are no ``SQLiteError``.
    public func verdict(on error: any Error) -> PoolVerdict {
        guard let error = error as? SQLiteError else { return .keep }
        if error.isConnecting {
            switch error.code.primary {
            case .cannotOpen, .notADatabase, .authorization, .permission, .readOnly, .corrupt, .misuse, .error:
                return .refused
            default:
                return .discard
            }
        }
        return error.code.breaksConnection ? .discard : .keep
    }

    /// True if a lock could not be obtained (``SQLiteError/Code/busy`` or ``SQLiteError/Code/locked``).
    public func canRetryTransaction(after error: any Error) -> Bool {
        guard let error = error as? SQLiteError else { return false }
        return error.code.primary == .busy || error.code.primary == .locked
    }
}
