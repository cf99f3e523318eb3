import PoolSQLite

nonisolated(unsafe) var kept: Lease<SQLiteDriver>?  // Unsafe, because isolation is not what this is about.

func misuse(_ pool: Pool<SQLiteDriver>) async throws {
    try await pool.withConnection { connection in  // expect-error: missing reinitialization
        kept = consume connection
    }
}
