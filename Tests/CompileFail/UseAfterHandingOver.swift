import PoolSQL

func misuse<Driver: SQLDriver>(_ pool: Pool<Driver>) async throws {
    func finish(_ lease: consuming Lease<Driver>) {}
    var lease = try await pool.acquire()  // expect-error: 'lease' used after consume
    finish(lease)
    try await lease.execute("SELECT 1")
}
