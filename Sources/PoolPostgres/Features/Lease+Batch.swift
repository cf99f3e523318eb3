@_spi(Driver) public import PoolCore

extension SQLSession where Self: ~Copyable, Driver == PostgresDriver {
    /// Runs different statements in one round trip, or two where the server must first be asked about a statement's bind values.
    ///
    /// ```swift
    /// let results = try await connection.batch([
    ///     "UPDATE counters SET n = n + 1 WHERE id = \(id)",
    ///     "SELECT n FROM counters WHERE id = \(id)",
    /// ])
    /// let n = try results[1].get().decode(Int.self)
    /// ```
    ///
    /// Outside a transaction each statement is one of its own, and those after a failure still run. Within a transaction the first
    /// failure makes those after it fail.
    ///
    /// - Returns: The rows or the error of each statement, in order.
    /// - Throws: ``PostgresError`` before anything runs if a statement cannot be prepared, or if the connection is lost;
    ///   `CancellationError` if the cancellation of the task has stopped a statement: outside a transaction those before it have run,
    ///   and those after it may have. No statement may be a `COPY`: its data would have no place.
    public mutating func batch(_ statements: [SQL]) async throws -> [Result<Rows, PostgresError>] {
        if statements.isEmpty { return [] }
        return try await handle.connection.batch(statements)
    }
}

extension PostgresConnection {
    fileprivate func batch(_ statements: [SQL]) async throws -> [Result<Rows, PostgresError>] {
        let items = try statements.map { statement in
            let (text, binds) = try statement.rendered(in: .postgres)
            try PostgresError.refuseCopy(text)
            return BatchItem(text: text, binds: binds)
        }
        return try await perform { operation in
            try withSession { try $0.planBatch(items) }
            // Again where values decide the types of a statement that the server has told of, or cannot tell of.
            while try withSession({ try $0.startDescribingBatch(items) }) {
                _ = try await drive(operation)
                let isFailed = try withSession { try $0.finishDescribingBatch(items) }
                if isFailed { try await rollBackToTypesSavepoint(operation) }
                try checkCancellation(of: operation)
            }
            try withSession { try $0.startBatch(items) }
            _ = try await drive(operation)
            let outcomes = try withSession { try $0.finish().outcomes }
            for (outcome, item) in zip(outcomes, items) {
                guard case .failure(let error) = outcome else { continue }
                // Whoever was cancelled is told so, and not that a statement was.
                if error.code == .queryCanceled, gate.signal(for: operation) == .taskCancelled { throw error }
                withSession { $0.forgetStale(item.text, after: error) }
            }
            return outcomes
        }
    }
}

extension PostgresError {
    /// Where several statements are sent at once the server would take the next one for the data of a COPY.
    static func refuseCopy(_ text: String) throws {
        // Most statements need no closer look.
        guard let first = text.utf8.first(where: { $0 > UInt8(ascii: " ") }), "cC-/;(".utf8.contains(first) else {
            return
        }
        var scanner = WordScanner(text)
        while let token = scanner.next() {
            if case .word(let word) = token {
                if word != "copy" { return }
                throw misuse("COPY cannot be one of several statements", .featureNotSupported).inStatement(text)
            }
        }
    }
}
