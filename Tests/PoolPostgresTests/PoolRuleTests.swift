import PoolPostgres
import Testing

extension PostgresTests {
    /// Rules of the pool, by what the server itself says.
    @Suite("A pool of Postgres by the server's own count", .timeLimit(.minutes(2)))
    struct PoolRuleTests {
        @Test("the server never counts more sessions than the pool's maximum, and counts that many under load")
        func maximum() async throws {
            let server = try PrivatePostgres.shared.get()
            let pool = try PostgresPool(
                database: PostgresConfiguration(server.connection(), applicationName: "pool_maximum"),
                configuration: PoolConfiguration(maximumConnections: 3))
            let count: SQL = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pool_maximum'"
            let counts = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<60 { group.addTask { try await pool.query(count).decode(Int.self)[0] } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(counts.allSatisfy { $0 <= 3 })
            let one = try await pool.acquire()
            let two = try await pool.acquire()
            #expect(try await pool.query(count).decode(Int.self) == [3])
            one.release()
            two.release()
            try await pool.close(drain: .seconds(5))
        }

        @Test("a shard has no more connections than the limit for one, while others have theirs")
        func shardLimit() async throws {
            let main = try PostgresTestSettings().configuration(PrivatePostgres.shared.get())
            let driver = PostgresDriver(configuration: main, shards: ["one": main, "two": main])
            let pool = try Pool(
                driver: driver,
                configuration: PoolConfiguration(maximumConnections: 4, maximumConnectionsPerShard: 1))
            let lease = try await pool.acquire(AcquireOptions(shard: "one"))
            let error = await #expect(throws: PoolError.self) {
                try await pool.query("SELECT 1", AcquireOptions(timeout: .zero, shard: "one"))
            }
            #expect(error?.code == .acquireTimedOut)
            #expect(try await pool.query("SELECT 1", AcquireOptions(shard: "two")).decode(Int.self) == [1])
            lease.release()
            try await pool.close(drain: .seconds(5))
        }

        @Test("a session hook calls a procedure of the server for the tag that is asked for")
        func procedure() async throws {
            let server = try PrivatePostgres.shared.get()
            try await PrivatePostgres.administrator.get().execute(
                """
                CREATE OR REPLACE PROCEDURE pool_set_zone(zone text) LANGUAGE plpgsql AS
                $$ BEGIN PERFORM set_config('TimeZone', zone, false); END $$
                """)
            let hooks = PoolHooks<PostgresDriver>(
                session: { lease, tag in
                    guard let tag else { return }
                    try await lease.execute("CALL pool_set_zone(\(tag["zone"] ?? "UTC"))")
                })
            let pool = try PostgresPool(
                database: PostgresTestSettings().configuration(server),
                configuration: PoolConfiguration(maximumConnections: 1), hooks: hooks)
            for zone in ["Asia/Tokyo", "Europe/Oslo", "Asia/Tokyo"] {
                let found = try await pool.query("SHOW TimeZone", AcquireOptions(tag: ["zone": zone]))
                #expect(try found.decode(String.self) == [zone])
            }
            try await pool.close(drain: .seconds(5))
        }
    }
}
