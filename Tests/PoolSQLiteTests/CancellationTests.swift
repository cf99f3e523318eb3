import Testing

@testable import PoolSQLite

@Suite("Cancelling SQLite statements")
struct CancellationTests {
    @Test("cancelling the task interrupts the statement, and the next one runs undisturbed")
    func interrupts() async throws {
        let running = Signal()
        let database = try TestDatabase(functions: [running.function])
        try await database.with { connection async throws in
            let task = Task { try await connection.rows(Signal.endlessQuery) }
            await running.wait()
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(connection.condition == .clean)
            for _ in 0..<10 { #expect(try await connection.value("SELECT 7") == .int(7)) }
        }
    }

    @Test("on the caller's thread, a cancellation and the pool's own cancel interrupt just the same")
    func interruptsOnCallersThread() async throws {
        // The statement itself triggers what stops it, because it may block the only thread that could.
        let running = Signal()
        let database = try TestDatabase(execution: .caller, functions: [running.function])
        try await database.with { connection async throws in
            #expect(connection.executor == nil)
            let gate = Signal()
            let task = Task {
                await gate.wait()
                return try await connection.rows(Signal.endlessQuery)
            }
            running.onFire { task.cancel() }
            gate.fire()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(connection.condition == .clean)
            #expect(try await connection.value("SELECT 7") == .int(7))
            running.onFire { connection.cancel() }
            let error = try await sqliteError { try await connection.rows(Signal.endlessQuery) }
            #expect(error.code == .interrupt)
            #expect(try await connection.value("SELECT 7") == .int(7))
            // The connection has the function, and with it what it calls.
            running.onFire {}
        }
    }

    @Test("a task that runs on the connection's thread is interrupted there, and can still roll back")
    func interruptsOnConnectionsThread() async throws {
        let running = Signal()
        let database = try TestDatabase(functions: [running.function])
        try await database.with { connection async throws in
            try await connection.run("CREATE TABLE t(a)")
            let executor = try #require(connection.executor)
            let task = Task(executorPreference: executor) {
                try await connection.transaction(.begin(SQLTransactionOptions()))
                try await connection.run("INSERT INTO t VALUES (1)")
                await #expect(throws: CancellationError.self) { try await connection.rows(Signal.endlessQuery) }
                await #expect(throws: CancellationError.self) { try await connection.rows("PRAGMA user_version") }
                try await connection.transaction(.rollback)
            }
            await running.wait()
            task.cancel()
            try await task.value
            #expect(connection.condition == .clean)
            #expect(try await connection.value("SELECT count(*) FROM t") == .int(0))
        }
    }

    @Test("a task that is cancelled already does not run its statement")
    func cancelledBefore() async throws {
        let database = try TestDatabase()
        try await database.with { connection async throws in
            try await connection.run("CREATE TABLE t(a)")
            let gate = Signal()
            let task = Task {
                await gate.wait()
                return try await connection.run("INSERT INTO t VALUES (1)")
            }
            task.cancel()
            gate.fire()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try await connection.value("SELECT count(*) FROM t") == .int(0))
        }
    }

    @Test("a cancellation that comes as the statement begins is not lost")
    func cancelledAtTheStart() async throws {
        // The statement would never end by itself: each round proves that the cancellation arrived.
        let database = try TestDatabase(functions: [Signal().function])
        try await database.with { connection async throws in
            for round in 0..<200 {
                let task = Task { try await connection.rows(Signal.endlessQuery) }
                for _ in 0..<(round % 8) { await Task.yield() }
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
            }
            #expect(connection.condition == .clean)
        }
    }

    @Test("cancelling after the end never disturbs what runs next")
    func lateCancellation() async throws {
        try await TestDatabase().with { connection async throws in
            for _ in 0..<300 {
                let task = Task { try await connection.value("SELECT 1") }
                _ = try await task.value
                async let next = connection.value(
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 3000) SELECT count(*) FROM n")
                task.cancel()
                #expect(try await next == .int(3000))
            }
        }
    }

    @Test("the pool's own cancel interrupts what runs, and nothing else")
    func driverCancel() async throws {
        let running = Signal()
        let database = try TestDatabase(functions: [running.function])
        try await database.with { connection async throws in
            connection.cancel()
            #expect(try await connection.value("SELECT 7") == .int(7))
            let task = Task { try await connection.rows(Signal.endlessQuery) }
            await running.wait()
            connection.cancel()
            let error = try await sqliteError { try await task.value }
            #expect(error.code == .interrupt)
            #expect(database.driver.verdict(on: error) == .keep)
            #expect(connection.condition == .clean)
            #expect(try await connection.value("SELECT 7") == .int(7))
        }
    }

    @Test("an interrupted write rolls back its transaction, and nothing of it is committed")
    func interruptedWrite() async throws {
        let running = Signal()
        let database = try TestDatabase(functions: [running.function])
        try await database.with { connection async throws in
            try await connection.run("CREATE TABLE t(a)")
            let task = Task {
                try await connection.transaction(.begin(SQLTransactionOptions()))
                try await connection.run("INSERT INTO t VALUES (1)")
                try await connection.run("INSERT INTO t \(Signal.endlessQuery)")
            }
            await running.wait()
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            // SQLite has rolled back by itself; what follows must not be committed by itself.
            let error = try await sqliteError { try await connection.run("INSERT INTO t VALUES (2)") }
            #expect(error.code == .abortRollback)
            try await connection.transaction(.rollback)
            #expect(connection.condition == .clean)
            #expect(try await connection.value("SELECT count(*) FROM t") == .int(0))
        }
    }

    @Test("a cancelled task can still end its transaction")
    func endsAreNotCancelled() async throws {
        try await TestDatabase().with { connection async throws in
            try await connection.run("CREATE TABLE t(a)")
            let gate = Signal()
            let task = Task {
                try await connection.transaction(.begin(SQLTransactionOptions()))
                try await connection.run("INSERT INTO t VALUES (1)")
                try await connection.transaction(.savepoint(depth: 1))
                await gate.wait()
                await #expect(throws: CancellationError.self) { try await connection.run("INSERT INTO t VALUES (2)") }
                await #expect(throws: CancellationError.self) {
                    try await connection.transaction(.savepoint(depth: 2))
                }
                try await connection.transaction(.rollbackToSavepoint(depth: 1))
                try await connection.transaction(.commit)
            }
            task.cancel()
            gate.fire()
            // The begin and all that follows must come through although the task may be cancelled from the start.
            do { try await task.value } catch is CancellationError { return }
            #expect(connection.condition == .clean)
        }
    }

    @Test("waiting for another process's lock ends when the task is cancelled")
    func cancelsBusyWait() async throws {
        let database = try TestDatabase(busyTimeout: .seconds(3_600))
        try await database.with { connection async throws in
            let waiting = Signal()
            try await connection.run("CREATE TABLE t(a)")
            try await database.with { other async throws in
                try await other.transaction(.begin(SQLTransactionOptions()))
                let task = Task {
                    waiting.fire()
                    try await connection.run("INSERT INTO t VALUES (1)")
                }
                await waiting.wait()
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
                try await other.transaction(.rollback)
            }
            #expect(connection.condition == .clean)
            #expect(try await connection.run("INSERT INTO t VALUES (1)").affectedRows == 1)
        }
    }

    @Test("waiting for a lock ends so, too, for a task that runs on the connection's thread")
    func cancelsBusyWaitOnConnectionsThread() async throws {
        let database = try TestDatabase(busyTimeout: .seconds(3_600))
        try await database.with { connection async throws in
            let waiting = Signal()
            try await connection.run("CREATE TABLE t(a)")
            let executor = try #require(connection.executor)
            try await database.with { other async throws in
                try await other.transaction(.begin(SQLTransactionOptions()))
                let task = Task(executorPreference: executor) {
                    waiting.fire()
                    try await connection.run("INSERT INTO t VALUES (1)")
                }
                await waiting.wait()
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
                try await other.transaction(.rollback)
            }
            #expect(connection.condition == .clean)
        }
    }

    @Test(
        "what may work for long without asking whether to stop is known, also behind a view",
        arguments: [
            ("SELECT count(*) FROM t", true), ("SELECT * FROM counted", true), ("PRAGMA integrity_check", true),
            ("PRAGMA wal_checkpoint", true), ("INSERT INTO t SELECT COUNT(*) FROM t", true),
            ("SELECT a FROM t", false), ("SELECT length(a) FROM t ORDER BY a", false), ("DELETE FROM t", false),
        ])
    func needsInterrupt(text: String, isExpected: Bool) async throws {
        try await TestDatabase().with { connection async throws in
            try await connection.executeScript("CREATE TABLE t(a); CREATE VIEW counted AS SELECT count(*) FROM t")
            let isKnown = try await connection.perform { session in
                try session.open().prepare(text, isPersistent: false).traits.contains(.needsInterrupt)
            }
            #expect(isKnown == isExpected)
        }
    }

    @Test("a forced close interrupts what runs, and frees the handle after it")
    func forcedClose() async throws {
        let running = Signal()
        let database = try TestDatabase(functions: [running.function])
        let connection = try await database.driver.connect(.main)
        let task = Task { try await connection.rows(Signal.endlessQuery) }
        await running.wait()
        await connection.close(.forced)
        let error = try await sqliteError { try await task.value }
        #expect(error.code == .interrupt)
        #expect(connection.condition == .broken)
        let closed = try await sqliteError { try await connection.rows("SELECT 1") }
        #expect(closed.message == "The connection is closed")
    }

    @Test("a batch stops between its runs")
    func batch() async throws {
        let running = Signal()
        let database = try TestDatabase(functions: [running.function])
        try await database.with { connection async throws in
            try await connection.run("CREATE TABLE t(a)")
            let sets = Array(repeating: [SQLValue.int(1)], count: 200_000)
            let task = Task { try await connection.executeBatch(SQL(raw: "INSERT INTO t VALUES (signal(?))"), sets) }
            await running.wait()
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(connection.condition == .clean)
        }
    }

    @Test("a cancelled cursor is closed, and the connection is free")
    func cursor() async throws {
        let running = Signal()
        let database = try TestDatabase(functions: [running.function])
        try await database.with { connection async throws in
            let task = Task {
                let cursor = try await connection.open(
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT signal(i) FROM n")
                while try await cursor.next(maximumRows: 1_000) != nil {}
            }
            await running.wait()
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            try await connection.reset()
            #expect(connection.condition == .clean)
        }
    }

    @Test("connecting can be cancelled while it waits for a lock")
    func cancelsConnect() async throws {
        // With a rollback journal, a lock for the whole database keeps even a first look waiting.
        let database = try TestDatabase(journalMode: .delete, busyTimeout: .seconds(3_600))
        try await database.with { first async throws in
            try await first.executeScript("CREATE TABLE t(a); BEGIN EXCLUSIVE")
            let driver = SQLiteDriver(configuration: database.driver.configuration)
            let waiting = Signal()
            let task = Task {
                waiting.fire()
                return try await driver.connect(.main)
            }
            await waiting.wait()
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            try await first.run("ROLLBACK")
        }
    }
}
