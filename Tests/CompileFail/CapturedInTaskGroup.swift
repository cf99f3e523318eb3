import PoolSQL

func misuse(_ pool: Pool<some SQLDriver>) async throws {
    try await pool.withConnection { connection in
        await withTaskGroup(of: Void.self) { group in
            group.addTask {  // expect-error: captures 'inout' parameter 'connection' // allow-error: data races
                _ = try? await connection.query("SELECT 1")
            }
        }
    }
}
