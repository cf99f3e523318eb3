import PoolCore
import PoolMySQL
import ServerTestSupport
import Testing

extension MySQLTests {
    @Suite("The memory of MySQL", .timeLimit(.minutes(3)))
    struct MemoryTests {
        private static let million: SQL = "SELECT seq, repeat('x', 500) FROM seq_1_to_1000000"

        /// All rows, counted, and the most memory that was seen meanwhile.
        private func read(_ pool: MySQLPool, _ statement: SQL) async throws -> (count: Int, kilobytes: Int) {
            try await pool.withConnection { lease async throws in
                try await lease.stream(statement) { rows async throws in
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
            "a stream of a million rows stays flat, with either protocol",
            .enabled(if: ProcessMemory.isMeasurable, "memory is measured on Linux, without a sanitizer"),
            arguments: [MySQLConfiguration.StatementProtocol.prepared, .textWithoutBinds])
        func streamOfAMillion(protocol statementProtocol: MySQLConfiguration.StatementProtocol) async throws {
            try await withPool(1) {
                $0.statementProtocol = statementProtocol
            } _: { pool async throws in
                _ = try await read(pool, "SELECT seq, repeat('x', 500) FROM seq_1_to_20000")
                let before = try ProcessMemory.residentKilobytes()
                let (count, kilobytes) = try await read(pool, Self.million)
                print("a million rows: \(kilobytes - before) KB more")
                #expect(count == 1_000_000)
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
                        try await lease.stream(Self.million) { rows async throws in
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
