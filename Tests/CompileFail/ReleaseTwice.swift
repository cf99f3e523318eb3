import PoolSQL

func misuse(_ pool: Pool<some SQLDriver>) async throws {
    let lease = try await pool.acquire()  // expect-error: 'lease' consumed more than once
    lease.release()
    lease.release()
}
