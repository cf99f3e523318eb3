import Foundation
import PoolPostgres
import Testing

extension PostgresTests {
    @Suite("Connecting to Postgres, where it does not go well", .timeLimit(.minutes(3)))
    struct ConnectTests {
        // MARK: Time

        /// Acquires from a pool whose server never gets to the end of a connect.
        private func expectTimeout(_ settings: String) async throws {
            let configuration = try PoolConfiguration(
                maximumConnections: 2, acquireTimeout: .milliseconds(900), connectTimeout: .milliseconds(300),
                maximumBackoff: .milliseconds(100))
            try await withPool(to: settings, configuration) { pool in
                let start = ContinuousClock.now
                let error = await #expect(throws: PoolError.self) { try await pool.query("SELECT 1") }
                let elapsed = ContinuousClock.now - start
                #expect(error?.code == .acquireTimedOut)
                #expect((error?.lastConnectError as? PoolError)?.code == .connectTimedOut)
                #expect(elapsed >= .milliseconds(900) && elapsed < .seconds(30), "\(elapsed)")
            }
        }

        @Test("a connect has its time-out in the TCP phase: a host that does not take the connection")
        func tcpTimeout() async throws {
            let listener = try FullListener()
            try await expectTimeout("host=127.0.0.1 port=\(listener.port) dbname=x user=x")
            withExtendedLifetime(listener) {}
        }

        @Test("a connect has its time-out before the first answer, during TLS, and during authentication")
        func silentServer() async throws {
            let cases: [(settings: String, replies: [[UInt8]])] = [
                ("sslmode=disable", []),
                ("sslmode=require", [ServerMessage.acceptsTLS]),
                ("sslmode=disable password=secret", [ServerMessage.wantsPassword]),
            ]
            for (settings, replies) in cases {
                let server = try ScriptedServer(replies: replies)
                try await expectTimeout(
                    "host=127.0.0.1 port=\(server.port) dbname=x user=x gssencmode=disable \(settings)")
                #expect(server.accepted >= 1)
                // Nothing of the connects is left.
                try await eventually { server.open == 0 }
            }
        }

        @Test(
            "a connect has its time-out while libpq blocks, and blocks no thread of Swift's: a certificate that cannot be read"
        )
        func blockedLibrary() async throws {
            // What libpq reads blocks as a name does that nobody resolves; there is no name of which that is sure.
            let pipe = NSTemporaryDirectory() + "pool-postgres-fifo-\(UInt32.random(in: 0...UInt32.max))"
            let isMade = unsafe mkfifo(pipe, 0o600) == 0
            try #require(isMade)
            defer { unsafe unlink(pipe) }
            let server = try ScriptedServer(replies: [ServerMessage.acceptsTLS])
            try await expectTimeout(
                "host=127.0.0.1 port=\(server.port) dbname=x user=x gssencmode=disable sslmode=verify-ca sslrootcert=\(pipe)"
            )
            #expect(server.accepted >= 1)
            // Let the helper threads go: with a writer that comes and goes, whoever reads finds the end of the pipe.
            try await eventually {
                unsafe close(Foundation.open(pipe, O_RDWR | O_NONBLOCK))
                return server.open == 0
            }
        }

        @Test("a name that does not exist is a passing failure, within the time of a connect")
        func unknownName() async throws {
            let configuration = try PoolConfiguration(acquireTimeout: .seconds(1), connectTimeout: .milliseconds(800))
            try await withPool(to: "host=nowhere.invalid dbname=x user=x", configuration) { pool in
                let start = ContinuousClock.now
                let error = await #expect(throws: PoolError.self) { try await pool.query("SELECT 1") }
                #expect(error?.code == .acquireTimedOut)
                #expect(error?.lastConnectError != nil)
                #expect(ContinuousClock.now - start < .seconds(30))
            }
        }

        // MARK: Full, starting, read-only

        @Test("a full server is waited for: the pool shares the connections that it has, and grows when there is room")
        func fullServer() async throws {
            let server = try PrivatePostgres(.small(connections: 4))
            let driver = PostgresDriver(configuration: try server.configuration())
            var others: [PostgresConnection] = []
            for _ in 0..<2 { others.append(try await connect(driver)) }
            let configuration = try PoolConfiguration(
                maximumConnections: 4, acquireTimeout: .seconds(60), maximumBackoff: .milliseconds(100))
            try await withPool(to: server.connection(), configuration) { pool async throws in
                // More tasks than there are connections, each of which holds its own for a while.
                @Sendable func load(_ statement: SQL) async throws {
                    try await withThrowingTaskGroup { group in
                        for _ in 0..<8 { group.addTask { try await pool.execute(statement) } }
                        try await group.waitForAll()
                    }
                }
                try await load("SELECT pg_sleep(0.1)")
                #expect(pool.statistics.connectFailures > 0)
                #expect(pool.statistics.counts.total <= 3)
                let (error, verdict) = try await connectFailureOfFullServer(server)
                #expect(error.code == .tooManyConnections)
                #expect(verdict == .serverFull)
                for other in others { await other.close(.orderly) }
                while pool.statistics.connectionsOpened < 4 { try await load("SELECT pg_sleep(0.05)") }
            }
        }

        /// Takes what room there is, and returns the error of the connect after that.
        private func connectFailureOfFullServer(
            _ server: PrivatePostgres
        ) async throws -> (error: PostgresError, verdict: PoolVerdict) {
            let driver = PostgresDriver(configuration: try server.configuration())
            var taken: [PostgresConnection] = []
            var failure: (PostgresError, PoolVerdict)?
            while failure == nil {
                do {
                    taken.append(try await connect(driver))
                } catch let error as PostgresError {
                    failure = (error, driver.verdict(on: error))
                }
            }
            for connection in taken { await connection.close(.orderly) }
            return try #require(failure)
        }

        @Test("a server that is starting is waited for until it has")
        func startingServer() async throws {
            let server = try PrivatePostgres(.starting)
            let (error, verdict) = try await connectFailure(server.connection())
            #expect(error.code == .cannotConnectNow)
            #expect(verdict == .serverStarting)
            let configuration = try PoolConfiguration(acquireTimeout: .seconds(60), maximumBackoff: .milliseconds(100))
            try await withPool(to: server.connection(), configuration) { pool async throws in
                let task = Task { try await pool.query("SELECT 1").decode(Int.self) }
                try await eventually { pool.statistics.connectFailures >= 3 }
                try server.promote()
                #expect(try await task.value == [1])
            }
        }

        @Test(
            "a server that says that it is starting, or full, fails an acquire at its deadline, with that as the reason"
        )
        func neverStarts() async throws {
            for (code, verdict) in [("57P03", PoolVerdict.serverStarting), ("53300", .serverFull)] {
                let server = try ScriptedServer(replies: [ServerMessage.error(code, "not now")], closes: true)
                let settings = "host=127.0.0.1 port=\(server.port) dbname=x user=x sslmode=disable gssencmode=disable"
                let failure = try await connectFailure(settings)
                #expect(failure.error.code.rawValue == code)
                #expect(failure.verdict == verdict)
                let configuration = try PoolConfiguration(
                    acquireTimeout: .milliseconds(1_500), maximumBackoff: .milliseconds(100))
                try await withPool(to: settings, configuration) { pool in
                    let error = await #expect(throws: PoolError.self) { try await pool.query("SELECT 1") }
                    #expect(error?.code == .acquireTimedOut)
                    #expect((error?.lastConnectError as? PostgresError)?.code.rawValue == code)
                }
                // With pauses between them.
                #expect((3...200).contains(server.accepted), "\(server.accepted)")
            }
        }

        @Test("a standby refuses to write, and its connections are replaced, so that the new primary is found")
        func standby() async throws {
            let server = try PrivatePostgres(.standby)
            let configuration = try PoolConfiguration(maximumConnections: 2)
            try await withPool(to: server.connection(), configuration) { pool async throws in
                #expect(try await pool.query("SELECT 1").decode(Int.self) == [1])
                let error = await #expect(throws: PostgresError.self) {
                    try await pool.execute("CREATE TABLE t (i int)")
                }
                #expect(error?.code == .readOnlyTransaction)
                let driver = PostgresDriver(configuration: try server.configuration())
                #expect(error.map { driver.verdict(on: $0) } == .endpointReadOnly)
                #expect(try await pool.query("SELECT 1").decode(Int.self) == [1])
                #expect(pool.statistics.connectionsOpened == 2)
                try server.promote()
                while try await pool.query("SELECT pg_is_in_recovery()").decode(Bool.self) == [true] {}
                let opened = pool.statistics.connectionsOpened
                try await pool.execute("CREATE TABLE t (i int)")
                // In a transaction that chose to read only, the same error says nothing about the server.
                let refused = await #expect(throws: PostgresError.self) {
                    try await pool.withTransaction(SQLTransactionOptions(access: .readOnly)) {
                        try await $0.execute("CREATE TABLE u (i int)")
                    }
                }
                #expect(refused?.code == .readOnlyTransaction)
                #expect(pool.statistics.connectionsOpened == opened)
            }
        }

        @Test("of several hosts the one with the attributes that are wanted is taken")
        func sessionAttributes() async throws {
            let primary = try PrivatePostgres.shared.get()
            let standby = try PrivatePostgres(.standby)
            let both =
                "host=\(standby.folder),\(primary.folder) port=\(standby.port),\(primary.port) dbname=postgres user=postgres"
            for (wanted, isStandby) in [
                ("any", true), ("read-write", false), ("primary", false), ("read-only", true), ("standby", true),
                ("prefer-standby", true),
            ] {
                try await withConnection(to: "\(both) target_session_attrs=\(wanted)") { _, connection async throws in
                    #expect(
                        try await connection.values("SELECT pg_is_in_recovery()") == [.bool(isStandby)], "\(wanted)")
                }
            }
            let (error, verdict) = try await connectFailure(
                "\(standby.connection()) target_session_attrs=read-write")
            #expect(error.message.contains("read-only") || error.message.contains("recovery"), "\(error)")
            #expect(verdict == .discard)
        }
    }
}

/// Polls, yielding, until `condition` holds; fails after a minute.
func eventually(
    sourceLocation: SourceLocation = #_sourceLocation, _ condition: () throws -> Bool
) async throws {
    let end = ContinuousClock.now + .seconds(60)
    while try !condition() {
        if ContinuousClock.now > end {
            Issue.record("this did not come about within a minute", sourceLocation: sourceLocation)
            return
        }
        await Task.yield()
    }
}
