internal import PoolIO
@_spi(Driver) internal import PoolSQL

/// The state of one connection: the handle, its statements, cursors and blobs, and what is known of its session. Used
/// under the connection's lock only.
struct Session: ~Copyable {
    let role: LaneRole
    let configuration: SQLiteConfiguration
    let interrupter: Interrupter
    /// The handle; nil once closed.
    private(set) var database: Database?
    let cacheLimit: StatementCacheCapacity
    var cache: StatementCache<Statement>

    var cursors: [UInt64: OpenCursor] = [:]
    var blobs: [UInt64: BlobHandle] = [:]
    var backups: [UInt64: OpenBackup] = [:]
    private var latestNumber: UInt64 = 0

    var transaction = TransactionState()
    /// True during a lease that only reads, on a connection that could write.
    var isForReading = false
    /// True if something happened that ``reset()`` must undo, beyond an open transaction.
    var isChanged: Bool { isUsed || database?.watch.hasChangedSession ?? false }
    /// True if any statement ran since the last reset, and the configuration wants a reset for that.
    var isUsed = false
    let resetsAlways: Bool
    /// True if an error said that the connection cannot continue.
    var isBroken = false
    /// The error that broke the connection.
    var failure: SQLiteError?

    init(_ database: Database, role: LaneRole, configuration: SQLiteConfiguration, interrupter: Interrupter) {
        cacheLimit = StatementCacheCapacity(configuration.statementCacheCapacity)
        resetsAlways = configuration.resetPolicy == .full
        self.database = database
        self.role = role
        self.configuration = configuration
        self.interrupter = interrupter
        cache = StatementCache(limit: cacheLimit)
    }

    var condition: ConnectionCondition {
        guard let database, !isBroken else { return .broken }
        let isClean =
            database.isAutocommit && !isChanged && !transaction.isOpen && cursors.isEmpty && blobs.isEmpty
            && backups.isEmpty
        return isClean ? .clean : .dirty
    }

    func open() throws -> Database {
        guard let database else { throw SQLiteError.closed }
        return database
    }

    mutating func nextNumber() -> UInt64 {
        latestNumber += 1
        return latestNumber
    }

    // MARK: End

    /// Frees everything.
    mutating func close(optimize: Bool) {
        cursors = [:]
        blobs = [:]
        backups = [:]
        cache.removeAll()
        guard let database else { return }
        if optimize, database.isAutocommit, !database.isReadOnly {
            // https://www.sqlite.org/pragma.html#pragma_optimize
            // Only worthwhile if it is quick and blocks no other connection.
            // A failure leaves the old statistics, which is no reason to fail.
            database.busyWait.limit = .zero
            _ = try? database.run("PRAGMA analysis_limit = 400")
            _ = try? database.run("PRAGMA optimize")
        }
        database.close()
        self.database = nil
    }
}
