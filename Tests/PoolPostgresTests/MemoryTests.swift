#if os(Linux)
import Foundation
import PoolCore
import PoolPostgres
import Testing

extension PostgresTests {
    @Suite("The memory of Postgres", .timeLimit(.minutes(2)))
    struct MemoryTests {
        private func residentKilobytes() throws -> Int {
            let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
            return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) })
        }

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

        /// A sanitizer keeps freed memory for a while; leaks it finds by itself.
        private static let isMeasurable = ProcessInfo.processInfo.environment["POOL_SANITIZER"] == nil

        @Test("the rows of a stream leave nothing behind", .enabled(if: isMeasurable, "a sanitizer keeps freed memory"))
        func streams() async throws {
            try await withPool(1) { pool async throws in
                try await stream(50, pool)
                let before = try residentKilobytes()
                try await stream(300, pool)
                let growth = try residentKilobytes() - before
                // Half of all that was read is 90 MB.
                #expect(growth < 30_000, "\(growth) KB more")
            }
        }
    }
}
#endif
