import PoolMySQL
import Testing

extension MySQLTests {
    /// Identities, shards and credentials.
    @Suite("Whom a connection of MySQL works for", .timeLimit(.minutes(2)))
    struct IdentityTests {
        /// Users and roles that end in `suffix`, which no other test has: `ada` (password `right`) and `grace`
        /// (`light`), who may take on the roles `low` and `high`, but not `foreign`.
        private func withUsers(
            _ suffix: String, _ change: (inout MySQLTestSettings) -> Void = { _ in },
            _ body: (MySQLPool) async throws -> Void
        ) async throws {
            let administrator = try PrivateMariaDB.administrator.get()
            for role in ["low", "high", "foreign"] {
                try await administrator.execute("CREATE ROLE \(identifier: role + suffix)")
            }
            for (user, password) in [("ada", "right"), ("grace", "light")] {
                let name = user + suffix
                try await administrator.execute("CREATE USER \(identifier: name)@'%' IDENTIFIED BY '\(raw: password)'")
                try await administrator.execute("GRANT ALL ON test.* TO \(identifier: name)@'%'")
                for role in ["low", "high"] {
                    try await administrator.execute("GRANT \(identifier: role + suffix) TO \(identifier: name)@'%'")
                }
            }
            try await withPool(2) {
                ($0.user, $0.password) = ("ada" + suffix, "right")
                change(&$0)
            } _: { pool in
                try await body(pool)
            }
        }

        private func user(_ pool: MySQLPool, _ identity: PoolIdentity?) async throws -> String? {
            try await pool.query("SELECT CURRENT_USER()", AcquireOptions(identity: identity)).first?[0, as: String.self]
        }

        private func role(_ pool: MySQLPool, _ identity: PoolIdentity?) async throws -> String? {
            try await pool.query("SELECT CURRENT_ROLE()", AcquireOptions(identity: identity)).decode(String?.self)[0]
        }

        @Test("each user's leases are that user's, under one maximum")
        func users() async throws {
            try await withUsers("_1") { pool async throws in
                for _ in 0..<3 {
                    #expect(try await user(pool, nil) == "ada_1@%")
                    let grace = PoolIdentity.credentials(PoolCredentials(user: "grace_1", password: "light"))
                    #expect(try await user(pool, grace) == "grace_1@%")
                    // The session comes back to its own user, not to the configuration's.
                    try await pool.withConnection(AcquireOptions(identity: grace)) { lease in
                        try await lease.changeUser("ada_1", password: "right")
                        #expect(try await lease.query("SELECT CURRENT_USER()").decode(String.self) == ["ada_1@%"])
                    }
                    try await pool.withConnection(AcquireOptions(identity: grace)) {
                        try await $0.execute("SET @a = 1")
                    }
                    #expect(try await user(pool, grace) == "grace_1@%")
                }
                #expect(pool.statistics.counts.total <= 2)
            }
        }

        @Test("a wrong password never gets a connection, whoever is connected already, and the pool's own is not sent")
        func wrongPasswords() async throws {
            try await withUsers("_2") { pool async throws in
                let right = PoolIdentity.credentials(PoolCredentials(user: "grace_2", password: "light"))
                for _ in 0..<2 {
                    #expect(try await user(pool, right) == "grace_2@%")
                    #expect(try await user(pool, nil) == "ada_2@%")
                    for wrong in [
                        PoolCredentials(user: "grace_2", password: "right"), PoolCredentials(user: "grace_2"),
                        PoolCredentials(user: "ada_2"), PoolCredentials(user: "ada_2", password: "light"),
                    ] {
                        let error = await #expect(throws: PoolError.self) {
                            try await user(pool, .credentials(wrong))
                        }
                        #expect(error?.code == .connectRefused)
                        #expect((error?.lastConnectError as? MySQLError)?.code == .accessDenied)
                    }
                }
                for invalid in ["", "grace_2\0"] {
                    let identity = PoolIdentity.credentials(PoolCredentials(user: invalid, password: "light"))
                    let error = await #expect(throws: PoolError.self) { try await user(pool, identity) }
                    #expect((error?.lastConnectError as? MySQLError)?.code == .misuse)
                }
            }
        }

        @Test("a cancel finds the statement of whoever runs it")
        func cancel() async throws {
            try await withUsers("_3") { pool async throws in
                for identity in [PoolCredentials(user: "grace_3", password: "light"), nil] {
                    let sleep = "SELECT SLEEP(1000), '\(identity?.user ?? "ada_3")'"
                    let options = AcquireOptions(identity: identity.map { .credentials($0) })
                    let task = Task { _ = try await pool.query(SQL(raw: sleep), options) }
                    try await waitForProcess(sleep)
                    let before = pool.statistics.connectionsClosed
                    task.cancel()
                    await #expect(throws: CancellationError.self) { try await task.value }
                    // It was stopped, and its connection not given up.
                    _ = try await pool.query("SELECT 1", options)
                    #expect(pool.statistics.connectionsClosed == before)
                }
            }
        }

        @Test(
            "a role is taken on for every lease, also after one that has left it or reset the session",
            arguments: [SQLTemporaryTables.dropped, .kept])
        func roles(tables: SQLTemporaryTables) async throws {
            let suffix = tables == .kept ? "_4" : "_5"
            let administrator = try PrivateMariaDB.administrator.get()
            let procedure = "leave_role" + suffix
            try await administrator.execute(
                "CREATE PROCEDURE test.\(identifier: procedure)() SQL SECURITY INVOKER SET ROLE NONE")
            try await withUsers(suffix, { $0.temporaryTables = tables }) { pool async throws in
                let low = PoolIdentity.role("low" + suffix)
                let high = PoolIdentity.role("high" + suffix)
                for statement in [
                    "SELECT 1", "SET ROLE NONE", "SET ROLE high\(suffix)", "SET @a = 1", "SET sql_mode = ''",
                    "USE mysql",
                    "CALL test.\(procedure)()", "BEGIN",
                ] {
                    // Whoever has no right to the database is told so, and this changes nothing.
                    _ = try? await pool.withConnection(AcquireOptions(identity: low)) {
                        try await $0.execute(SQL(raw: statement))
                    }
                    #expect(try await role(pool, low) == "low" + suffix, "after \(statement)")
                }
                try await pool.withConnection(AcquireOptions(identity: low)) { lease in
                    try await lease.changeUser("grace" + suffix, password: "light")
                    #expect(try await lease.query("SELECT CURRENT_ROLE()").decode(String?.self) == [nil])
                }
                #expect(try await role(pool, low) == "low" + suffix)
                #expect(try await role(pool, high) == "high" + suffix)
                #expect(try await role(pool, nil) == nil)
                try await pool.execute("SET ROLE \(identifier: "high" + suffix)")
                #expect(try await role(pool, nil) == nil)
            }
        }

        @Test("the init commands run in the identity's role, and do not take it away")
        func rolesAndInitCommands() async throws {
            try await withUsers("_6", { $0.initCommands = ["SET @role = CURRENT_ROLE()", "SET ROLE high_6"] }) {
                pool async throws in
                let options = AcquireOptions(identity: .role("low_6"))
                for _ in 0..<3 {
                    let found = try await pool.query("SELECT @role, CURRENT_ROLE()", options)
                        .decode((String, String).self)
                    #expect(found.first.map { $0 == ("low_6", "low_6") } == true)
                    try await pool.withConnection(options) { try await $0.execute("SET ROLE NONE") }
                }
                #expect(try await role(pool, nil) == "high_6")
            }
        }

        @Test("a role that is not there, not granted, no role at all, or whose name is hostile, is refused")
        func refusedRoles() async throws {
            try await withUsers("_7") { pool async throws in
                for name in ["foreign_7", "nobody's", "x`; DROP ROLE low_7; -- ", "NONE", "none", ""] {
                    let error = await #expect(throws: PoolError.self, "\(name)") {
                        try await user(pool, .role(name))
                    }
                    #expect(error?.code == .connectRefused, "\(name)")
                    let reason = error?.lastConnectError as? MySQLError
                    #expect(
                        reason?.code == .misuse || reason?.code.rawValue == 1959,
                        "\(name) \(String(describing: reason))")
                }
                let error = await #expect(throws: PoolError.self) { try await user(pool, .role("low_7\0")) }
                #expect((error?.lastConnectError as? MySQLError)?.code == .misuse)
                #expect(try await user(pool, nil) == "ada_7@%")
                #expect(try await role(pool, .role("low_7")) == "low_7")
            }
        }

        @Test("a provider's new password is fetched when the old one is refused")
        func provider() async throws {
            try await withUsers("_8") { _ async throws in
                var settings = MySQLTestSettings()
                (settings.user, settings.password) = ("ada_8", "never sent")
                let pool = try MySQLPool(
                    database: settings.configuration(PrivateMariaDB.shared.get()),
                    configuration: PoolConfiguration(maximumConnections: 1),
                    credentials: { PoolCredentials(user: "ada_8", password: $0.isRefresh ? "right" : "stale") })
                #expect(try await user(pool, nil) == "ada_8@%")
                let resets = pool.statistics.resets
                try await pool.execute("SET @a = 1")
                #expect(try await user(pool, nil) == "ada_8@%")
                #expect(pool.statistics.resets == resets + 1)
                try await pool.close(drain: .seconds(5))
            }
        }

        @Test("each shard is a database of its own, and statements of its connections can be cancelled")
        func shards() async throws {
            let server = try PrivateMariaDB.shared.get()
            var other = MySQLTestSettings()
            other.database = try await server.createDatabase()
            (other.user, other.password) = ("app", "the right one")
            let main = try MySQLTestSettings().configuration(server)
            let driver = MySQLDriver(configuration: main, shards: ["one": try other.configuration(server)])
            let pool = try Pool(driver: driver, configuration: PoolConfiguration(maximumConnections: 2))
            let name: SQL = "SELECT DATABASE()"
            let one = AcquireOptions(shard: "one")
            for _ in 0..<2 {
                #expect(try await pool.query(name).decode(String.self) == ["test"])
                try await pool.withConnection(one) { try await $0.execute("USE test") }
                #expect(try await pool.query(name, one).decode(String?.self) == [other.database])
            }
            let sleep = "SELECT SLEEP(1000), 'of a shard'"
            let task = Task { _ = try await pool.query(SQL(raw: sleep), one) }
            try await waitForProcess(sleep)
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try await pool.query("SELECT CURRENT_USER()", one).decode(String.self) == ["app@%"])
            await #expect(throws: PoolError.self) { _ = try await pool.query(name, AcquireOptions(shard: "two")) }
            try await pool.close(drain: .seconds(5))
        }

        @Test("how many statements a connection keeps can be changed while it is open")
        func statementCacheCapacity() async throws {
            let server = try PrivateMariaDB.shared.get()
            let pool = try MySQLPool(
                database: MySQLTestSettings().configuration(server),
                configuration: PoolConfiguration(maximumConnections: 1))
            /// How many statements the server was asked to prepare, and to close, by five that run twice.
            func counts() async throws -> (prepared: Int, closed: Int) {
                try await pool.withConnection { lease in
                    func read(_ name: String) async throws -> Int {
                        let rows = try await lease.queryAll(SQL(raw: "SHOW SESSION STATUS LIKE '\(name)'"))
                        return try Int(rows[0].rows.first?[1, as: String.self] ?? "") ?? -1
                    }
                    let (prepared, closed) = (try await read("Com_stmt_prepare"), try await read("Com_stmt_close"))
                    for _ in 0..<2 {
                        for number in 0..<5 { _ = try await lease.query("SELECT \(raw: "\(number)") + \(1)") }
                    }
                    return (
                        try await read("Com_stmt_prepare") - prepared, try await read("Com_stmt_close") - closed
                    )
                }
            }
            #expect(try await counts().prepared == 5)
            #expect(try await counts() == (0, 0))
            try await pool.reconfigure { $0.statementCacheCapacity = 2 }
            let small = try await counts()
            #expect(small.prepared == 10 && small.closed >= 10)
            try await pool.reconfigure { $0.statementCacheCapacity = 0 }
            #expect(try await counts().prepared == 10)
            try await pool.reconfigure { $0.statementCacheCapacity = nil }
            #expect(try await counts().prepared == 5)
            #expect(try await counts() == (0, 0))
            #expect(pool.statistics.connectionsOpened == 1)
            try await pool.close(drain: .seconds(5))
        }
    }
}
