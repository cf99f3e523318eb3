import PoolSQL

func misuse(_ pool: Pool<some SQLDriver>) async throws {
    var lease = try await pool.acquire()  // expect-error: 'lease' used after consume
    var copy = lease
    try await copy.execute("SELECT 1")
    try await lease.execute("SELECT 1")
}
