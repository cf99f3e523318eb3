import PoolSQL

func misuse<Driver: SQLDriver>(_ pool: Pool<Driver>) async throws {
    var kept: [Lease<Driver>] = []  // expect-error: does not conform to protocol 'Copyable'
    kept.append(try await pool.acquire())
}
