import Foundation
import PoolPostgres
import ServerTestSupport
import Testing

extension PostgresTests {
    @Suite("Failures of Postgres", .timeLimit(.minutes(3)))
    struct FailureTests {
        private func connectError(_ connection: String) async throws -> (PostgresError, PoolVerdict) {
            let driver = PostgresDriver(configuration: try PostgresConfiguration(connection))
            do {
                try await connect(driver).close(.orderly)
            } catch let error as PostgresError {
                return (error, driver.verdict(on: error))
            }
            throw CannotHappen()
        }

        struct CannotHappen: Error {}

        @Test("an unknown database is refused, and says so")
        func unknownDatabase() async throws {
            let server = try PrivatePostgres.shared.get()
            let (error, verdict) = try await connectError(server.connection("no_such_database"))
            #expect(error.code == .unknownDatabase)
            #expect(verdict == .refused)
            #expect(error.message.contains("no_such_database"))
            #expect(!error.message.contains("LOCATION"))
        }

        @Test("an unknown user is refused")
        func unknownUser() async throws {
            let server = try PrivatePostgres.shared.get()
            let (error, verdict) = try await connectError(server.connection(user: "nobody_at_all"))
            #expect(error.code.errorClass == "28")
            #expect(verdict == .refused)
        }

        @Test("a server that is not there is a passing failure, and fails at once")
        func unreachable() async throws {
            let start = ContinuousClock.now
            let (error, verdict) = try await connectError("host=127.0.0.1 port=1 dbname=x user=x")
            #expect(error.code == .cannotConnect)
            #expect(verdict == .discard)
            let (missing, missingVerdict) = try await connectError("host=/no/such/folder dbname=x user=x")
            #expect(missingVerdict == .discard, "\(missing)")
            #expect(ContinuousClock.now - start < .seconds(10))
        }

        @Test("of several hosts the first that answers is taken")
        func severalHosts() async throws {
            let server = try PrivatePostgres.shared.get()
            let driver = PostgresDriver(
                configuration: try PostgresConfiguration(
                    "host=/no/such/folder,\(server.folder) port=1,\(server.port) user=postgres dbname=postgres"
                        + " target_session_attrs=read-write"))
            let connection = try await connect(driver)
            #expect(try await connection.values("SELECT 1") == [.int(1)])
            await connection.close(.orderly)
        }

        @Test("a connect to a host that never answers ends when its task is cancelled")
        func cancelledConnect() async throws {
            // Listens, and accepts nobody.
            let listener = try SilentListener()
            let driver = PostgresDriver(
                configuration: try PostgresConfiguration("host=127.0.0.1 port=\(listener.port) user=x dbname=x"))
            let task = Task { try await connect(driver) }
            await listener.waitForClient()
            task.cancel()
            await #expect(throws: CancellationError.self) { _ = try await task.value }
        }

        @Test("a terminated session reports itself broken, with the server's reason")
        func terminated() async throws {
            try await withConnection { driver, connection async throws in
                guard case .int(let process)? = try await connection.values("SELECT pg_backend_pid()").first else {
                    throw CannotHappen()
                }
                async let outcome = connection.query("SELECT pg_sleep(1000)")
                try await waitUntilRunning("pg_sleep", extra: "AND pid = \(process)")
                try await PrivatePostgres.administrator.get().execute("SELECT pg_terminate_backend(\(process)::int4)")
                do {
                    _ = try await outcome
                    throw CannotHappen()
                } catch let error as PostgresError {
                    #expect(error.code == .adminShutdown)
                    #expect(driver.verdict(on: error) == .discard)
                }
                #expect(connection.condition == .broken)
                await #expect(throws: PostgresError.self) { _ = try await connection.query("SELECT 1") }
            }
        }

        @Test("a transaction on a lost connection fails as lost, not as one that is open already")
        func beginOnLost() async throws {
            try await withConnection { driver, connection async throws in
                guard case .int(let process)? = try await connection.values("SELECT pg_backend_pid()").first else {
                    throw CannotHappen()
                }
                try await PrivatePostgres.administrator.get().execute(
                    "SELECT pg_terminate_backend(\(process)::int4, 10000)")
                while connection.condition != .broken { await Task.yield() }
                let error = await #expect(throws: PostgresError.self) {
                    try await connection.transaction(.begin(SQLTransactionOptions()))
                }
                #expect(error?.code == .adminShutdown)
                #expect(error.map { driver.verdict(on: $0) } == .discard)
            }
        }

        @Test("an idle connection whose session ends is known to be broken, without a query")
        func terminatedWhileIdle() async throws {
            try await withConnection { _, connection async throws in
                guard case .int(let process)? = try await connection.values("SELECT pg_backend_pid()").first else {
                    throw CannotHappen()
                }
                try await PrivatePostgres.administrator.get().execute(
                    "SELECT pg_terminate_backend(\(process)::int4, 10000)")
                while connection.condition != .broken { await Task.yield() }
            }
        }

        @Test("a place in the pool is free only when the session has ended on the server")
        func placeOfEndingSession() async throws {
            try await withPool(1) {
                $0.more = "application_name=ending"
            } _: { pool async throws in
                let count: SQL = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ending'"
                for _ in 1...3 {
                    try await pool.withConnection { lease in
                        // To drop them takes the session a while when it ends.
                        try await lease.executeScript(
                            """
                            DO 'BEGIN FOR i IN 1..300 LOOP EXECUTE ''CREATE TEMPORARY TABLE t'' || i || '' (i int)''; END LOOP; END'
                            """)
                        lease.discard(reason: "test")
                    }
                    #expect(try await pool.query(count).decode(Int.self) == [1])
                }
                #expect(pool.statistics.connectionsOpened == 4)
            }
        }

        @Test("a statement that still runs when its connection is closed by force is cancelled on the server")
        func closedByForce() async throws {
            let server = try PrivatePostgres.shared.get()
            let pool = try PostgresPool(
                database: server.configuration(more: "application_name=forced"),
                configuration: PoolConfiguration(name: "forced"))
            let task = Task { try await pool.query("SELECT pg_sleep(1000)") }
            let administrator = try PrivatePostgres.administrator.get()
            let running: SQL =
                "SELECT 1 FROM pg_stat_activity WHERE application_name = 'forced' AND query LIKE '%pg_sleep%' AND state = 'active'"
            while try await administrator.query(running).isEmpty {}
            try await pool.close(drain: .zero)
            await #expect(throws: (any Error).self) { _ = try await task.value }
            while try await !administrator.query(running).isEmpty {}
        }

        @Test(
            "a server that is killed under load: every task ends with an answer or an error, and no connection is left")
        func killedServer() async throws {
            let server = try PrivatePostgres()
            let pool = try PostgresPool(
                database: server.configuration(),
                configuration: PoolConfiguration(
                    name: "doomed", maximumConnections: 4, acquireTimeout: .seconds(1), connectTimeout: .seconds(1)))
            let answers = try await withThrowingTaskGroup(of: Int.self) { group in
                for task in 0..<8 {
                    group.addTask {
                        for number in 0... {
                            do {
                                let answer = try await pool.query("SELECT \(number)::int8").decode(Int.self)
                                #expect(answer == [number])
                                if task == 0, number == 50 { _ = signal(Int64(server.processID), "KILL") }
                            } catch let error as PostgresError {
                                #expect(error.severity == "FATAL", "\(error)")
                                return number
                            } catch is PoolError {
                                return number
                            }
                        }
                        return 0
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(answers > 50)
            await #expect(throws: PoolError.self) { try await pool.query("SELECT 1") }
            try await pool.close(drain: .zero)
            #expect(pool.statistics.counts.total == 0)
        }

        @Test("a server that stands still as a whole costs a connect its time-out, and leases go on when it does")
        func frozenConnect() async throws {
            let server = try PrivatePostgres()
            let pool = try PostgresPool(
                database: server.configuration(),
                configuration: PoolConfiguration(
                    name: "frozen", maximumConnections: 2, acquireTimeout: .milliseconds(700),
                    connectTimeout: .milliseconds(500), maximumBackoff: .milliseconds(200)))
            #expect(signal(Int64(server.processID), "STOP"))
            await #expect(throws: PoolError.self) { try await pool.query("SELECT 1") }
            #expect(signal(Int64(server.processID), "CONT"))
            let options = AcquireOptions(timeout: .seconds(30))
            #expect(try await pool.query("SELECT 1", options).decode(Int.self) == [1])
            try await pool.close(drain: .seconds(1))
        }
    }
}
