import PoolPostgres
import Testing

extension PostgresTests {
    /// Identities, shards, credentials and settings that each lease begins with.
    @Suite("Whom a connection of Postgres works for", .timeLimit(.minutes(2)))
    struct IdentityTests {
        private func withRoles(_ body: (PostgresPool) async throws -> Void) async throws {
            try await withPool(2) { pool in
                try await pool.withConnection { connection in
                    for role in ["pool_ada", "pool_grace"] {
                        try await connection.executeScript(
                            "DO $$ BEGIN CREATE ROLE \(role) LOGIN; EXCEPTION WHEN duplicate_object THEN END $$")
                    }
                }
                try await body(pool)
            }
        }

        private func user(_ pool: PostgresPool, _ identity: PoolIdentity?) async throws -> String? {
            try await pool.query(
                "SELECT current_user || ' of ' || session_user", AcquireOptions(identity: identity)
            ).first?[0, as: String.self]
        }

        @Test("each user's leases are that user's, under one maximum")
        func users() async throws {
            try await withRoles { pool async throws in
                for _ in 0..<3 {
                    #expect(try await user(pool, nil) == "postgres of postgres")
                    for name in ["pool_ada", "pool_grace"] {
                        let identity = PoolIdentity.credentials(PoolCredentials(user: name))
                        #expect(try await user(pool, identity) == "\(name) of \(name)")
                    }
                }
                #expect(pool.statistics.counts.total <= 2)
            }
        }

        @Test("a role is taken on for every lease, also after one that has left it or reset the session")
        func roles() async throws {
            try await withRoles { pool async throws in
                let options = AcquireOptions(identity: .role("pool_ada"))
                for statement in ["SELECT 1", "RESET ROLE", "SET ROLE postgres", "SET search_path = pg_catalog"] {
                    try await pool.withConnection(options) { try await $0.execute(SQL(raw: statement)) }
                    #expect(try await user(pool, .role("pool_ada")) == "pool_ada of postgres", "after \(statement)")
                }
                #expect(try await user(pool, nil) == "postgres of postgres")
            }
        }

        @Test("a role that does not exist, or whose name is hostile, is refused with the server's error")
        func unknownRole() async throws {
            try await withPool { pool async throws in
                for name in ["nobody's", "x\"; DROP ROLE postgres; --"] {
                    let error = await #expect(throws: PoolError.self) { try await user(pool, .role(name)) }
                    #expect(error?.code == .connectRefused)
                    let reason = error?.lastConnectError.map { "\($0)" } ?? ""
                    #expect(reason.contains("does not exist"))
                }
                let error = await #expect(throws: PoolError.self) { try await user(pool, .role("none")) }
                #expect(error?.code == .connectRefused)
                #expect(try await user(pool, nil) == "postgres of postgres")
            }
        }

        @Test(
            "passwords decide, whoever is connected already; a provider's new one is fetched when the old one is refused",
            .enabled(if: PrivatePostgres.canBeSecure, "openssl is not installed"))
        func passwords() async throws {
            let server = try PrivatePostgres.secure.get()
            let database = try PostgresConfiguration(
                "host=127.0.0.1 port=\(server.port) dbname=postgres sslmode=require user=ada password=wrong")
            let pool = try PostgresPool(
                database: database,
                credentials: { request in PoolCredentials(user: "ada", password: request.isRefresh ? "right" : "stale")
                })
            #expect(try await user(pool, nil) == "ada of ada")
            let right = PoolIdentity.credentials(PoolCredentials(user: "ada", password: "right"))
            #expect(try await user(pool, right) == "ada of ada")
            let wrong = PoolIdentity.credentials(PoolCredentials(user: "ada", password: "guessed"))
            let error = await #expect(throws: PoolError.self) { try await user(pool, wrong) }
            #expect((error?.lastConnectError as? PostgresError)?.code == .invalidPassword)
            // The pool's own password is not sent for somebody else.
            let none = PoolIdentity.credentials(PoolCredentials(user: "ada"))
            await #expect(throws: PoolError.self) { try await user(pool, none) }
            try await pool.close(drain: .seconds(5))
        }

        @Test("each shard is a database of its own")
        func shards() async throws {
            let server = try PrivatePostgres.shared.get()
            let main = try PostgresTestSettings().configuration(server)
            var other = PostgresTestSettings()
            other.more = "dbname=template1"
            let driver = PostgresDriver(configuration: main, shards: ["one": try other.configuration(server)])
            let pool = try Pool(driver: driver, configuration: PoolConfiguration(maximumConnections: 2))
            let name: SQL = "SELECT current_database()::text"
            #expect(try await pool.query(name).decode(String.self) == ["postgres"])
            #expect(try await pool.query(name, AcquireOptions(shard: "one")).decode(String.self) == ["template1"])
            await #expect(throws: PoolError.self) { _ = try await pool.query(name, AcquireOptions(shard: "two")) }
            try await pool.close(drain: .seconds(5))
        }

        @Test("settings that a session begins with come back with each reset")
        func sessionSettings() async throws {
            let server = try PrivatePostgres.shared.get()
            let settings = [
                "search_path": "pg_temp, information_schema", "TimeZone": "Pacific/Auckland",
                "default_transaction_isolation": "repeatable read", "pool.note": "with \\ and  'spaces'",
            ]
            let database = try PostgresConfiguration(
                "host=\(server.folder) port=\(server.port) user=postgres dbname=postgres options='-c work_mem=5MB'",
                sessionSettings: settings)
            let pool = try PostgresPool(
                database: database, configuration: PoolConfiguration(maximumConnections: 1))
            for _ in 0..<2 {
                try await pool.withConnection { connection in
                    for (name, value) in settings.merging(["work_mem": "5MB"], uniquingKeysWith: { own, _ in own }) {
                        let values = try await connection.query("SELECT current_setting(\(name))").decode(String.self)
                        #expect(values == [value])
                        try await connection.execute(
                            "SELECT set_config(\(name), \(value == "5MB" ? "6MB" : value), false)")
                    }
                    try await connection.execute("SET search_path = public; ")
                }
            }
            try await pool.close(drain: .seconds(5))
            #expect(throws: PoolConfigurationError.self) {
                try PostgresConfiguration("", sessionSettings: ["work_mem=1 -c role": "x"])
            }
        }

        @Test("temporary tables are dropped at the end of a lease, or kept, as configured", arguments: [false, true])
        func temporaryTables(areKept: Bool) async throws {
            let server = try PrivatePostgres.shared.get()
            let database = try PostgresConfiguration(
                "host=\(server.folder) port=\(server.port) user=postgres dbname=postgres",
                temporaryTables: areKept ? .kept : .dropped)
            let pool = try PostgresPool(
                database: database, configuration: PoolConfiguration(maximumConnections: 1))
            try await pool.withConnection { connection in
                try await connection.execute("CREATE TEMPORARY TABLE kept_or_not (i int)")
                try await connection.execute("SET work_mem = '7MB'")
            }
            let exists = try await pool.query("SELECT to_regclass('pg_temp.kept_or_not') IS NOT NULL").decode(Bool.self)
            #expect(exists == [areKept])
            let memory = try await pool.query("SHOW work_mem").decode(String.self)
            #expect(memory != ["7MB"])
            try await pool.close(drain: .seconds(5))
        }

        @Test("how many statements a connection keeps can be changed while it is open")
        func statementCacheCapacity() async throws {
            let server = try PrivatePostgres.shared.get()
            let pool = try PostgresPool(
                database: PostgresTestSettings().configuration(server),
                configuration: PoolConfiguration(maximumConnections: 1))
            /// How many of five statements the server knows after each has run three times.
            func count(_ round: Int) async throws -> [Int] {
                try await pool.withConnection { lease in
                    for _ in 0..<3 {
                        for number in 0..<5 { _ = try await lease.query("SELECT \(raw: "\(number)") + \(1)") }
                    }
                    // Each time a text that is new: what is not needed goes with the next that is.
                    let known: SQL = """
                        SELECT count(*)::int8 FROM pg_prepared_statements
                            WHERE statement LIKE 'SELECT _ + $1%' AND \(raw: "\(round)") > \(0)
                        """
                    return try await lease.query(known).decode(Int.self)
                }
            }
            #expect(try await count(1) == [5])
            try await pool.reconfigure { $0.statementCacheCapacity = 2 }
            let small = try await count(2)[0]
            #expect(small >= 1 && small <= 2)
            try await pool.reconfigure { $0.statementCacheCapacity = 0 }
            #expect(try await count(3) == [0])
            try await pool.reconfigure { $0.statementCacheCapacity = nil }
            #expect(try await count(4) == [5])
            #expect(pool.statistics.connectionsOpened == 1)
            try await pool.close(drain: .seconds(5))
        }
    }
}
