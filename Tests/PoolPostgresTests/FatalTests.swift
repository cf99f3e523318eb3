import Logging
import PoolPostgres
import PoolTesting
import Testing

extension PostgresTests {
    @Suite("Sessions that the server of Postgres ends while nothing runs", .timeLimit(.minutes(2)))
    struct FatalTests {
        private static let ending = ServerMessage.error("57P01", "terminating connection due to administrator command")

        /// Returns once the server's process has gone, and the loop has had time to hear of it from a query of its own.
        private func waitUntilGone(_ process: Int) async throws {
            let administrator = try PrivatePostgres.administrator.get()
            while try await administrator.query("SELECT 1 FROM pg_stat_activity WHERE pid = \(process)").isEmpty
                == false
            {}
        }

        @Test("a FATAL on an idle connection breaks it although its socket stays open, and its code is told")
        func idle() async throws {
            let relay = try Relay(to: PrivatePostgres.shared.get())
            defer { relay.stopListening() }
            let observer = RecordingObserver()
            let pool = try PostgresPool(
                database: PostgresConfiguration(relay.connection()),
                configuration: PoolConfiguration(name: "fatal", maximumConnections: 1), observer: observer)
            let first = try await pool.query("SELECT pg_backend_pid()").decode(Int.self)
            relay.say(Self.ending)
            let lost = try await observer.event { if case .idleConnectionLost = $0 { true } else { false } }
            guard case .idleConnectionLost(_, _, let error) = lost else { throw CancellationError() }
            #expect((error as? PostgresError)?.code == .adminShutdown)
            #expect(try await pool.query("SELECT pg_backend_pid()").decode(Int.self) != first)
            #expect(pool.statistics.connectionsClosed[.broken] == 1)
            relay.cut()
            try await pool.close(drain: .seconds(1))
        }

        @Test("a session that ends while idle is told with the server's reason")
        func terminated() async throws {
            let observer = RecordingObserver()
            let pool = try PostgresPool(
                database: PrivatePostgres.shared.get().configuration(),
                configuration: PoolConfiguration(name: "fatal", maximumConnections: 1), observer: observer)
            for round in 1...5 {
                let process = try await pool.query("SELECT pg_backend_pid()").decode(Int.self)[0]
                try await PrivatePostgres.administrator.get().execute(
                    "SELECT pg_terminate_backend(\(process)::int4, 10000)")
                while pool.statistics.connectionsClosed[.broken] != round { await Task.yield() }
            }
            for event in observer.events {
                guard case .idleConnectionLost(_, _, let error) = event else { continue }
                #expect((error as? PostgresError)?.code == .adminShutdown)
            }
            try await pool.close(drain: .seconds(1))
        }

        @Test("the next statement of a lease whose session the server has ended throws the server's reason")
        func leased() async throws {
            try await withPool(1) { pool async throws in
                for _ in 1...10 {
                    let error = await #expect(throws: PostgresError.self) {
                        try await pool.withConnection { lease in
                            let process = try await lease.query("SELECT pg_backend_pid()").decode(Int.self)[0]
                            try await PrivatePostgres.administrator.get().execute(
                                "SELECT pg_terminate_backend(\(process)::int4, 10000)")
                            _ = try await lease.query("SELECT 1")
                        }
                    }
                    #expect(error?.code == .adminShutdown, "\(error.map(String.init(describing:)) ?? "")")
                }
            }
        }

        @Test("a transaction that was idle for too long says so")
        func idleInTransaction() async throws {
            let pool = try PostgresPool(
                database: PostgresConfiguration(
                    PrivatePostgres.shared.get().connection(),
                    sessionSettings: ["idle_in_transaction_session_timeout": "50"]),
                configuration: PoolConfiguration(maximumConnections: 1))
            for _ in 1...3 {
                let error = await #expect(throws: PostgresError.self) {
                    try await pool.withTransaction { transaction in
                        let process = try await transaction.query("SELECT pg_backend_pid()").decode(Int.self)[0]
                        try await waitUntilGone(process)
                        try await transaction.execute("SELECT 1")
                    }
                }
                #expect(error?.code.rawValue == "25P03", "\(error.map(String.init(describing:)) ?? "")")
                #expect(error?.sql == nil || error?.sql == "SELECT 1")
            }
            #expect(try await pool.query("SELECT 1").decode(Int.self) == [1])
            try await pool.close(drain: .seconds(1))
        }
    }
}
