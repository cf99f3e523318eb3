@_spi(Driver) public import PoolSQL

extension Lease where Driver == PostgresDriver {
    /// Runs `body` while this session holds the advisory lock `key`, which one session of the database can hold at a
    /// time.
    ///
    /// The call waits for the lock without a time limit: cancel the task to give up. The lock does not depend on
    /// transactions; behind a transaction-level pooler it does not work.
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
            // If this fails, whether the lock was granted is unknown: the reset makes sure.
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
            // In a failed transaction no statement runs: the reset releases the lock.
            withSession { $0.isChanged = true }
        }
    }
}
