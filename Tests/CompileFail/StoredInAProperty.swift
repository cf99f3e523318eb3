import PoolSQL

final class Keeper<Driver: SQLDriver> {
    var kept: Lease<Driver>?

    func misuse(_ pool: Pool<Driver>) async throws {
        try await pool.withConnection { connection in  // expect-error: missing reinitialization
            kept = consume connection
        }
    }
}
