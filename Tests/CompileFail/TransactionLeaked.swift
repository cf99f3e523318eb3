import PoolSQL

final class Keeper<Driver: SQLDriver> {
    var kept: SQLTransaction<Driver>?

    func misuse(_ pool: Pool<Driver>) async throws {
        try await pool.withTransaction { transaction in  // expect-error: missing reinitialization
            kept = consume transaction
        }
    }
}
