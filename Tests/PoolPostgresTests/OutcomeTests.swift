import PoolPostgres
import Testing

extension PostgresTests {
    @Suite("What a caller is told of Postgres", .timeLimit(.minutes(2)))
    struct OutcomeTests {
        /// A table with a trigger that makes each COMMIT take long, or fail.
        private func makeSlowTable(_ name: String, _ body: String) async throws {
            let text = """
                DROP TABLE IF EXISTS \(name); CREATE TABLE \(name) (i int);
                CREATE OR REPLACE FUNCTION \(name)_trigger() RETURNS trigger LANGUAGE plpgsql
                    AS 'BEGIN \(body); RETURN NEW; END';
                CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON \(name) DEFERRABLE INITIALLY DEFERRED
                    FOR EACH ROW EXECUTE FUNCTION \(name)_trigger();
                """
            try await PrivatePostgres.administrator.get().withConnection { try await $0.executeScript(text) }
        }

        private func dropSlowTable(_ name: String) async throws {
            try await PrivatePostgres.administrator.get().withConnection {
                try await $0.executeScript("DROP TABLE \(name); DROP FUNCTION \(name)_trigger")
            }
        }

        @Test("a connection that is lost during COMMIT leaves the outcome unknown, and says so")
        func lostCommit() async throws {
            try await makeSlowTable("lost_commit", "PERFORM pg_sleep(1000)")
            let relay = try Relay(to: PrivatePostgres.shared.get())
            let pool = try PostgresPool(
                database: PostgresConfiguration(relay.connection("application_name=lost_commit")),
                configuration: PoolConfiguration(name: "lost", maximumConnections: 1))
            let task = Task {
                try await pool.withTransaction { try await $0.execute("INSERT INTO lost_commit VALUES (1)") }
            }
            let process = try await waitUntilRunning("COMMIT", extra: "AND application_name = 'lost_commit'")
            relay.cut()
            let error = await #expect(throws: PostgresError.self) { _ = try await task.value }
            #expect(error?.code == .transactionResolutionUnknown)
            #expect(error?.severity == "FATAL")
            #expect(error?.remedy?.isEmpty == false)
            try await pool.close(drain: .seconds(1))
            relay.stopListening()
            try await PrivatePostgres.administrator.get().execute(
                "SELECT pg_terminate_backend(\(process)::int4, 10000)")
            try await dropSlowTable("lost_commit")
        }

        @Test("a transaction that the server refuses to commit has the server's error")
        func refusedCommit() async throws {
            try await makeSlowTable("refused_commit", "PERFORM 1 / 0")
            let error = await #expect(throws: PostgresError.self) {
                try await withPool(1) { pool async throws in
                    try await pool.withTransaction { try await $0.execute("INSERT INTO refused_commit VALUES (1)") }
                }
            }
            #expect(error?.code == .divisionByZero)
            try await dropSlowTable("refused_commit")
        }

        @Test("the COMMIT of a cancelled task may take longer than a cancel")
        func slowCommit() async throws {
            try await makeSlowTable("slow_commit", "PERFORM pg_sleep(1.5)")
            try await withPool(1) {
                $0.cancelTimeout = .milliseconds(300)
                $0.more = "application_name=slow_commit"
            } _: { pool async throws in
                let task = Task {
                    try await pool.withTransaction { try await $0.execute("INSERT INTO slow_commit VALUES (1)") }
                }
                try await waitUntilRunning("COMMIT", extra: "AND application_name = 'slow_commit'")
                task.cancel()
                _ = try await task.value
                #expect(try await pool.query("SELECT i FROM slow_commit").decode(Int.self) == [1])
                #expect(pool.statistics.connectionsOpened == 1)
            }
            try await dropSlowTable("slow_commit")
        }

        @Test("a stream whose task is cancelled between two fetches ends, and so does its transaction")
        func cancelledStream() async throws {
            try await withPool(1) {
                $0.more = "application_name=cancelled_stream"
            } _: { pool async throws in
                let task = Task {
                    try await pool.withConnection { lease async throws in
                        await #expect(throws: CancellationError.self) {
                            try await lease.transaction { transaction in
                                let text: SQL = "SELECT repeat('x', 1000), generate_series(1, 1000000000)"
                                try await transaction.stream(text, batchSize: 10) { rows in
                                    _ = try await rows.next()
                                    unsafe withUnsafeCurrentTask { task in unsafe task?.cancel() }
                                    while try await rows.next() != nil {}
                                }
                            }
                        }
                        let state = Task.detached {
                            try await PrivatePostgres.administrator.get().query(
                                "SELECT state FROM pg_stat_activity WHERE application_name = 'cancelled_stream'"
                            ).decode(String.self)
                        }
                        #expect(try await state.value == ["idle"])
                    }
                }
                try await task.value
                #expect(try await pool.query("SELECT 1").decode(Int.self) == [1])
                #expect(pool.statistics.connectionsOpened == 1)
            }
        }

        @Test("rows without columns are none, and end with their stream")
        func rowsWithoutColumns() async throws {
            try await withPool(1) { pool async throws in
                try await pool.withConnection { lease async throws in
                    for count in [0, 5, 256, 1_000] {
                        try await lease.stream("SELECT FROM generate_series(1, \(count))") { rows in
                            #expect(rows.columns.count == 0)
                            while try await rows.next() != nil {}
                        }
                        #expect(try await lease.query("SELECT 1").decode(Int.self) == [1])
                    }
                }
                #expect(pool.statistics.connectionsOpened == 1)
                #expect(pool.statistics.resets == 0)
            }
        }

        @Test("a batch whose task is cancelled throws the cancellation")
        func cancelledBatch() async throws {
            try await withPool(1) { pool async throws in
                let task = Task {
                    try await pool.withConnection { lease async throws in
                        _ = try await lease.batch(["SELECT pg_sleep(1000) AS batch_of_two", "SELECT 1"])
                    }
                }
                try await waitUntilRunning("batch_of_two")
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
                #expect(try await pool.query("SELECT 1").decode(Int.self) == [1])
                #expect(pool.statistics.connectionsOpened == 1)
            }
        }

        @Test("a nested transaction that fails leaves no savepoint")
        func failedSavepoint() async throws {
            try await withPool(1) { pool async throws in
                try await pool.withTransaction { transaction in
                    try await transaction.execute("CREATE TEMPORARY TABLE kept (i int) ON COMMIT DROP")
                    for _ in 0..<3 {
                        await #expect(throws: PostgresError.self) {
                            try await transaction.transaction { nested in
                                try await nested.execute("INSERT INTO kept VALUES (1)")
                                try await nested.execute("SELECT 1 / 0")
                            }
                        }
                    }
                    #expect(try await transaction.query("SELECT i FROM kept").isEmpty)
                    let error = await #expect(throws: PostgresError.self) {
                        try await transaction.execute("ROLLBACK TO SAVEPOINT pool_savepoint_1")
                    }
                    #expect(error?.code.rawValue == "3B001")
                    transaction.setRollbackOnly()
                }
            }
        }

        @Test("a transaction on a lease for reading does not write")
        func readOnlyTransaction() async throws {
            try await withPool(1) { pool async throws in
                let text: SQL = "CREATE TABLE written_by_reader (i int)"
                let error = await #expect(throws: PostgresError.self) {
                    try await pool.withTransaction(acquire: .readOnly) { try await $0.execute(text) }
                }
                #expect(error?.code == .readOnlyTransaction)
                let inLease = await #expect(throws: PostgresError.self) {
                    try await pool.withConnection(.readOnly) { lease async throws in
                        try await lease.transaction { try await $0.execute(text) }
                    }
                }
                #expect(inLease?.code == .readOnlyTransaction)
                // The next lease is one that writes again.
                try await pool.withTransaction {
                    try await $0.execute(text)
                    $0.setRollbackOnly()
                }
            }
        }

        @Test("notifications that nobody takes wait in the server, and come in order when somebody does")
        func manyNotifications() async throws {
            try await withPool(1) {
                $0.more = "application_name=slow_listener"
            } _: { pool async throws in
                try await pool.withConnection { lease async throws in
                    try await lease.listen(to: ["flood"]) { notifications async throws in
                        let administrator = try PrivatePostgres.administrator.get()
                        try await administrator.execute(
                            "SELECT pg_notify('flood', repeat('x', 7000) || i) FROM generate_series(1, 5000) i")
                        // The server's process cannot send any more, and that lasts.
                        let isBlocked: SQL =
                            """
                            SELECT 1 FROM pg_stat_activity
                            WHERE application_name = 'slow_listener' AND wait_event = 'ClientWrite'
                            """
                        let deadline = ContinuousClock.now + .seconds(30)
                        var sightings = 0
                        while sightings < 200 {
                            sightings = try await administrator.query(isBlocked).isEmpty ? 0 : sightings + 1
                            try #require(ContinuousClock.now < deadline, "all was read")
                        }
                        for number in 1...5_000 {
                            let payload = try await notifications.next().payload
                            #expect(payload.utf8.count > 7_000 && payload.hasSuffix("x\(number)"))
                        }
                    }
                }
                #expect(pool.statistics.connectionsOpened == 1)
            }
        }
    }
}
