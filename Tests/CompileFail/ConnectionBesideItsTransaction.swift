import PoolSQL

func misuse(_ pool: Pool<some SQLDriver>) async throws {
    try await pool.withConnection { connection in
        try await connection.transaction { transaction in  // expect-error: overlapping accesses to 'connection'
            try await transaction.execute("DELETE FROM t")
            try await connection.execute("DELETE FROM u")
        }
    }
}
