import PoolSQL

func misuse<Driver: SQLDriver>(_ pool: Pool<Driver>) async throws {
    try await pool.withConnection { connection in
        var kept = try await connection.stream("SELECT 1") {  // expect-error: conform to 'Copyable'
            (rows: inout SQLRowStream<Driver>) -> SQLRowStream<Driver> in
            rows
        }
        _ = try await kept.next()
    }
}
