@_spi(Driver) public import PoolCore

extension Lease where Driver == PostgresDriver {
    /// Runs `body` while this session alone, of all sessions of the database, holds the advisory lock `key`.
    ///
    /// It waits for the lock as long as it takes: cancel the task to give up. The lock does not depend on transactions;
    /// behind a transaction-level pooler it does not work.
    ///
    /// https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
    ///
    /// - Throws: ``PostgresError``, `CancellationError`, and what `body` throws.
    public mutating func withAdvisoryLock<Result>(
        _ key: Int64, _ body: (inout Lease<PostgresDriver>) async throws -> Result
    ) async throws -> Result {
        let connection = handle.connection
        try await connection.lock(key)
        let result: Result
        do {
            result = try await body(&self)
        } catch {
            await connection.unlock(key)
            throw error
        }
        await connection.unlock(key)
        return result
    }
}

extension PostgresConnection {
    fileprivate func lock(_ key: Int64) async throws {
        try await perform { operation in
            let wasChanged = withSession { session in
                defer { session.isChanged = true }
                return session.isChanged
            }
            // If this fails, nobody knows whether the lock was granted: the reset makes sure.
            try await command("SELECT pg_catalog.pg_advisory_lock(\(key))", operation)
            withSession { $0.isChanged = wasChanged }
        }
    }

    fileprivate func unlock(_ key: Int64) async {
        do {
            try await perform(isCancellable: false) { operation in
                _ = try await command("SELECT pg_catalog.pg_advisory_unlock(\(key))", operation)
            }
        } catch {
            // In a failed transaction no statement runs: the reset does it.
            withSession { $0.isChanged = true }
        }
    }
}
