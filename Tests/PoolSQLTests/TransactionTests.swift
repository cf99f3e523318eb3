import Testing

@_spi(Driver) @testable import PoolSQL

@Suite("Transactions")
struct TransactionTests {
    private let connection = RecordingSQLConnection()

    private struct Stop: Error {}

    private func run<Result>(
        _ options: SQLTransactionOptions = SQLTransactionOptions(),
        _ body: (inout SQLTransaction<RecordingSQLDriver>) async throws -> Result
    ) async throws -> Result {
        let handle = ConnectionHandle(connection: connection, driver: RecordingSQLDriver(connection: connection))
        return try await SQLTransaction.runWithRetries(on: handle, options: options, body)
    }

    @Test("a body that returns is committed")
    func commit() async throws {
        let result = try await run(SQLTransactionOptions(isolation: .serializable)) { transaction in
            try await transaction.execute("A")
            return 5
        }
        #expect(result == 5)
        #expect(connection.log == ["begin serializable", "execute A", "commit"])
    }

    @Test("a body that throws is rolled back, and its error comes out")
    func rollback() async throws {
        await #expect(throws: Stop.self) {
            try await run { transaction in
                try await transaction.execute("A")
                throw Stop()
            }
        }
        #expect(connection.log == ["begin", "execute A", "rollback"])
    }

    @Test(
        "a transaction can be deferrable only if it is serializable and read-only, and else does not begin",
        arguments: [
            SQLTransactionOptions(isDeferrable: true),
            SQLTransactionOptions(isolation: .serializable, isDeferrable: true),
            SQLTransactionOptions(isolation: .serializable, access: .readWrite, isDeferrable: true),
            SQLTransactionOptions(access: .readOnly, isDeferrable: true),
            SQLTransactionOptions(isolation: .repeatableRead, access: .readOnly, isDeferrable: true),
        ])
    func deferrable(options: SQLTransactionOptions) async throws {
        let error = await #expect(throws: PoolConfigurationError.self) {
            try await run(options) { _ in Issue.record("the body ran") }
        }
        #expect(error?.property == "SQLTransactionOptions.isDeferrable")
        #expect(connection.log == [])
        try await run(SQLTransactionOptions(isolation: .serializable, access: .readOnly, isDeferrable: true)) { _ in }
    }

    @Test("the commands have the texts of the SQL standard, and only those that begin something can be cancelled")
    func texts() {
        let options = SQLTransactionOptions(isolation: .repeatableRead, access: .readOnly)
        let commands: [(SQLTransactionCommand, String, isCancellable: Bool)] = [
            (.begin(SQLTransactionOptions()), "BEGIN", true),
            (.begin(options), "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", true),
            (.commit, "COMMIT", false), (.rollback, "ROLLBACK", false),
            (.savepoint(depth: 2), "SAVEPOINT pool_savepoint_2", true),
            (.releaseSavepoint(depth: 2), "RELEASE SAVEPOINT pool_savepoint_2", false),
            (.rollbackToSavepoint(depth: 2), "ROLLBACK TO SAVEPOINT pool_savepoint_2", false),
        ]
        for (command, text, isCancellable) in commands {
            #expect(command.text == text)
            #expect(command.isCancellable == isCancellable, "\(text)")
        }
    }

    @Test("a failing rollback does not hide the error of the body")
    func failingRollback() async throws {
        connection.failNext("rollback")
        await #expect(throws: Stop.self) { try await run { _ in throw Stop() } }
        #expect(connection.log == ["begin", "rollback"])
    }

    @Test("a failing begin runs nothing")
    func failingBegin() async throws {
        connection.failNext("begin")
        let error = await #expect(throws: RecordedFailure.self) { try await run { _ in Issue.record("the body ran") } }
        #expect(error?.command == "begin")
        #expect(connection.log == ["begin"])
    }

    @Test("a failing commit is thrown, and a rollback follows")
    func failingCommit() async throws {
        connection.failNext("commit")
        let error = await #expect(throws: RecordedFailure.self) { try await run { _ in } }
        #expect(error?.command == "commit")
        #expect(connection.log == ["begin", "commit", "rollback"])
    }

    @Test("a transaction marked for rollback returns its result and leaves nothing behind")
    func rollbackOnly() async throws {
        let result = try await run { transaction in
            transaction.setRollbackOnly()
            return 5
        }
        #expect(result == 5)
        #expect(connection.log == ["begin", "rollback"])
    }

    @Test("the failing rollback of a transaction marked for it is thrown")
    func failingRollbackOnly() async throws {
        connection.failNext("rollback")
        let error = await #expect(throws: RecordedFailure.self) { try await run { $0.setRollbackOnly() } }
        #expect(error?.command == "rollback")
    }

    @Test("nested transactions are savepoints with a name for each depth")
    func nesting() async throws {
        try await run { outer in
            try await outer.transaction { middle in
                try await middle.transaction { inner in
                    _ = try await inner.execute("A")
                }
            }
            try await outer.transaction { second in
                _ = try await second.execute("B")
            }
        }
        #expect(
            connection.log == [
                "begin", "savepoint 1", "savepoint 2", "execute A", "release 2", "release 1", "savepoint 1",
                "execute B",
                "release 1", "commit",
            ])
    }

    @Test("a nested transaction that throws leaves the outer one to go on")
    func nestedRollback() async throws {
        try await run { outer in
            await #expect(throws: Stop.self) { try await outer.transaction { _ in throw Stop() } }
            try await outer.transaction { $0.setRollbackOnly() }
            try await outer.execute("A")
        }
        #expect(
            connection.log == [
                "begin", "savepoint 1", "rollback to 1", "savepoint 1", "rollback to 1", "execute A", "commit",
            ])
    }

    @Test("failing savepoints roll back what they must", arguments: ["savepoint 1", "release 1", "rollback to 1"])
    func failingSavepoints(command: String) async throws {
        connection.failNext(command)
        let fails = command == "rollback to 1"
        await #expect(throws: (any Error).self) {
            try await run { outer in
                try await outer.transaction { _ in if fails { throw Stop() } }
            }
        }
        let expected = [
            "savepoint 1": ["begin", "savepoint 1", "rollback"],
            "release 1": ["begin", "savepoint 1", "release 1", "rollback to 1", "rollback"],
            "rollback to 1": ["begin", "savepoint 1", "rollback to 1", "rollback"],
        ]
        #expect(connection.log == expected[command])
    }

    @Test("a cancelled task still rolls back")
    func cancellation() async throws {
        let connection = connection
        let task = Task {
            try await run { transaction in
                try await transaction.execute("A")
                withUnsafeCurrentTask { $0?.cancel() }
                try await transaction.execute("B")
            }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(connection.log == ["begin", "execute A", "rollback"])
    }

    @Test("a body is run again after a failure that may pass, as often as allowed")
    func retries() async throws {
        connection.failNext("execute A", retryable: true)
        let attempts = try await countingAttempts(SQLTransactionOptions(maximumRetries: 2)) { [connection] attempt in
            if attempt == 1 { connection.failNext("commit", retryable: true) }
        }
        #expect(attempts == 3)
        #expect(
            connection.log == [
                "begin", "execute A", "rollback", "begin", "execute A", "commit", "rollback", "begin", "execute A",
                "commit",
            ])
    }

    /// Executes `A` in a transaction, with `prepare` before it, and returns how often that was begun.
    private func countingAttempts(
        _ options: SQLTransactionOptions, _ prepare: (Int) -> Void
    ) async throws -> Int {
        var attempts = 0
        try await run(options) { transaction in
            prepare(attempts)
            attempts += 1
            _ = try await transaction.execute("A")
        }
        return attempts
    }

    @Test("retries end, and the last failure comes out", arguments: [0, 1, 3])
    func endOfRetries(maximum: Int) async throws {
        var attempts = 0
        let error = await #expect(throws: RecordedFailure.self) {
            try await run(SQLTransactionOptions(maximumRetries: maximum)) { transaction in
                attempts += 1
                connection.failNext("execute A", retryable: true)
                try await transaction.execute("A")
            }
        }
        #expect(error?.isRetryable == true)
        #expect(attempts == maximum + 1)
    }

    @Test("other failures are not retried")
    func noRetry() async throws {
        connection.failNext("execute A")
        await #expect(throws: RecordedFailure.self) {
            try await run(SQLTransactionOptions(maximumRetries: 5)) { _ = try await $0.execute("A") }
        }
        #expect(connection.log == ["begin", "execute A", "rollback"])
    }

    @Test("a cancelled task does not retry")
    func noRetryWhenCancelled() async throws {
        let connection = connection
        let task = Task {
            try await run(SQLTransactionOptions(maximumRetries: 5)) { _ in
                withUnsafeCurrentTask { $0?.cancel() }
                throw RecordedFailure(command: "any", isRetryable: true)
            }
        }
        await #expect(throws: RecordedFailure.self) { try await task.value }
        #expect(connection.log == ["begin", "rollback"])
    }

    @Test("a retryable failure in a nested transaction runs the outermost again")
    func nestedRetry() async throws {
        connection.failNext("execute A", retryable: true)
        try await run(SQLTransactionOptions(maximumRetries: 1)) { outer in
            try await outer.transaction { inner in
                _ = try await inner.execute("A")
            }
        }
        #expect(
            connection.log == [
                "begin", "savepoint 1", "execute A", "rollback to 1", "rollback", "begin", "savepoint 1", "execute A",
                "release 1", "commit",
            ])
    }
}
