import PoolCore

func misuse(_ pool: Pool<some SQLDriver>) async throws {
    try await pool.withConnection { connection in  // allow-error: noncopyable type that compiler can't verify
        async let rows = connection.query("SELECT 1")  // expect-error: sending 'connection' risks causing data races
        _ = try await rows
    }
}
