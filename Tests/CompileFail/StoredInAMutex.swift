import PoolSQL
import Synchronization

func misuse<Driver: SQLDriver>(_ pool: Pool<Driver>, _ kept: borrowing Mutex<Lease<Driver>?>) async throws {
    try await pool.withConnection { connection in  // expect-error: missing reinitialization of closure capture
        kept.withLock { $0 = consume connection }
    }
}
