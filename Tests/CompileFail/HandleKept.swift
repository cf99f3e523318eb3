import PoolSQL

struct Thief<Driver: SQLDriver>: ~Copyable, SQLSession {
    let handle: ConnectionHandle<Driver>
}

func misuse(_ pool: Pool<some SQLDriver>) async throws {
    try await pool.withConnection { connection in
        var thief = Thief(handle: connection.handle)  // expect-error: cannot partially consume 'connection'
        try await thief.execute("SELECT 1")
    }
}
