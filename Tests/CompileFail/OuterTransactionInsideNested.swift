import PoolSQL

func misuse(_ pool: Pool<some SQLDriver>) async throws {
    try await pool.withTransaction { outer in
        try await outer.transaction { inner in  // expect-error: overlapping accesses
            try await inner.execute("DELETE FROM t")
            try await outer.execute("DELETE FROM u")
        }
    }
}
