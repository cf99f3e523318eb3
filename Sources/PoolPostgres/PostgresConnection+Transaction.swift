@_spi(Driver) internal import PoolSQL

extension PostgresConnection {
    func run(_ command: SQLTransactionCommand, _ operation: Operation) async throws {
        switch command {
        case .begin(let options): try await begin(options, operation)
        case .commit: try await commit(operation)
        case .rollback: try await rollback(operation)
        case .savepoint, .releaseSavepoint:
            try requireTransaction()
            try await self.command(command.text, operation)
        case .rollbackToSavepoint(let depth):
            guard try transactionStatus() != .idle else { return }
            // `ROLLBACK TO` alone would keep the savepoint, and the server's resources for it.
            let release = SQLTransactionCommand.releaseSavepoint(depth: depth)
            try await self.command("\(command.text); \(release.text)", operation)
            withSession { if $0.hasChangedNames { $0.noteChangedNames() } }
        }
    }

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
        var options = options
        // One lane serves both kinds of access, so the transaction keeps to the lease's.
        if options.access == nil, isForReading { options.access = .readOnly }
        var text = SQLTransactionCommand.begin(options).text
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
            error.remedy =
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
        error.remedy = "It may have been committed or not: look for what it wrote before you run it again"
        return error
    }
}
