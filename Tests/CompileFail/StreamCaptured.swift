import PoolSQL

func misuse(_ pool: Pool<some SQLDriver>) async throws {
    try await pool.withConnection { connection in
        try await connection.stream("SELECT 1") { rows in
            Task {  // expect-error: captures 'inout' parameter 'rows' // allow-error: risks causing data races
                _ = try await rows.next()
            }
        }
    }
}
