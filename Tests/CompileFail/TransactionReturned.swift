import PoolSQL

func misuse<Driver: SQLDriver>(_ pool: Pool<Driver>) async throws {
    var kept = try await pool.withTransaction {  // expect-error: 'SQLTransaction<Driver>' conform to 'Copyable'
        (transaction: inout SQLTransaction<Driver>) -> SQLTransaction<Driver> in
        transaction
    }
    try await kept.execute("DELETE FROM t")
}
