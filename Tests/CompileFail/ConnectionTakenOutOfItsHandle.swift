import PoolSQL

func misuse<Driver: SQLDriver>(_ pool: Pool<Driver>) async throws -> Driver.Connection {
    try await pool.withConnection { connection in
        connection.handle.connection  // expect-error: is inaccessible due to '@_spi' protection level
    }
}
