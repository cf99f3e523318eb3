import PoolCore

struct Thief<Driver: SQLDriver>: SQLSession {
    let handle: ConnectionHandle<Driver>
}

func misuse(_ pool: Pool<some SQLDriver>) async throws {
    var thief = try await pool.withConnection { connection in
        Thief(handle: connection.handle)  // expect-error: 'handle' is inaccessible due to '@_spi' protection level
    }
    try await thief.execute("SELECT 1")
}
