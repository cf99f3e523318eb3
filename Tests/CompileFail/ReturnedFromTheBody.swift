import PoolSQL

func misuse<Driver: SQLDriver>(_ pool: Pool<Driver>) async throws {
    let kept = try await pool.withConnection {  // expect-error: 'Lease<Driver>' conform to 'Copyable'
        (connection: inout Lease<Driver>) -> Lease<Driver> in
        connection
    }
    kept.release()
}
