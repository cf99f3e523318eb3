public import PoolSQL

/// The facts about a driver and its database that ``SQLDriverConformance`` needs.
///
/// Only ``makeDriver`` and the properties without a default must be given. Leave out what a database does not have:
/// the checks for it are then missing from ``SQLDriverConformance/checks``.
public struct SQLConformanceSubject<Driver: SQLDriver>: Sendable {
    /// Makes a driver for an empty database of its own. Called once for each check; the database must allow at least
    /// four simultaneous connections.
    public var makeDriver: @Sendable () async throws -> Driver
    /// Removes the database again. The default does nothing.
    public var dispose: @Sendable (Driver) async -> Void = { _ in }

    /// The types of columns that store each kind of value. Kinds that are missing are not supported.
    public var columnTypes: [ConformanceValueKind: String]
    /// A query without bind values that runs for many seconds unless it is interrupted.
    public var longStatement: SQL
    /// The form of the database's placeholders.
    public var placeholder: SQLDialect.Placeholder
    /// An expression that fails for the value 500 of the named integer column, and for no other: a division by zero,
    /// an overflow. Nil, the default, if no query can fail after it has returned rows.
    public var expressionThatFailsAt500: (@Sendable (_ column: String) -> String)?
    /// A script, and a statement that works after it: it writes the column `i` of the table `numbers`, which has
    /// 1,000 rows, to a table `late`, returns one row for each, and fails only then, such as one that violates a
    /// deferred constraint. Nil, the default, if no statement can fail after it has returned its rows.
    public var statementThatFailsAtItsEnd: (setup: String, statement: SQL)?
    /// The clause after the `SELECT` of a transaction that will update the rows that it read: `"FOR UPDATE"`. The
    /// default is empty, for databases whose writing transactions exclude each other.
    public var lockingClause = ""
    /// Statements that change the session, each with a query that fails, or returns no row, if the change is not
    /// visible. The default is a temporary table.
    public var sessionChanges: [(change: String, probe: String)] = [
        ("CREATE TEMPORARY TABLE pool_leftover (i INTEGER)", "SELECT 1 FROM pool_leftover UNION SELECT 2")
    ]
    /// Makes a driver whose connects all fail until a person changes something. Nil, the default, leaves the check
    /// out.
    public var makeRefusedDriver: (@Sendable () async throws -> Driver)?
    /// The seed of all random choices in the checks. The default is 1.
    public var seed: UInt64 = 1
    /// How often statements are cancelled at random moments. The default is 50.
    public var cancellationRounds = 50

    /// The facts that the checks without SQL need.
    var withoutSQL: ConformanceSubject<Driver> {
        let long = longStatement
        var subject = ConformanceSubject<Driver>(
            work: { connection in
                let answer = try await connection.query("SELECT 42").map { try $0[0, as: Int64.self] }
                try expect(answer == [42], "SELECT 42 returns \(answer)")
            }, longWork: { _ = try await $0.query(long) }, makeDriver: makeDriver)
        subject.dispose = dispose
        subject.makeRefusedDriver = makeRefusedDriver
        subject.seed = seed
        subject.cancellationRounds = cancellationRounds
        return subject
    }

    /// Makes a subject from the properties that have no default.
    public init(
        columnTypes: [ConformanceValueKind: String], longStatement: SQL, placeholder: SQLDialect.Placeholder,
        makeDriver: @escaping @Sendable () async throws -> Driver
    ) {
        self.columnTypes = columnTypes
        self.longStatement = longStatement
        self.placeholder = placeholder
        self.makeDriver = makeDriver
    }
}

/// The kinds of ``SQLValue`` that a database may or may not store.
@nonexhaustive
public enum ConformanceValueKind: String, Sendable, Hashable, CaseIterable {
    /// The case of ``SQLValue`` with the same name.
    case bool, int, double, decimal, text, bytes, date, time, timestamp, zonedTimestamp, uuid, json, array
}
