import PoolMySQL
import ServerTestSupport
import Testing

extension MySQLTests {
    /// `POOL_CAMPAIGN=full` makes the long stream a million rows.
    @Suite("The memory of MySQL", .timeLimit(.minutes(isFullCampaign ? 10 : 3)))
    struct MemoryTests {
        private static let count = isFullCampaign ? 1_000_000 : 200_000

        private static func rows(_ count: Int) -> SQL {
            "SELECT seq, repeat('x', 2500) FROM \(raw: "seq_1_to_\(count)")"
        }

        /// All rows, counted, and the most memory that was seen meanwhile.
        private func read(_ count: Int, _ pool: MySQLPool) async throws -> (count: Int, kilobytes: Int) {
            try await pool.withConnection { lease async throws in
                try await lease.stream(Self.rows(count)) { rows async throws in
                    var (count, kilobytes) = (0, 0)
                    while let row = try await rows.next() {
                        count += 1
                        // Not #expect, which takes longer than a row.
                        if try row[0, as: Int.self] != count { throw MySQLTestFailure() }
                        if count.isMultiple(of: 20_000) {
                            kilobytes = max(kilobytes, try ProcessMemory.residentKilobytes())
                        }
                    }
                    return (count, kilobytes)
                }
            }
        }

        @Test(
            "the memory of a stream stays flat, with either protocol",
            .enabled(if: ProcessMemory.isMeasurable, "memory is measured on Linux, without a sanitizer"),
            arguments: [MySQLConfiguration.StatementProtocol.prepared, .textWithoutBinds])
        func longStream(protocol statementProtocol: MySQLConfiguration.StatementProtocol) async throws {
            try await withPool(1) {
                $0.statementProtocol = statementProtocol
            } _: { pool async throws in
                _ = try await read(20_000, pool)
                let before = try ProcessMemory.residentKilobytes()
                let (count, kilobytes) = try await read(Self.count, pool)
                print("\(count) rows: \(kilobytes - before) KB more")
                #expect(count == Self.count)
                // All rows together are more than 500 MB. Some of the room is for the tests that run beside this one.
                #expect(kilobytes - before < 150_000, "\(kilobytes - before) KB more")
            }
        }

        @Test("a stream of a million rows that is left early leaves its connection ready, and soon")
        func stoppedStream() async throws {
            try await withPool(1) { pool async throws in
                let identity: SQL = "SELECT CONNECTION_ID()"
                let before = try await pool.query(identity).decode(Int.self)
                var slowest = Duration.zero
                for _ in 0..<20 {
                    let start = ContinuousClock.now
                    try await pool.withConnection { lease async throws in
                        try await lease.stream(Self.rows(1_000_000)) { rows async throws in
                            for _ in 0..<300 { _ = try await rows.next() }
                        }
                        #expect(try await lease.query(identity).decode(Int.self) == before)
                    }
                    slowest = max(slowest, ContinuousClock.now - start)
                }
                print("a stream of a million rows is left within \(slowest)")
                #expect(slowest < .seconds(2), "the slowest of 20 took \(slowest)")
                #expect(pool.statistics.connectionsOpened == 1)
            }
        }
    }
}
