import PoolSQL

func misuse(_ pool: Pool<some SQLDriver>) async throws {
    try await pool.withTransaction { transaction in  // expect-error: missing reinitialization
        var copy = transaction
        try await copy.execute("DELETE FROM t")
    }
}
