public import PoolCore

extension SQLDialect {
    /// `$1` and `"`.
    public static let postgres = SQLDialect(placeholder: .dollarNumber, identifierQuote: "\"")
}

// MARK: - The common query interface

extension PostgresConnection {
    public func execute(_ sql: SQL) async throws -> StatementResult {
        try await perform(sql, dropsRows: true).latestResult
    }

    public func query(_ sql: SQL) async throws -> Rows {
        try await perform(sql, dropsRows: false).rows ?? Rows(columns: Columns(names: []), values: [])
    }

    /// The rows come a few at a time, and only as fast as they are taken. A cursor that is closed early ends a `SELECT`
    /// on the server where no transaction is open, and otherwise reads the rest: to cancel it would undo the
    /// transaction.
    ///
    /// A `SELECT` of functions that write is such a `SELECT` too, because its text does not show it: closed early, it
    /// is undone. Where that matters, read to the end, or open a transaction first.
    public func open(_ sql: SQL) async throws -> PostgresCursor {
        let (text, binds) = try sql.rendered(in: .postgres)
        let request = StatementRequest(text: text, binds: binds, rowLimit: 1)
        return try await perform { operation in
            let (columns, rows) = try await openCursor(request, operation)
            return PostgresCursor(self, columns: columns, rows: rows)
        }
    }

    /// Outside a transaction each run is one of its own. Within one, all runs are sent at once: one round trip for
    /// many.
    public func executeBatch(_ sql: SQL, _ bindSets: [[SQLValue]]) async throws -> [StatementResult] {
        let (text, _) = try sql.rendered(in: .postgres)
        return try await perform { operation in
            var results: [StatementResult] = []
            results.reserveCapacity(bindSets.count)
            let isInTransaction = withSession { $0.link?.transactionStatus != .idle }
            // Bounds the memory for what is sent and not yet answered.
            let size = isInTransaction ? 500 : 1
            for start in stride(from: 0, to: bindSets.count, by: size) {
                try checkCancellation(of: operation)
                let part = Array(bindSets[start..<min(start + size, bindSets.count)])
                let exchange = try await run(
                    StatementRequest(text: text, bindSets: part, dropsRows: true), operation)
                results += exchange.results
            }
            return results
        }
    }

    /// A statement that fails ends the script. Without `BEGIN` in it, a script is one transaction: what ran before is
    /// undone.
    public func executeScript(_ script: String) async throws {
        try await perform { operation in
            try await restoreBaseline(operation)
            try withSession { try $0.startScript(script) }
            _ = try await drive(operation)
            try withSession { session in _ = try session.finish() }
        }
    }

    public func prepare(_ sql: SQL) async throws -> StatementDescription {
        let (text, binds) = try sql.rendered(in: .postgres)
        return try await perform { operation in
            try withSession { try $0.startDescribing(StatementRequest(text: text, binds: binds)) }
            _ = try await drive(operation)
            return try withSession { try $0.finishDescribing() }
        }
    }

    public func transaction(_ command: TransactionCommand) async throws {
        switch command {
        case .begin, .savepoint:
            try await perform { operation in try await run(command, operation) }
        case .commit, .rollback, .releaseSavepoint, .rollbackToSavepoint:
            try await perform(isCancellable: false, patience: Self.patienceForEnds) { operation in
                try await run(command, operation)
            }
        }
    }
}
