internal import Logging
internal import PoolIO
@_spi(Driver) internal import PoolSQL

extension PostgresConnection {
    /// Ends a lookup of types. If it fails, the values stay text, and nothing else fails: their statement continues,
    /// or has taken effect.
    ///
    /// - Throws: ``PostgresError`` if the lookup has made the transaction fail.
    func finishTypeLookup(_ operation: Operation) async throws {
        do {
            _ = try await drive(operation)
            try withSession { try $0.finishTypeLookup() }
        } catch {
            runtime.logger.debug("could not ask the server about the types of columns: \(error)")
            let isUndone = withSession { session in
                session.isInExplicitTransaction && session.link?.transactionStatus != .inTransaction
            }
            if !isUndone { return }
            do {
                try await rollBackToTypesSavepoint(operation)
            } catch _ {
                // The original error says more than its consequence.
                throw error
            }
        }
    }

    /// The result of a statement, with the columns read as arrays that prove to be arrays.
    func read(_ result: ExchangeResult, _ operation: Operation) async throws -> ExchangeResult {
        guard result.hasUnknownTypes, let rows = result.rows else { return result }
        var result = result
        let catalog = try await catalog(for: [rows], operation)
        result.rows = rows.read(with: catalog)
        return result
    }

    /// The results of the statements of a batch, with the columns read as arrays that prove to be arrays.
    func read(
        _ outcomes: [Result<SQLRows, PostgresError>], _ operation: Operation
    ) async throws -> [Result<SQLRows, PostgresError>] {
        let catalog = try await catalog(for: outcomes.compactMap { try? $0.get() }, operation)
        return outcomes.map { outcome in outcome.map { $0.read(with: catalog) } }
    }

    private func catalog(for results: [SQLRows], _ operation: Operation) async throws -> TypeCatalog {
        let columns = results.flatMap { $0.isEmpty ? [] : $0.columns.typeIDs }
        // A cancelled task gets the values as they are. A lookup that cannot be sent undoes nothing.
        if interrupter.signal(for: operation) == .none,
            (try? withSession({ try $0.startTypeLookup(of: columns) })) == true
        {
            try await finishTypeLookup(operation)
        }
        return withSession { $0.types }
    }
}
