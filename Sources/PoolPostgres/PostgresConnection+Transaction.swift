internal import PoolSQL

extension PostgresConnection {
    func run(_ command: SQLTransactionCommand, _ operation: Operation) async throws {
        switch command {
        case .begin(let options): try await begin(options, operation)
        case .commit: try await commit(operation)
        case .rollback: try await rollback(operation)
        case .savepoint(let depth):
            try requireTransaction()
            try await self.command("SAVEPOINT pool_savepoint_\(depth)", operation)
        case .releaseSavepoint(let depth):
            try requireTransaction()
            try await self.command("RELEASE SAVEPOINT pool_savepoint_\(depth)", operation)
        case .rollbackToSavepoint(let depth):
            guard try transactionStatus() != .idle else { return }
            // `ROLLBACK TO` alone would keep the savepoint, and the server's resources for it.
            let name = "pool_savepoint_\(depth)"
            try await self.command("ROLLBACK TO SAVEPOINT \(name); RELEASE SAVEPOINT \(name)", operation)
            withSession { if $0.hasChangedNames { $0.noteChangedNames() } }
        }
    }

    /// How many times the cancel time-out the end of a transaction may take: a server may sync slowly, or wait for
    /// another, and giving up leaves the outcome unknown.
    static let patienceForEnds = 12

    private func transactionStatus() throws -> Link.TransactionStatus {
        try withSession { session in
            let link = try session.open()
            // libpq does not know the transaction's state once the connection is lost.
            if !link.isConnected { throw session.loss(of: link) }
            return link.transactionStatus
        }
    }

    private func requireTransaction() throws {
        try withSession { session in
            let link = try session.ready()
            try session.requireTransactionAlive(link)
        }
    }

    private func begin(_ options: SQLTransactionOptions, _ operation: Operation) async throws {
        guard try transactionStatus() == .idle else {
            throw PostgresError.misuse("a transaction is open already: begin a savepoint instead", .activeTransaction)
        }
        if options.isDeferrable, options.isolation != .serializable || options.access != .readOnly {
            // The server would accept the word and ignore it.
            var error = PostgresError.misuse(
                "only a transaction that is serializable and read-only can be deferrable", .featureNotSupported)
            error.hint = "Give the transaction's options both: isolation .serializable, access .readOnly"
            throw error
        }
        var text = "BEGIN"
        switch options.isolation {
        case nil: break
        case .readUncommitted: text += " ISOLATION LEVEL READ UNCOMMITTED"
        case .readCommitted: text += " ISOLATION LEVEL READ COMMITTED"
        case .repeatableRead: text += " ISOLATION LEVEL REPEATABLE READ"
        case .serializable: text += " ISOLATION LEVEL SERIALIZABLE"
        }
        // One lane serves both kinds of access, so the transaction keeps to the lease's.
        switch options.access ?? (isForReading ? .readOnly : nil) {
        case nil: break
        case .readOnly: text += " READ ONLY"
        case .readWrite: text += " READ WRITE"
        }
        // https://www.postgresql.org/docs/current/sql-set-transaction.html
        if options.isDeferrable { text += " DEFERRABLE" }
        try await command(text, operation)
        withSession { $0.isTransactionOpen = true }
    }

    private func commit(_ operation: Operation) async throws {
        try requireTransaction()
        // An error thrown here means that nothing was sent.
        try withSession { try $0.startCommand("COMMIT") }
        let tag: String
        do {
            _ = try await drive(operation)
            tag = try withSession { try $0.finish().tag }
        } catch let error as PostgresError {
            throw error.asEndOfCommit
        }
        withSession { $0.isTransactionOpen = false }
        if tag == "ROLLBACK" {
            var error = PostgresError.misuse(
                "the transaction was rolled back instead: a statement in it had failed", .transactionRolledBack)
            error.hint =
                "Let the error of a statement leave the transaction's body, or run the statement in a savepoint"
            throw error
        }
    }

    /// Rolls back. Succeeds also if the server has ended the transaction already.
    func rollback(_ operation: Operation) async throws {
        if try transactionStatus() != .idle { try await command("ROLLBACK", operation) }
        withSession { $0.isTransactionOpen = false }
    }
}

extension PostgresError {
    /// The error of a commit: unchanged if it says that nothing was committed; an unknown outcome if the connection
    /// was lost.
    var asEndOfCommit: PostgresError {
        guard code.errorClass == "08" || severity == "FATAL" || severity == "PANIC" else { return self }
        var error = PostgresError(
            code: .transactionResolutionUnknown, severity: "FATAL",
            message: "the connection was lost before the end of the transaction was confirmed: \(message)")
        error.detail = detail
        error.hint = "It may have been committed or not: look for what it wrote before you run it again"
        return error
    }
}
