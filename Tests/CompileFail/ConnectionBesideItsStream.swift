import PoolSQL

func misuse(_ pool: Pool<some SQLDriver>) async throws {
    try await pool.withConnection { connection in
        try await connection.stream("SELECT 1") { rows in  // expect-error: overlapping accesses to 'connection'
            while try await rows.next() != nil {
                try await connection.execute("DELETE FROM t")
            }
        }
    }
}
