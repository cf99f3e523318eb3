import PoolPostgres
import ServerTestSupport
import Testing

extension PostgresTests {
    @Suite("The memory of Postgres", .timeLimit(.minutes(2)))
    struct MemoryTests {
        /// Rows of a kilobyte, in batches of 256.
        private func stream(_ count: Int, _ pool: PostgresPool) async throws {
            for _ in 0..<count {
                try await pool.withConnection { lease async throws in
                    try await lease.stream("SELECT repeat('x', 1000) FROM generate_series(1, 600)") {
                        rows async throws in
                        while try await rows.next() != nil {}
                    }
                }
            }
        }

        @Test(
            "the rows of a stream leave nothing behind",
            .enabled(if: ProcessMemory.isMeasurable, "memory is measured on Linux, without a sanitizer"))
        func streams() async throws {
            try await withPool(1) { pool async throws in
                try await stream(50, pool)
                let before = try ProcessMemory.residentKilobytes()
                try await stream(300, pool)
                let growth = try ProcessMemory.residentKilobytes() - before
                // Half of all that was read is 90 MB.
                #expect(growth < 30_000, "\(growth) KB more")
            }
        }
    }
}
