import PoolSQL

// On the main actor it compiles: the two take turns there, and the compiler takes that for safe.
func misuse(_ pool: Pool<some SQLDriver>) async throws {
    var lease = try await pool.acquire()
    Task {  // expect-error[default,nonsending]: risks causing data races
        try await lease.execute("SELECT 1")
    }
    try await lease.execute("SELECT 2")
}
