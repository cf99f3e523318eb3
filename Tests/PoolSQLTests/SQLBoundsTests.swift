import PoolSQL
import PoolTesting
import Testing

@Suite("Bounds of SQL's numbers and durations", .timeLimit(.minutes(1)))
struct SQLBoundsTests {
    /// A pool of one fake connection, which is closed after `body`.
    private func withPool<Result>(_ body: (Pool<FakeDriver>) async throws -> Result) async throws -> Result {
        try await Pool(driver: FakeDriver(), configuration: PoolConfiguration(maximumConnections: 1))
            .run(drain: .zero, body)
    }

    @Test("SQLTransactionOptions.maximumRetries is from 0 to 1,000,000")
    func retries() async throws {
        for count in [0, 1_000_000] {
            try await withPool { try await $0.withTransaction(SQLTransactionOptions(maximumRetries: count)) { _ in } }
        }
        for count in [-1, .min, 1_000_001, .max] {
            let error = await #expect(throws: PoolConfigurationError.self, "\(count)") {
                try await withPool {
                    try await $0.withTransaction(SQLTransactionOptions(maximumRetries: count)) { _ in }
                }
            }
            #expect(error?.property == "SQLTransactionOptions.maximumRetries")
        }
    }

    @Test("A stream takes batches of 1 to 1,000,000 rows", arguments: [.min, -1, 0, 1, 1_000_000, 1_000_001, .max])
    func batchSizes(size: Int) async throws {
        let read = {
            try await withPool { pool in
                try await pool.withConnection { lease in
                    try await lease.stream("SELECT 1", batchSize: size) { rows in _ = try await rows.next() }
                }
            }
        }
        if 1...1_000_000 ~= size { return try await read() }
        let error = await #expect(throws: SQLStatementError.self) { try await read() }
        #expect(error?.code == .batchSize)
    }

    @Test(
        "An offset that no clock has is no moment",
        arguments: [
            .seconds(-1), .nanoseconds(-1), .seconds(Int64.min), .seconds(Int64.max),
            Duration(secondsComponent: .max, attosecondsComponent: 999_999_999_999_999_999),
        ] as [Duration])
    func offsets(offset: Duration) throws {
        let noon = try #require(SQLTimestamp("2026-11-30 12:00:00"))
        let moment = SQLZonedTimestamp(noon, offset: offset)
        let isFar = max(offset, .zero - offset) > .seconds(9_000_000_000_000)
        #expect((moment == nil) == isFar)
    }
}
