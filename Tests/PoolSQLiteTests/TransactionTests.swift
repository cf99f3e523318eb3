import Testing

@testable import PoolSQLite

@Suite("SQLite transactions")
struct TransactionTests {
    private static let counter = "CREATE TABLE t(a INTEGER)"

    @Test("a commit keeps, and a rollback undoes")
    func commitAndRollback() async throws {
        try await TestDatabase().with { connection async throws in
            try await connection.run(Self.counter)
            try await connection.transaction(.begin(SQLTransactionOptions()))
            #expect(connection.condition == .dirty)
            try await connection.run("INSERT INTO t VALUES (1)")
            try await connection.transaction(.commit)
            #expect(connection.condition == .clean)
            try await connection.transaction(.begin(SQLTransactionOptions()))
            try await connection.run("INSERT INTO t VALUES (2)")
            try await connection.transaction(.rollback)
            #expect(connection.condition == .clean)
            #expect(try await connection.rows("SELECT a FROM t") == [[.int(1)]])
        }
    }

    @Test("savepoints keep and undo what was done within them, again and again at the same depth")
    func savepoints() async throws {
        try await TestDatabase().with { connection async throws in
            try await connection.run(Self.counter)
            try await connection.transaction(.begin(SQLTransactionOptions()))
            for value in 1...4 {
                try await connection.transaction(.savepoint(depth: 1))
                try await connection.run("INSERT INTO t VALUES (?)", .int(Int64(value)))
                try await connection.transaction(.savepoint(depth: 2))
                try await connection.run("INSERT INTO t VALUES (?)", .int(Int64(value * 10)))
                try await connection.transaction(.rollbackToSavepoint(depth: 2))
                let isOdd = value % 2 == 1
                try await connection.transaction(isOdd ? .rollbackToSavepoint(depth: 1) : .releaseSavepoint(depth: 1))
            }
            try await connection.transaction(.commit)
            #expect(try await connection.rows("SELECT a FROM t") == [[.int(2)], [.int(4)]])
        }
    }

    @Test("a transaction that writes takes the lock as it begins")
    func beginsImmediate() async throws {
        let database = try TestDatabase()
        try await database.with { first async throws in
            try await database.with { second async throws in
                try await first.transaction(.begin(SQLTransactionOptions()))
                let error = try await sqliteError { try await second.transaction(.begin(SQLTransactionOptions())) }
                #expect(error.code.primary == .busy)
                #expect(second.condition == .clean)
                #expect(database.driver.canRetryTransaction(after: error))
                try await first.transaction(.rollback)
                try await second.transaction(.begin(SQLTransactionOptions()))
                try await second.transaction(.rollback)
            }
        }
    }

    @Test("a transaction for reading sees one snapshot, taken as it begins")
    func snapshot() async throws {
        let database = try TestDatabase()
        try await database.with(.writer) { writer async throws in
            try await writer.run(Self.counter)
            try await database.with(.reader) { reader async throws in
                try await reader.transaction(.begin(SQLTransactionOptions()))
                try await writer.run("INSERT INTO t VALUES (1)")
                #expect(try await reader.value("SELECT count(*) FROM t") == .int(0))
                try await writer.run("INSERT INTO t VALUES (2)")
                #expect(try await reader.value("SELECT count(*) FROM t") == .int(0))
                try await reader.transaction(.commit)
                #expect(try await reader.value("SELECT count(*) FROM t") == .int(2))
            }
        }
    }

    @Test("a transaction for reading cannot write, also on a connection that could")
    func readOnlyAccess() async throws {
        try await TestDatabase().with { connection async throws in
            try await connection.run(Self.counter)
            for end in [SQLTransactionCommand.commit, .rollback] {
                try await connection.transaction(.begin(SQLTransactionOptions(access: .readOnly)))
                let error = try await sqliteError { try await connection.run("INSERT INTO t VALUES (1)") }
                #expect(error.code == .readOnly)
                try await connection.transaction(end)
                #expect(connection.condition == .clean)
                #expect(try await connection.run("INSERT INTO t VALUES (2)").affectedRows == 1)
            }
        }
    }

    @Test("a reader refuses a transaction that is to write, and any write")
    func readerCannotWrite() async throws {
        let database = try TestDatabase()
        _ = try await database.with(.writer) { try await $0.run(Self.counter) }
        try await database.with(.reader) { reader async throws in
            let begin = try await sqliteError {
                try await reader.transaction(.begin(SQLTransactionOptions(access: .readWrite)))
            }
            #expect(begin.code == .readOnly)
            let write = try await sqliteError { try await reader.run("INSERT INTO t VALUES (1)") }
            #expect(write.code == .readOnly)
            #expect(write.message == "attempt to write a readonly database")
            #expect(write.remedy?.contains(".readWrite") == true)
            #expect(reader.condition == .clean)
        }
    }

    @Test("a deferrable transaction reads at once: no other can make a reader of SQLite fail")
    func deferrable() async throws {
        let database = try TestDatabase()
        try await database.with(.writer) { writer async throws in
            try await writer.run(Self.counter)
            try await writer.transaction(.begin(SQLTransactionOptions()))
            try await writer.run("INSERT INTO t VALUES (1)")
            try await database.with(.reader) { reader async throws in
                let options = SQLTransactionOptions(isolation: .serializable, access: .readOnly, isDeferrable: true)
                try await reader.transaction(.begin(options))
                #expect(try await reader.value("SELECT count(*) FROM t") == .int(0))
                try await reader.transaction(.commit)
            }
            try await writer.transaction(.commit)
        }
    }

    @Test("a rollback without a transaction does nothing")
    func rollbackOfNothing() async throws {
        try await TestDatabase().with { connection async throws in
            try await connection.transaction(.rollback)
            #expect(connection.condition == .clean)
        }
    }

    @Test("after SQLite has rolled back by itself nothing runs until the rollback, so that nothing is half done")
    func lostTransaction() async throws {
        try await TestDatabase().with { connection async throws in
            try await connection.executeScript("CREATE TABLE t(a UNIQUE); INSERT INTO t VALUES (1)")
            try await connection.transaction(.begin(SQLTransactionOptions()))
            try await connection.run("INSERT INTO t VALUES (2)")
            try await connection.transaction(.savepoint(depth: 1))
            let conflict = try await sqliteError { try await connection.run("INSERT OR ROLLBACK INTO t VALUES (1)") }
            #expect(conflict.code == .constraintUnique)
            #expect(connection.condition == .dirty)
            try await connection.transaction(.rollbackToSavepoint(depth: 1))
            let write = try await sqliteError { try await connection.run("INSERT INTO t VALUES (3)") }
            #expect(write.code == .abortRollback)
            let read = try await sqliteError { try await connection.rows("SELECT * FROM t") }
            #expect(read.code == .abortRollback)
            let script = try await sqliteError { try await connection.executeScript("INSERT INTO t VALUES (3)") }
            #expect(script.code == .abortRollback)
            let savepoint = try await sqliteError { try await connection.transaction(.savepoint(depth: 1)) }
            #expect(savepoint.code == .abortRollback)
            let commit = try await sqliteError { try await connection.transaction(.commit) }
            #expect(commit.code == .abortRollback)
            try await connection.transaction(.rollback)
            #expect(connection.condition == .clean)
            #expect(try await connection.rows("SELECT a FROM t") == [[.int(1)]])
        }
    }

    @Test("a commit that fails leaves the transaction open for a rollback")
    func failedCommit() async throws {
        try await TestDatabase().with { connection async throws in
            try await connection.executeScript(
                """
                CREATE TABLE a(id INTEGER PRIMARY KEY);
                CREATE TABLE b(a REFERENCES a DEFERRABLE INITIALLY DEFERRED);
                """)
            try await connection.transaction(.begin(SQLTransactionOptions()))
            try await connection.run("INSERT INTO b VALUES (1)")
            let error = try await sqliteError { try await connection.transaction(.commit) }
            #expect(error.code == .constraintForeignKey)
            #expect(connection.condition == .dirty)
            try await connection.transaction(.rollback)
            #expect(connection.condition == .clean)
            #expect(try await connection.value("SELECT count(*) FROM b") == .int(0))
        }
    }

    @Test("a second begin is refused, and leaves the first as it is")
    func doubleBegin() async throws {
        try await TestDatabase().with { connection async throws in
            try await connection.run(Self.counter)
            try await connection.transaction(.begin(SQLTransactionOptions()))
            try await connection.run("INSERT INTO t VALUES (1)")
            let error = try await sqliteError { try await connection.transaction(.begin(SQLTransactionOptions())) }
            #expect(error.code == .misuse)
            try await connection.transaction(.commit)
            #expect(try await connection.value("SELECT count(*) FROM t") == .int(1))
        }
    }

    @Test("a stale snapshot that wants to write says that the transaction can be run again")
    func busySnapshot() async throws {
        let database = try TestDatabase()
        try await database.with { first async throws in
            try await first.run(Self.counter)
            try await database.with { second async throws in
                try await first.run("BEGIN")
                _ = try await first.rows("SELECT * FROM t")
                try await second.run("INSERT INTO t VALUES (1)")
                let error = try await sqliteError { try await first.run("INSERT INTO t VALUES (2)") }
                #expect(error.code == .busySnapshot)
                #expect(error.remedy == "Run the transaction again from its beginning")
                #expect(database.driver.canRetryTransaction(after: error))
                #expect(database.driver.verdict(on: error) == .keep)
            }
        }
    }

    @Test("only what a lock caused is worth another try")
    func retries() throws {
        let driver = try TestDatabase().driver
        #expect(driver.canRetryTransaction(after: SQLiteError(.locked, "")))
        #expect(!driver.canRetryTransaction(after: SQLiteError(.constraintUnique, "")))
        #expect(!driver.canRetryTransaction(after: CancellationError()))
    }
}
