import PoolSQL

func misuse(_ pool: Pool<some SQLDriver>) async throws {
    func count<Driver: SQLDriver>(_ connection: inout Lease<Driver>) async throws -> SQLRows {
        try await connection.query("SELECT count(*) FROM t")
    }
    try await pool.withConnection { connection in  // expect-error: noncopyable type that compiler can't verify
        async let rows = count(&connection)
        _ = try await rows
    }
}
