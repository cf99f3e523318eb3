import PoolSQL

func misuse(_ pool: Pool<some SQLDriver>) async throws {
    var later: [() async throws -> Void] = []
    try await pool.withConnection { connection in
        later.append {  // expect-error: escaping closure captures 'inout' parameter 'connection'
            try await connection.execute("SELECT 1")
        }
    }
}
