import PoolCore

func misuse(_ pool: Pool<some SQLDriver>) async throws {
    _ = try await pool.withTransaction { transaction in  // expect-error: Copyable
        transaction
    }
}
