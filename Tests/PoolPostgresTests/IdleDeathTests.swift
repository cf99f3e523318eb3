import Foundation
import PoolPostgres
import Testing

extension PostgresTests {
    @Suite("Idle connections of Postgres", .timeLimit(.minutes(2)))
    struct IdleDeathTests {
        @Test("idle connections whose sessions end are replaced while idle: the minimum comes back, and no query fails")
        func terminated() async throws {
            let server = try PrivatePostgres.shared.get()
            let pool = try PostgresPool(
                database: PostgresConfiguration(server.connection(), applicationName: "idle_death"),
                configuration: PoolConfiguration(name: "idle", maximumConnections: 6, minimumConnections: 3))
            for round in 1...5 {
                try await open(6, of: pool)
                let terminated = try await PrivatePostgres.administrator.get().query(
                    """
                    SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
                    WHERE application_name = 'idle_death'
                    """
                ).decode(Int.self)
                #expect(terminated == [6])
                // Nobody acquires meanwhile.
                while pool.statistics.connectionsClosed[.broken] != round * 6 || pool.statistics.counts.idle < 3 {
                    await Task.yield()
                }
                #expect(pool.statistics.counts.total == 3)
                let answers = try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in 0..<24 {
                        group.addTask { try await pool.query("SELECT \(number)::int8").decode(Int.self)[0] }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(answers.sorted() == Array(0..<24))
            }
            try await pool.close(drain: .seconds(1))
        }

        private func open(_ count: Int, of pool: PostgresPool) async throws {
            guard count > 0 else { return }
            let lease = try await pool.acquire()
            try await open(count - 1, of: pool)
            lease.release()
        }

        @Test("a session that ends while a cursor rests is noticed when the cursor goes on, and replaced")
        func terminatedBesideCursor() async throws {
            try await withPool(1) { pool async throws in
                await #expect(throws: PostgresError.self) {
                    try await pool.withConnection { lease in
                        let process = try await lease.query("SELECT pg_backend_pid()").decode(Int.self)[0]
                        try await lease.stream("SELECT generate_series(1, 1000000)") { rows in
                            _ = try await rows.next()
                            try await PrivatePostgres.administrator.get().execute(
                                "SELECT pg_terminate_backend(\(process)::int4, 10000)")
                            while try await rows.next() != nil {}
                        }
                    }
                }
                #expect(try await pool.query("SELECT 1").decode(Int.self) == [1])
                #expect(pool.statistics.connectionsClosed[.broken] == 1)
            }
        }

        #if os(Linux)
        @Test("a cursor that rests, although more has come, costs the loop no time, and its end is still noticed")
        func restingCursor() async throws {
            try await withPool(2) { pool async throws in
                try await pool.withConnection { lease in
                    let process = try await lease.query("SELECT pg_backend_pid()").decode(Int.self)[0]
                    try await lease.stream("SELECT repeat('x', 1000) FROM generate_series(1, 20000)") { rows in
                        _ = try await rows.next()
                        let before = try loopNanoseconds()
                        try await PrivatePostgres.administrator.get().execute("SELECT pg_sleep(0.3)")
                        let spent = try loopNanoseconds() - before
                        #expect(spent < 100_000_000, "the loops ran for \(spent / 1_000_000) ms of 300")
                    }
                    // What the cursor left unread is gone, and the connection is watched again.
                    try await PrivatePostgres.administrator.get().execute(
                        "SELECT pg_terminate_backend(\(process)::int4, 10000)")
                    await #expect(throws: PostgresError.self) { try await lease.query("SELECT 1") }
                }
            }
        }

        /// What all event loops of this process have used of the processor.
        private func loopNanoseconds() throws -> Int {
            var sum = 0
            for thread in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task") {
                // A thread may end meanwhile.
                guard
                    let name = try? String(contentsOfFile: "/proc/self/task/\(thread)/comm", encoding: .utf8),
                    name.hasPrefix("postgres-loop"),
                    let times = try? String(contentsOfFile: "/proc/self/task/\(thread)/schedstat", encoding: .utf8)
                else { continue }
                sum += times.split(separator: " ").first.flatMap { Int($0) } ?? 0
            }
            #expect(sum > 0)
            return sum
        }
        #endif
    }
}
