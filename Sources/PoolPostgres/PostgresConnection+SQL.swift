@_spi(Driver) public import PoolSQL

extension SQLDialect {
    /// The dialect of PostgreSQL: `$1` as the placeholder, and quotation marks around names.
    public static let postgres = SQLDialect(placeholder: .dollarNumber, identifierQuote: "\"")
}

// MARK: - The common query interface

extension PostgresConnection {
    /// Runs one statement and drops the rows that it returns.
    ///
    /// - Throws: ``PostgresError``, ``SQLStatementError``, ``SQLResultLimitError``, or `CancellationError`.
    public func execute(_ sql: SQL) async throws -> SQLStatementResult {
        try await perform(sql, dropsRows: true).latestResult
    }

    /// Runs one statement and collects all its rows.
    ///
    /// - Throws: ``PostgresError``, ``SQLStatementError``, ``SQLResultLimitError``, or `CancellationError`.
    public func query(_ sql: SQL) async throws -> SQLRows {
        try await perform(sql, dropsRows: false).rows ?? SQLRows(columns: SQLColumns(names: []), values: [])
    }

    /// Runs one statement whose rows arrive a few at a time, only as fast as they are taken. If a cursor is closed
    /// early outside a transaction, a `SELECT` is stopped on the server; otherwise the rest of the rows is read,
    /// because stopping the statement would undo the transaction.
    ///
    /// A `SELECT` of functions that write counts as such a `SELECT`, because its text does not show it: closed early,
    /// it is undone. If that matters, read to the end, or open a transaction first.
    ///
    /// - Throws: ``PostgresError``, ``SQLStatementError``, or `CancellationError`.
    public func open(_ sql: SQL) async throws -> PostgresCursor {
        let (text, binds) = try sql.rendered(in: .postgres)
        let request = StatementRequest(text: text, binds: binds, rowLimit: 1)
        return try await perform { operation in
            let (columns, rows) = try await openCursor(request, operation)
            return PostgresCursor(self, columns: columns, rows: rows)
        }
    }

    /// Runs one statement once for each set of bind values. Outside a transaction each run is a transaction of its
    /// own. Within one, up to 500 runs are sent together, in one round trip.
    ///
    /// - Throws: ``PostgresError``, ``SQLStatementError``, or `CancellationError`.
    public func executeBatch(_ sql: SQL, _ bindSets: [[SQLValue]]) async throws -> [SQLStatementResult] {
        let (text, _) = try sql.rendered(in: .postgres)
        return try await perform { operation in
            var results: [SQLStatementResult] = []
            results.reserveCapacity(bindSets.count)
            let isInTransaction = withSession { $0.link?.transactionStatus != .idle }
            // Bounds the memory for runs that are sent and not yet answered.
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

    /// Runs statements separated by semicolons, without bind values. A statement that fails ends the script. Without
    /// `BEGIN` in it, a script is one transaction: a failure undoes the statements before it.
    ///
    /// - Throws: ``PostgresError``, or `CancellationError`.
    public func executeScript(_ script: String) async throws {
        try await perform { operation in
            try await restoreBaseline(operation)
            try withSession { try $0.startScript(script) }
            _ = try await drive(operation)
            try withSession { session in _ = try session.finish() }
        }
    }

    /// Asks the server about a statement, so that its errors show now, and describes its parameters and columns.
    ///
    /// - Throws: ``PostgresError``, ``SQLStatementError``, or `CancellationError`.
    public func prepare(_ sql: SQL) async throws -> SQLStatementDescription {
        let (text, binds) = try sql.rendered(in: .postgres)
        return try await perform { operation in
            try withSession { try $0.startDescribing(StatementRequest(text: text, binds: binds)) }
            _ = try await drive(operation)
            return try withSession { try $0.finishDescribing() }
        }
    }

    /// Begins, ends or marks a transaction. The commands that end one are not cancellable.
    ///
    /// - Throws: ``PostgresError``, with the code ``PostgresError/Code/transactionResolutionUnknown`` if the
    ///   connection is lost during a commit.
    public func transaction(_ command: SQLTransactionCommand) async throws {
        if command.isCancellable { return try await perform { operation in try await run(command, operation) } }
        try await perform(isCancellable: false, timeoutFactor: SQLTransactionCommand.timeoutFactorOfEnds) { operation in
            try await run(command, operation)
        }
    }
}
