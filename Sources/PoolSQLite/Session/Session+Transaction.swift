@_spi(Driver) internal import PoolSQL

/// The transaction that the pool's interface has begun.
struct TransactionState {
    /// True from the begin until the commit or rollback, whatever SQLite did in between.
    var isOpen = false
    /// True while `query_only` prevents a read-only transaction from writing.
    var isQueryOnly = false
}

extension Session {
    mutating func run(_ command: SQLTransactionCommand) throws {
        switch command {
        case .begin(let options): try begin(options)
        case .commit: try commit()
        case .rollback: try rollback()
        case .savepoint, .releaseSavepoint:
            try requireTransactionAlive()
            try runOwn(command.text)
        case .rollbackToSavepoint(let depth):
            // Succeeds also if SQLite has rolled back the whole transaction, whose further statements are refused then.
            if isTransactionLost { return }
            try runOwn(command.text)
            // SQLite keeps a savepoint after rolling back to it.
            try runOwn(SQLTransactionCommand.releaseSavepoint(depth: depth).text)
        }
    }

    /// Begins a transaction. SQLite has one isolation level, serializable, which also serves for the weaker ones. A
    /// deferrable transaction has nothing to wait for: a reader never fails because of other connections.
    private mutating func begin(_ options: SQLTransactionOptions) throws {
        if transaction.isOpen {
            throw SQLiteError(.misuse, "A transaction is open already: begin a savepoint instead")
        }
        let canWrite = role != .reader && !configuration.isReadOnly && !isForReading
        if options.access == .readWrite, !canWrite {
            throw SQLiteError(.readOnly, "This lease only reads, and cannot begin a transaction that writes")
        }
        if canWrite, options.access != .readOnly {
            // IMMEDIATE, because a lock requested by the first write can fail without a wait that could help.
            try runOwn("BEGIN IMMEDIATE")
        } else {
            try runOwn("BEGIN")
            do {
                if canWrite { try setQueryOnly(true) }
                // The first read takes the snapshot: without it the transaction would see commits until then.
                try runOwn("SELECT 1 FROM sqlite_master LIMIT 1")
            } catch {
                try rollback()
                throw error
            }
        }
        transaction.isOpen = true
    }

    private mutating func commit() throws {
        try requireTransactionAlive()
        try runOwn("COMMIT")
        try endTransaction()
    }

    /// Rolls back. Succeeds also if SQLite has rolled back already.
    mutating func rollback() throws {
        // The cursors' reads would otherwise fail later, with an error that does not mention the rollback.
        cursors = [:]
        if let database, !database.isAutocommit { try runOwn("ROLLBACK") }
        try endTransaction()
    }

    private mutating func endTransaction() throws {
        transaction.isOpen = false
        if transaction.isQueryOnly { try setQueryOnly(false) }
    }

    /// True if the transaction that the caller expects is gone: SQLite rolled it back after an error or an
    /// interruption, or a statement ended it.
    private var isTransactionLost: Bool {
        transaction.isOpen && (database?.isAutocommit ?? true)
    }

    /// Throws if the transaction was lost: its further statements would be committed one by one.
    func requireTransactionAlive() throws {
        if isTransactionLost {
            throw SQLiteError(
                .abortRollback,
                "The transaction is no longer open: it was rolled back after an error or an interruption, "
                    + "or ended by a statement",
                remedy: "Let the error leave the transaction's body, and run it again")
        }
    }

    private mutating func setQueryOnly(_ isOn: Bool) throws {
        _ = try open().run("PRAGMA query_only = \(isOn ? "ON" : "OFF")")
        transaction.isQueryOnly = isOn
    }

    /// Runs a statement that controls the transaction, prepared once.
    private mutating func runOwn(_ text: String) throws {
        let database = try open()
        let statement = try cache.find(text) ?? prepareOwn(text, database)
        defer { statement.finish() }
        _ = try statement.step()
    }

    private mutating func prepareOwn(_ text: String, _ database: Database) throws -> Statement {
        let statement = try database.prepare(text, isPersistent: true)
        cache.insert(statement)
        return statement
    }
}
