internal import PoolIO
@_spi(Driver) public import PoolSQL

extension SQLSession where Self: ~Copyable, Driver == PostgresDriver {
    /// Runs different statements in one round trip, or in two if the server must first be asked about a statement's
    /// bind values.
    ///
    /// ```swift
    /// let id = 7
    /// let results = try await connection.batch([
    ///     "UPDATE counters SET n = n + 1 WHERE id = \(id)",
    ///     "SELECT n FROM counters WHERE id = \(id)",
    /// ])
    /// let n = try results[1].get().decode(Int.self)
    /// ```
    ///
    /// Outside a transaction, the statements are one transaction together: all take effect, or none does. If one
    /// fails, the ones before it fail as undone (``PostgresError/Code/transactionRolledBack``) and the ones after it
    /// as not run (``PostgresError/Code/failedTransaction``). Within a transaction, too, the statements after the
    /// first failure are not run; the fate of the ones before it depends on the transaction. A batch must not begin
    /// or end transactions itself.
    /// https://www.postgresql.org/docs/current/libpq-pipeline-mode.html
    ///
    /// - Parameter separately: True to make each statement a transaction of its own outside a transaction, so that
    ///   the statements after a failure still run: for statements that no transaction may contain, such as `VACUUM`,
    ///   or that are unrelated. The server then writes and answers one at a time, which costs several times as much.
    ///   The default is false.
    /// - Returns: The rows or the error of each statement, in order.
    /// - Throws: ``PostgresError`` before anything runs if a statement cannot be prepared (except with `separately`,
    ///   when that is its outcome and the others run), if the connection is lost, or if the commit fails, for example
    ///   for a deferred constraint. `CancellationError` if cancelling the task has stopped a statement: with
    ///   `separately`, the ones before it have run, and the ones after it may have. ``SQLResultLimitError`` if the
    ///   results together are larger than ``PostgresConfiguration/resultLimit``; the statements may have run. No
    ///   statement may be a `COPY`, whose data has no place in a batch, or change the encoding.
    public mutating func batch(
        _ statements: [SQL], separately: Bool = false
    ) async throws -> [Result<SQLRows, PostgresError>] {
        if statements.isEmpty { return [] }
        return try await handle.connection.batch(statements, separately: separately)
    }
}

extension PostgresConnection {
    func batch(_ statements: [SQL], separately: Bool) async throws -> [Result<SQLRows, PostgresError>] {
        try await perform { operation in
            try await restoreBaseline(operation)
            let outcomes = try await runAgainIfStale(statements, separately: separately, operation)
            return withSession({ $0.batch.hasUnknownTypes }) ? try await read(outcomes, operation) : outcomes
        }
    }

    /// Runs a batch, and once more if it had no effect because the server wants a statement prepared again, or with
    /// other types.
    private func runAgainIfStale(
        _ statements: [SQL], separately: Bool, _ operation: Operation
    ) async throws -> [Result<SQLRows, PostgresError>] {
        let outcomes = try await run(statements, separately: separately, operation)
        if separately || withSession({ $0.isInExplicitTransaction }) { return outcomes }
        guard outcomes.allSatisfy(\.isFailure), statements.allSatisfy(\.isPlain) else { return outcomes }
        var mayRepeat = outcomes.contains { $0.error?.mayBeRepeated == true }
        if !mayRepeat { mayRepeat = try await hasChanged(inBatch: true, operation) }
        return mayRepeat ? try await run(statements, separately: separately, operation) : outcomes
    }

    private func run(
        _ statements: [SQL], separately: Bool, _ operation: Operation
    ) async throws -> [Result<SQLRows, PostgresError>] {
        defer { withSession { $0.forgetBatch() } }
        try withSession { try $0.planBatch(statements, separately: separately) }
        // Repeated while values decide the types of a statement that the server has described, or cannot describe.
        while try withSession({ try $0.startDescribingBatch() }) {
            _ = try await drive(operation)
            let isFailed = try withSession { try $0.finishDescribingBatch() }
            if isFailed { try await rollBackToTypesSavepoint(operation) }
            try checkCancellation(of: operation)
        }
        if try withSession({ try $0.startBatch() }) { _ = try await drive(operation) }
        let outcomes = try withSession { try $0.finishBatch() }
        // A cancelled task gets `CancellationError` instead of the outcome of a cancelled statement.
        let stopped = outcomes.lazy.compactMap(\.error).first { $0.code == .queryCanceled }
        if let stopped, interrupter.signal(for: operation) == .taskCancelled { throw stopped }
        return outcomes
    }
}

extension PostgresError {
    fileprivate var mayBeRepeated: Bool { asksToPrepareAgain && precedesExecution }
}

extension SQL {
    fileprivate var isPlain: Bool {
        guard let text = try? rendered(in: .postgres).text else { return false }
        return StatementTraits(of: text).contains(.isPlain)
    }
}
