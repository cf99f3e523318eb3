import PoolPostgres
import Testing

extension PostgresTests {
    @Suite("Servers and networks that do not answer", .timeLimit(.minutes(2)))
    struct HangTests {
        private func withRelay(
            _ body: (Relay, PostgresDriver, PostgresConnection) async throws -> Void
        ) async throws {
            let relay = try Relay(to: PrivatePostgres.shared.get())
            let driver = PostgresDriver(
                configuration: try PostgresConfiguration(relay.connection(), cancelTimeout: .milliseconds(500)))
            let connection = try await connect(driver)
            let result: Result<Void, any Error>
            do { result = .success(try await body(relay, driver, connection)) } catch { result = .failure(error) }
            await connection.close(.forced)
            relay.stopListening()
            relay.cut()
            try result.get()
        }

        @Test(
            "a request to cancel that is never answered costs the cancel's time-out and no more",
            arguments: [
                "SELECT pg_sleep(1000) AS unanswered",
                "SELECT repeat('x', 1000) AS unending, generate_series(1, 1000000000)",
            ])
        func unansweredCancel(statement: String) async throws {
            try await withRelay { relay, _, connection async throws in
                relay.ignoreNewConnections()
                let task = Task { try await connection.execute(SQL(raw: statement)) }
                try await waitUntilRunning(String(statement.suffix(30)))
                let start = ContinuousClock.now
                task.cancel()
                await #expect(throws: CancellationError.self) { _ = try await task.value }
                #expect(connection.condition == .broken)
                #expect(ContinuousClock.now - start >= .milliseconds(500))
                #expect(ContinuousClock.now - start < .seconds(20))
            }
        }

        @Test("requests to cancel that are never answered do not keep later ones from being sent")
        func manyUnansweredCancels() async throws {
            try await withRelay { relay, driver, connection async throws in
                var connections: [PostgresConnection] = []
                for _ in 0..<18 { connections.append(try await connect(driver)) }
                let tasks = connections.enumerated().map { number, connection in
                    Task { try await connection.execute(SQL(raw: "SELECT pg_sleep(1000) AS unanswered_\(number)_")) }
                }
                for number in connections.indices { _ = try await waitUntilRunning("unanswered_\(number)_") }
                relay.ignoreNewConnections()
                for task in tasks { task.cancel() }
                for task in tasks { await #expect(throws: CancellationError.self) { _ = try await task.value } }
                for connection in connections {
                    #expect(connection.condition == .broken)
                    await connection.close(.forced)
                }
                // The server takes connections again, and the old ones stay as they are.
                relay.ignoreNewConnections(false)
                let later = Task { try await connection.execute("SELECT pg_sleep(1000) AS after_the_burst") }
                _ = try await waitUntilRunning("AS after_the_burst")
                later.cancel()
                await #expect(throws: CancellationError.self) { _ = try await later.value }
                #expect(connection.condition != .broken)
                try await PrivatePostgres.administrator.get().execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%unanswered\\_%\\_'")
            }
        }

        @Test("a cursor whose statement cannot be stopped gives up the connection, and does not read the rest")
        func unstoppableCursor() async throws {
            try await withRelay { relay, _, connection async throws in
                let cursor = try await connection.open("SELECT repeat('x', 1000), generate_series(1, 1000000000)")
                _ = try await cursor.next(maximumRows: 10)
                relay.stopListening()
                try await cursor.close()
                #expect(connection.condition == .broken)
            }
        }

        @Test("a COPY whose connection is cut ends with an error")
        func cutCopy() async throws {
            let relay = try Relay(to: PrivatePostgres.shared.get())
            let pool = try PostgresPool(
                database: PostgresConfiguration(relay.connection()),
                configuration: PoolConfiguration(name: "cut", maximumConnections: 1))
            let text: SQL = "COPY (SELECT repeat('x', 1000), generate_series(1, 1000000000)) TO STDOUT"
            for readsOn in [true, false] {
                do {
                    try await pool.withConnection { lease async throws in
                        try await lease.copyOut(text) { reader in
                            for _ in 0..<1000 { _ = try await reader.next() }
                            relay.cut()
                            if readsOn { while try await reader.next() != nil {} }
                        }
                        #expect(!readsOn, "the COPY has come to an end")
                        await #expect(throws: PostgresError.self) { try await lease.execute("SELECT 1") }
                    }
                } catch let error as PostgresError {
                    #expect(readsOn)
                    #expect(error.code == .connectionFailure, "\(error)")
                }
            }
            #expect(try await pool.query("SELECT 1").decode(Int.self) == [1])
            try await pool.close(drain: .seconds(1))
            relay.stopListening()
        }
    }
}
