import PoolSQL

func misuse(_ pool: Pool<some SQLDriver>) async throws {
    try await pool.withTransaction { transaction in
        Task {  // expect-error: captures 'inout' parameter 'transaction' // allow-error: risks causing data races
            try await transaction.execute("DELETE FROM t")
        }
    }
}
