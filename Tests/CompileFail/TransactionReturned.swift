import PoolSQL

func misuse<Driver: SQLDriver>(_ pool: Pool<Driver>) async throws {
    var kept = try await pool.withTransaction {  // expect-error: 'Transaction<Driver>' conform to 'Copyable'
        (transaction: inout Transaction<Driver>) -> Transaction<Driver> in
        transaction
    }
    try await kept.execute("DELETE FROM t")
}
