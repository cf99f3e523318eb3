import PoolPostgres
import ServerTestSupport
import Testing

extension PostgresTests {
    @Suite("What only Postgres has", .timeLimit(.minutes(2)))
    struct FeatureTests {
        @Test("notifications arrive in order while a lease listens, and not afterwards")
        func notifications() async throws {
            try await withPool(2) { pool async throws in
                try await pool.withConnection { lease async throws in
                    try await lease.listen(to: ["orders", "odd \" name"]) { notifications async throws in
                        try await pool.execute("SELECT pg_notify('orders', i::text) FROM generate_series(1, 100) i")
                        for number in 1...100 {
                            let notification = try await notifications.next()
                            #expect(notification.channel == "orders")
                            #expect(notification.payload == "\(number)")
                        }
                        try await pool.execute("SELECT pg_notify('odd \" name', '')")
                        #expect(try await notifications.next().channel == "odd \" name")
                    }
                    #expect(try await lease.query("SELECT pg_listening_channels()").isEmpty)
                }
            }
        }

        @Test("a notification that comes as the wait for it begins is not lost")
        func racingNotifications() async throws {
            try await withPool(2) { pool async throws in
                try await pool.withConnection { lease async throws in
                    try await lease.listen(to: ["race"]) { notifications async throws in
                        for number in 1...(isFullCampaign ? 20_000 : 500) {
                            try await pool.execute("SELECT pg_notify('race', \("\(number)"))")
                            #expect(try await notifications.next().payload == "\(number)")
                        }
                    }
                }
            }
        }

        @Test("who waits for a notification can be cancelled, and the connection is used again")
        func cancelledListener() async throws {
            try await withPool(1) { pool async throws in
                let task = Task {
                    try await pool.withConnection { lease async throws in
                        try await lease.listen(to: ["silence"]) { _ = try await $0.next() }
                    }
                }
                for _ in 0..<200 { await Task.yield() }
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
                #expect(try await pool.query("SELECT pg_listening_channels()").isEmpty)
                #expect(pool.statistics.connectionsOpened == 1)
            }
        }

        @Test("a lost connection ends the wait for notifications with an error")
        func lostListener() async throws {
            try await withPool(1) { pool async throws in
                let error = await #expect(throws: PostgresError.self) {
                    try await pool.withConnection { lease async throws in
                        let process = try await lease.query("SELECT pg_backend_pid()").decode(Int.self)
                        try await lease.listen(to: ["silence"]) { notifications async throws in
                            try await PrivatePostgres.administrator.get().execute(
                                "SELECT pg_terminate_backend(\(process[0])::int4)")
                            _ = try await notifications.next()
                        }
                    }
                }
                #expect(error?.severity == "FATAL")
                #expect(try await pool.query("SELECT 1").count == 1)
            }
        }

        @Test("tasks that prefer the driver's event loop get their answers there")
        func tasksOnLoop() async throws {
            let server = try PrivatePostgres.shared.get()
            let driver = PostgresDriver(configuration: try server.configuration())
            let pool = try PostgresPool(driver: driver, configuration: PoolConfiguration(maximumConnections: 2))
            let executor = try driver.taskExecutor
            try await withThrowingTaskGroup { group in
                for task in 0..<4 {
                    group.addTask(executorPreference: executor) {
                        for number in 0..<50 {
                            let sum = try await pool.query("SELECT \(task)::int8 + \(number)").decode(Int.self)
                            #expect(sum == [task + number])
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await pool.close(drain: .seconds(1))
        }

        @Test("an advisory lock is held by one lease at a time, and given back")
        func advisoryLock() async throws {
            try await withPool(4) { pool async throws in
                let administrator = try PrivatePostgres.administrator.get()
                try await administrator.execute("DROP TABLE IF EXISTS guarded")
                try await administrator.execute("CREATE TABLE guarded AS SELECT 0::int8 AS i")
                try await withThrowingTaskGroup { group in
                    for _ in 0..<4 {
                        group.addTask {
                            for _ in 0..<10 {
                                try await pool.withConnection { lease async throws in
                                    try await lease.withAdvisoryLock(4711) { lease in
                                        let value = try await lease.query("SELECT i FROM guarded").decode(Int.self)
                                        try await lease.execute("UPDATE guarded SET i = \(value[0] + 1)")
                                    }
                                }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(try await pool.query("SELECT i FROM guarded").decode(Int.self) == [40])
                #expect(
                    try await pool.query("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711").isEmpty)
                #expect(pool.statistics.resets == 0)
                try await administrator.execute("DROP TABLE guarded")
            }
        }

        @Test("a batch has a result or an error for each statement, and those after a failure still run")
        func separateBatch() async throws {
            try await withPool(1) { pool async throws in
                try await pool.withConnection { lease async throws in
                    try await lease.execute("CREATE TEMPORARY TABLE batched (i int PRIMARY KEY)")
                    for round in 0..<3 {
                        let statements: [SQL] = [
                            "INSERT INTO batched VALUES (\(round))", "INSERT INTO batched VALUES (\(round))",
                            "SELECT i FROM batched WHERE i = \(round)", "SELECT 'no bind'", "SELECT \(round) AS own",
                        ]
                        let results = try await lease.batch(statements, separately: true)
                        #expect(results.count == 5)
                        #expect(throws: Never.self) { _ = try results[0].get() }
                        let error = #expect(throws: PostgresError.self) { try results[1].get() }
                        #expect(error?.code == .uniqueViolation)
                        #expect(try results[2].get().decode(Int.self) == [round])
                        #expect(try results[3].get().decode(String.self) == ["no bind"])
                        #expect(try results[4].get().decode(Int.self) == [round])
                    }
                    try await lease.transaction { transaction in
                        let results = try await transaction.batch(["SELECT 1", "SELECT 1 / 0", "SELECT 2"])
                        #expect(results.map { (try? $0.get()) != nil } == [true, false, false])
                        transaction.setRollbackOnly()
                    }
                    await #expect(throws: PostgresError.self) { _ = try await lease.batch(["SELECT 1", "SELEC \(1)"]) }
                    #expect(try await lease.query("SELECT count(*) FROM batched").decode(Int.self) == [3])
                    #expect(try await lease.batch([]).isEmpty)
                }
            }
        }

        @Test("COPY brings in what is written, and gives out what there is")
        func copy() async throws {
            try await withPool(1) { pool async throws in
                try await pool.withConnection { lease async throws in
                    try await lease.execute("CREATE TEMPORARY TABLE copied (i int, t text)")
                    let count = try await lease.copyIn("COPY copied FROM STDIN (FORMAT csv)") { writer in
                        for start in stride(from: 0, to: 100_000, by: 1_000) {
                            var text = ""
                            for number in start..<start + 1_000 { text += "\(number),\"text, \(number)\"\n" }
                            try await writer.write(text)
                        }
                    }
                    #expect(count == 100_000)
                    let lines = try await lease.copyOut("COPY (SELECT * FROM copied ORDER BY i) TO STDOUT") { reader in
                        var lines = 0
                        while let line = try await reader.next() {
                            if lines == 99_999 {
                                #expect(String(decoding: line, as: UTF8.self) == "99999\ttext, 99999\n")
                            }
                            lines += 1
                        }
                        return lines
                    }
                    #expect(lines == 100_000)
                    // Early, in both ways that there are.
                    let first = try await lease.copyOut("COPY (SELECT * FROM copied ORDER BY i) TO STDOUT") {
                        try await $0.next()
                    }
                    #expect(first.map { String(decoding: $0, as: UTF8.self) } == "0\ttext, 0\n")
                    #expect(try await lease.query("SELECT count(*) FROM copied").decode(Int.self) == [100_000])
                }
            }
        }

        @Test("a COPY that fails, or whose writer gives up, adds nothing and keeps the connection")
        func failedCopy() async throws {
            struct GivenUp: Error {}
            try await withPool(1) { pool async throws in
                try await pool.withConnection { lease async throws in
                    try await lease.execute("CREATE TEMPORARY TABLE copied (i int)")
                    do {
                        try await lease.copyIn("COPY copied FROM STDIN") { writer in
                            try await writer.write("1\n2\n")
                            throw GivenUp()
                        }
                        Issue.record("the COPY has succeeded")
                    } catch is GivenUp {}
                    do {
                        try await lease.copyIn("COPY copied FROM STDIN") { try await $0.write("1\nnonsense\n") }
                        Issue.record("the COPY has succeeded")
                    } catch let error as PostgresError {
                        #expect(error.code == .invalidTextRepresentation)
                    }
                    do {
                        try await lease.copyIn("SELECT 1") { try await $0.write("1\n") }
                        Issue.record("the COPY has succeeded")
                    } catch let error as PostgresError {
                        #expect(error.code == .featureNotSupported)
                    }
                    #expect(try await lease.query("SELECT count(*) FROM copied").decode(Int.self) == [0])
                }
            }
        }
    }
}
