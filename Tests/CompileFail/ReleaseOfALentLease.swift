import PoolSQL

func misuse(_ pool: Pool<some SQLDriver>) async throws {
    try await pool.withConnection { connection in  // expect-error: missing reinitialization
        connection.release()
    }
}
