public import PoolSQL

/// The checks that every driver of an SQL database must pass, including third-party drivers. Those of
/// ``DriverConformance`` are among them.
///
/// With Swift Testing, one test runs them all and names each:
///
/// ```swift
/// import PoolSQLite
/// import Testing
///
/// struct ConformanceTests {
///     nonisolated static let subject = SQLConformanceSubject(
///         columnTypes: [.int: "INTEGER", .text: "TEXT"], longStatement: "SELECT …", placeholder: .questionMark
///     ) {
///         try SQLiteDriver(configuration: .init(path: ":memory:"))
///     }
///
///     @Test(arguments: SQLDriverConformance(subject).checks)
///     func conforms(check: ConformanceCheck) async throws {
///         try await check.run()
///     }
/// }
/// ```
///
/// Each check works on a database of its own, so the checks can run in parallel and in any order.
public struct SQLDriverConformance<Driver: SQLDriver>: Sendable {
    /// The driver to check, and its database.
    public let subject: SQLConformanceSubject<Driver>

    /// Makes the checks for a driver.
    public init(_ subject: SQLConformanceSubject<Driver>) {
        self.subject = subject
    }

    /// All checks that apply to the subject.
    public var checks: [ConformanceCheck] {
        withoutSQL.checks + lifeChecks + valueChecks + statementChecks + transactionChecks + streamingChecks
            + sessionChecks
            + hookChecks
            + cancellationChecks + poolChecks
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

    /// The checks that need no SQL, and what they work with.
    private var withoutSQL: DriverConformance<Driver> { DriverConformance(subject.withoutSQL) }

    func connect(_ driver: Driver) async throws -> Driver.Connection { try await withoutSQL.connect(driver) }

    func withConnection(_ body: (Bench) async throws -> Void) async throws {
        try await withoutSQL.withConnection { try await body(Bench(driver: $0, connection: $1)) }
    }

    func withPool(
        _ maximumConnections: Int = 4, hooks: PoolHooks<Driver> = PoolHooks(),
        _ body: (Pool<Driver>) async throws -> Void
    ) async throws {
        try await withoutSQL.withPool(maximumConnections, hooks: hooks, body)
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
