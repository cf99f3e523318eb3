public import PoolSQL

/// The checks that every driver must pass, including third-party drivers.
///
/// With Swift Testing, one test runs them all and names each:
///
/// ```swift
/// import PoolSQLite
/// import Testing
///
/// struct ConformanceTests {
///     nonisolated static let subject = ConformanceSubject(
///         columnTypes: [.int: "INTEGER", .text: "TEXT"], longStatement: "SELECT …", placeholder: .questionMark
///     ) {
///         try SQLiteDriver(configuration: .init(path: ":memory:"))
///     }
///
///     @Test(arguments: DriverConformance(subject).checks)
///     func conforms(check: ConformanceCheck) async throws {
///         try await check.run()
///     }
/// }
/// ```
///
/// Each check works on a database of its own, so the checks can run in parallel and in any order.
public struct DriverConformance<Driver: SQLDriver>: Sendable {
    /// The driver to check, and its database.
    public let subject: ConformanceSubject<Driver>

    /// Makes the checks for a driver.
    public init(_ subject: ConformanceSubject<Driver>) {
        self.subject = subject
    }

    /// All checks that apply to the subject.
    public var checks: [ConformanceCheck] {
        lifeChecks + valueChecks + statementChecks + transactionChecks + streamingChecks + sessionChecks
            + hookChecks
            + cancellationChecks + poolChecks
    }

    /// Runs all checks, one after the other, and returns the failures.
    public func failures() async -> [ConformanceFailure] {
        var failures: [ConformanceFailure] = []
        for check in checks {
            do {
                try await check.run()
            } catch let failure as ConformanceFailure {
                failures.append(failure)
            } catch {
                failures.append(ConformanceFailure(check: check.name, reason: "\(error)"))
            }
        }
        return failures
    }

    // MARK: Places to work in

    /// An open connection, without a pool.
    struct Bench: Sendable {
        let driver: Driver
        let connection: Driver.Connection

        func integers(_ sql: SQL) async throws -> [Int64] {
            try await connection.query(sql).map { try $0[0, as: Int64.self] }
        }

        /// Resets a dirty connection: making a table may count as a change, and the next check needs a clean session.
        func settle() async throws {
            if connection.condition == .dirty { try await connection.reset() }
        }

        /// Checks that the connection is as good as before; with `mayHaveMessages` after a reset, which removes what
        /// the database keeps of an error, and which must not end a transaction.
        func expectHealthy(after what: String, mayHaveMessages: Bool = false) async throws {
            if mayHaveMessages, !connection.isTransactionOpen { try await settle() }
            try expect(connection.condition == .clean, "after \(what) the connection is \(connection.condition)")
            let answer = try await integers("SELECT 42")
            try expect(answer == [42], "after \(what) SELECT 42 returns \(answer)")
        }

        /// Checks that `error` says that the connection is as good as before, and that this is true.
        func expectKept(_ error: any Error, after what: String) async throws {
            let verdict = driver.verdict(on: error)
            try expect(
                verdict == .keep || verdict == .statementsStale, "the verdict on \(what) is \(verdict): \(error)")
            try await expectHealthy(after: what, mayHaveMessages: true)
        }
    }

    func connect(_ driver: Driver) async throws -> Driver.Connection {
        let lanes = driver.lanes(maximumConnections: 4)
        guard let lane = lanes.first(where: { $0.serves.contains(.readWrite) }) else {
            throw BrokenExpectation(reason: "no lane serves writers")
        }
        return try await driver.connect(ConnectRequest(lane: lane, attempt: 1, deadline: .distantFuture))
    }

    func withConnection(_ body: (Bench) async throws -> Void) async throws {
        let driver = try await subject.makeDriver()
        let connection = try await connect(driver)
        let outcome: Result<Void, any Error>
        do {
            try await body(Bench(driver: driver, connection: connection))
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        await connection.close(.orderly)
        await subject.dispose(driver)
        try outcome.get()
    }

    func withPool(
        _ maximumConnections: Int = 4, hooks: PoolHooks<Driver> = PoolHooks(), observer: (any PoolObserver)? = nil,
        _ body: (Pool<Driver>) async throws -> Void
    ) async throws {
        let driver = try await subject.makeDriver()
        let pool = try Pool(
            driver: driver,
            configuration: PoolConfiguration(name: "conformance", maximumConnections: maximumConnections),
            hooks: hooks, observer: observer)
        let outcome: Result<Void, any Error>
        do {
            try await body(pool)
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        try await pool.close(drain: .seconds(5))
        let counts = pool.statistics.counts
        await subject.dispose(driver)
        try outcome.get()
        try expect(counts.total == 0, "the closed pool still has connections: \(counts)")
    }

    /// The type with which a column of integers is declared.
    var integerType: String { subject.columnTypes[.int] ?? "BIGINT" }
    var textType: String { subject.columnTypes[.text] ?? "TEXT" }

    func placeholder(_ number: Int) -> String {
        switch subject.placeholder {
        case .questionMark: "?"
        case .dollarNumber: "$\(number)"
        }
    }

    func createNumbers(_ count: Int, on bench: Bench) async throws {
        try await createNumbers(count, on: bench.connection)
        try await bench.settle()
    }

    /// Makes a table `numbers` with the column `i` from 1 to `count`.
    func createNumbers(_ count: Int, on connection: Driver.Connection) async throws {
        _ = try await connection.execute("CREATE TABLE numbers (i \(raw: integerType) NOT NULL PRIMARY KEY)")
        try await connection.transaction(.begin(SQLTransactionOptions()))
        _ = try await connection.executeBatch(
            "INSERT INTO numbers(i) VALUES (\(0))", (1...count).map { [.int(Int64($0))] })
        try await connection.transaction(.commit)
    }
}
