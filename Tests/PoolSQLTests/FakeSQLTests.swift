import PoolSQL
import PoolTesting
import Testing

@Suite("The fake driver's SQL", .timeLimit(.minutes(1)))
struct FakeSQLTests {
    @Test("A transaction makes a connection dirty until it ends, and is recorded")
    func transaction() async throws {
        let pool = try Pool(driver: FakeDriver(), configuration: PoolConfiguration(maximumConnections: 1))
        try await pool.withConnection { lease in
            try await lease.connection.transaction(.begin(SQLTransactionOptions()))
            #expect(lease.connection.condition == .dirty)
            try await lease.connection.transaction(.rollback)
            #expect(lease.connection.condition == .clean)
            #expect(lease.connection.statements == ["BEGIN", "ROLLBACK"])
        }
        try await pool.close()
    }
}
