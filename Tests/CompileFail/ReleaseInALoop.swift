import PoolSQL

func misuse(_ pool: Pool<some SQLDriver>) async throws {
    let lease = try await pool.acquire()  // expect-error: 'lease' consumed in a loop
    for _ in 0..<2 {
        lease.release()
    }
}
