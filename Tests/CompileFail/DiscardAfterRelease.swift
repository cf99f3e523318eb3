import PoolSQL

func misuse(_ pool: Pool<some SQLDriver>) async throws {
    var lease = try await pool.acquire()  // expect-error: 'lease' used after consume
    lease.release()
    lease.discard(reason: "broken")
}
