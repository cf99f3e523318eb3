import PoolMySQL
import Testing

extension MySQLTests {
    /// Rules of the pool, by what the server itself says.
    @Suite("A pool of MySQL by the server's own count", .timeLimit(.minutes(2)))
    struct PoolRuleTests {
        private func withOwnDatabase(
            _ configuration: PoolConfiguration, hooks: PoolHooks<MySQLDriver> = PoolHooks(),
            _ body: (MySQLPool, _ database: String) async throws -> Void
        ) async throws {
            let server = try PrivateMariaDB.shared.get()
            var settings = MySQLTestSettings()
            let database = try await server.createDatabase()
            settings.database = database
            let pool = try MySQLPool(
                database: settings.configuration(server), configuration: configuration, hooks: hooks)
            let result: Result<Void, any Error>
            do { result = .success(try await body(pool, database)) } catch { result = .failure(error) }
            try await pool.close(drain: .seconds(5))
            try result.get()
        }

        @Test("the server never counts more sessions than the pool's maximum, and counts that many under load")
        func maximum() async throws {
            try await withOwnDatabase(PoolConfiguration(maximumConnections: 3)) { pool, database in
                let count: SQL = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = \(database)"
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
            }
        }

        @Test("an idle connection that is killed is replaced up to the minimum without an acquire")
        func minimum() async throws {
            try await withOwnDatabase(PoolConfiguration(maximumConnections: 2, minimumConnections: 1)) { pool, _ in
                let id = try await pool.query("SELECT CONNECTION_ID()").decode(Int.self)[0]
                let opened = pool.statistics.connectionsOpened
                try await PrivateMariaDB.administrator.get().execute("KILL \(raw: "\(id)")")
                while pool.statistics.connectionsOpened == opened || pool.statistics.counts.idle == 0 {
                    await Task.yield()
                }
                #expect(pool.statistics.counts.total == 1)
                #expect(try await pool.query("SELECT CONNECTION_ID()").decode(Int.self) != [id])
            }
        }

        @Test("a session hook calls a procedure of the server for the tag that is asked for")
        func procedure() async throws {
            let hooks = PoolHooks<MySQLDriver>(
                session: { lease, tag in
                    guard let zone = tag?["zone"] else { return }
                    _ = try await lease.queryAll("CALL set_zone(\(zone))")
                })
            try await withOwnDatabase(PoolConfiguration(maximumConnections: 1), hooks: hooks) { pool, _ in
                try await pool.execute("CREATE PROCEDURE set_zone(zone TEXT) SET SESSION time_zone = zone")
                for zone in ["+09:00", "+01:00", "+09:00"] {
                    let found = try await pool.query("SELECT @@time_zone", AcquireOptions(tag: ["zone": zone]))
                    #expect(try found.decode(String.self) == [zone])
                }
            }
        }
    }
}
