import PoolSQL

func misuse(_ pool: Pool<some SQLDriver>) async throws {
    try await pool.withConnection { connection in
        Task {  // expect-error: captures 'inout' parameter 'connection' // allow-error: risks causing data races
            try await connection.execute("SELECT 1")
        }
    }
}
