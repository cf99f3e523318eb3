@_spi(Driver) internal import PoolSQL

extension Session {
    mutating func run(_ command: SQLTransactionCommand) throws {
        switch command {
        case .begin(let options): try begin(options)
        case .commit: try commit()
        case .rollback: try rollback()
        case .savepoint, .releaseSavepoint: try runOwn(command.text, ready())
        case .rollbackToSavepoint: try rollbackToSavepoint(command.text)
        }
    }

    private mutating func begin(_ options: SQLTransactionOptions) throws {
        let link = try ready()
        if link.status.contains(.inTransaction) || isTransactionOpen {
            throw MySQLError.local(.misuse, "A transaction is open already: begin a savepoint instead")
        }
        if options.isolation != nil { try runOwn("SET TRANSACTION" + options.isolationText, link) }
        do {
            try runOwn("START TRANSACTION" + options.accessText, link)
        } catch {
            // The isolation level waits for the next transaction, which may be another lease's.
            if options.isolation != nil { isChanged = true }
            throw error
        }
        isTransactionOpen = true
    }

    private mutating func commit() throws {
        let link = try ready()
        do {
            try runOwn("COMMIT", link)
        } catch let error as MySQLError where error.code.breaksConnection {
            throw error.asEndOfCommit
        }
        isTransactionOpen = false
    }

    /// Rolls back. Succeeds also if the server has rolled back already.
    mutating func rollback() throws {
        // The stream's rows would be read as the answer.
        try closeCursor()
        isTransactionOpen = false
        let link = try open()
        if link.status.contains(.inTransaction) { try runOwn("ROLLBACK", link) }
    }

    /// Rolls back to a savepoint. Succeeds also if the server has rolled back the whole transaction, whose further
    /// statements are refused then.
    private mutating func rollbackToSavepoint(_ text: String) throws {
        try closeCursor()
        let link = try open()
        if link.status.contains(.inTransaction) { try runOwn(text, link) }
    }

    mutating func runOwn(_ text: String, _ link: Link) throws {
        do {
            try link.query(text)
            noteStatus(link)
        } catch {
            throw noteFailure(error, .keepsSession, text)
        }
    }

    /// Throws if a statement would silently end the transaction that the pool's interface has opened, and begin
    /// another: earlier writes could not be undone any more.
    /// https://mariadb.com/kb/en/sql-statements-that-cause-an-implicit-commit/
    func checkBegins(_ traits: StatementTraits, _ text: String) throws {
        if isTransactionOpen, traits.contains(.beginsTransaction) {
            throw MySQLError.local(
                .misuse, "A transaction is open already, which this statement would end", sql: text,
                remedy: "Nest a transaction, which is a savepoint, or let this one end first")
        }
    }

    /// The handle, if nothing prevents the next statement.
    mutating func ready() throws -> Link {
        let link = try open()
        if cursor != nil { throw MySQLError.local(.misuse, "A stream is open on this connection: close it first") }
        // Without this check, statements after a lost transaction would be committed one by one.
        if isTransactionOpen, !link.status.contains(.inTransaction) {
            throw MySQLError.local(
                .misuse,
                "The transaction is no longer open: the server rolled it back after an error, or a statement ended it",
                remedy: "Let the error leave the transaction's body, and keep statements that commit, such as CREATE "
                    + "TABLE, out of it")
        }
        return link
    }
}

extension MySQLError {
    /// The error for a connection lost before the end of the transaction was confirmed: the outcome is unknown.
    fileprivate var asEndOfCommit: MySQLError {
        MySQLError(
            code, sqlState: Self.unknownOutcome,
            "The connection was lost before the end of the transaction was confirmed: \(message)",
            sql: "COMMIT",
            remedy: "It may have been committed or not: look for what it wrote before you run it again")
    }
}
