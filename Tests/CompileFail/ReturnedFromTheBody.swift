import PoolCore

func misuse<Driver: SQLDriver>(_ pool: Pool<Driver>) async throws {
    typealias Body = (inout Lease<Driver>) async throws -> Lease<Driver>
    let body: Body = { connection in connection }
    let kept = try await pool.withConnection(body)  // expect-error: to conform to 'Copyable'
    kept.release()
}
