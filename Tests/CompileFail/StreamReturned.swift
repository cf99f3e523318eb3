import PoolCore

func misuse(_ pool: Pool<some SQLDriver>) async throws {
    try await pool.withConnection { connection in
        _ = try await connection.stream("SELECT 1") { rows in  // expect-error: Copyable
            rows
        }
    }
}
