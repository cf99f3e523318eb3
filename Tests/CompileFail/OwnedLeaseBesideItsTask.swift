import PoolCore

func misuse(_ pool: Pool<some SQLDriver>) async throws {
    var lease = try await pool.acquire()
    Task {  // expect-error: risks causing data races
        try await lease.execute("SELECT 1")
    }
    try await lease.execute("SELECT 2")
}
