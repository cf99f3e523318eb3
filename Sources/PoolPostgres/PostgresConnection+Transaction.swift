internal import PoolCore

extension PostgresConnection {
    func run(_ command: TransactionCommand, _ operation: Operation) async throws {
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
            try await self.command("ROLLBACK TO SAVEPOINT pool_savepoint_\(depth)", operation)
            withSession { if $0.hasChangedNames { $0.noteChangedNames() } }
        }
    }

    private func transactionStatus() throws -> Link.TransactionStatus {
        try withSession { session in
            let link = try session.open()
            // libpq knows nothing of the transaction once the connection is lost.
            if !link.isConnected { throw PostgresError(connectionFailure: link.errorMessage) }
            return link.transactionStatus
        }
    }

    private func requireTransaction() throws {
        try withSession { session in
            let link = try session.ready()
            try session.requireTransactionAlive(link)
        }
    }

    private func begin(_ options: TransactionOptions, _ operation: Operation) async throws {
        guard try transactionStatus() == .idle else {
            throw PostgresError.misuse("a transaction is open already: begin a savepoint instead", .activeTransaction)
        }
        if options.isDeferrable, options.isolation != .serializable || options.access != .readOnly {
            // The server would take the word and ignore it.
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
        switch options.access {
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
        let tag = try await command("COMMIT", operation)
        withSession { $0.isTransactionOpen = false }
        if tag == "ROLLBACK" {
            var error = PostgresError.misuse(
                "the transaction was rolled back instead: a statement in it had failed", .transactionRolledBack)
            error.hint =
                "Let the error of a statement leave the transaction's body, or run the statement in a savepoint"
            throw error
        }
    }

    /// Succeeds also where the server has ended the transaction already.
    func rollback(_ operation: Operation) async throws {
        if try transactionStatus() != .idle { try await command("ROLLBACK", operation) }
        withSession { $0.isTransactionOpen = false }
    }
}
