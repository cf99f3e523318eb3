public import PoolCore

/// What the conformance kit needs to know of a driver and of its database.
///
/// Only ``makeDriver`` and the properties without a default must be given. What a database does not have is left out:
/// the checks for it are then missing from ``DriverConformance/checks``.
public struct ConformanceSubject<Driver: SQLDriver>: Sendable {
    /// A driver for an empty database of its own. Called once for each check; at least four connections must be able to
    /// work on that database at once.
    public var makeDriver: @Sendable () async throws -> Driver
    /// Removes the database again. The default does nothing.
    public var dispose: @Sendable (Driver) async -> Void = { _ in }

    /// The types of columns that store each kind of value. Kinds that are missing are not supported.
    public var columnTypes: [ConformanceValueKind: String]
    /// A query without bind values that runs for many seconds if nobody interrupts it.
    public var longStatement: SQL
    /// How the database writes its placeholders.
    public var placeholder: SQLDialect.Placeholder
    /// An expression that fails for the value 500 of the integer column that is named, and for no other: a division by
    /// zero, an overflow. Nil, the default, where no query can fail after it has returned rows.
    public var expressionThatFailsAt500: (@Sendable (_ column: String) -> String)?
    /// A script, and a statement that works after it: it writes the column `i` of the table `numbers`, which has 1,000
    /// rows, to a table `late`, returns one row for each, and fails only then, as one that violates a deferred
    /// constraint. Nil, the default, where no statement can fail after it has returned its rows.
    public var statementThatFailsAtItsEnd: (setup: String, statement: SQL)?
    /// Follows the `SELECT` of a transaction that means to update what it read: `"FOR UPDATE"`. The default is empty,
    /// for databases whose transactions that write exclude each other.
    public var lockingClause = ""
    /// Statements that change the session, each with a query that fails, or returns no row, where the change is not
    /// seen. The default is a temporary table.
    public var sessionChanges: [(change: String, probe: String)] = [
        ("CREATE TEMPORARY TABLE pool_leftover (i INTEGER)", "SELECT 1 FROM pool_leftover UNION SELECT 2")
    ]
    /// A driver for which no connect can succeed until a person changes something. Nil leaves the check out.
    public var makeRefusedDriver: (@Sendable () async throws -> Driver)?
    /// The seed of all that is random in the checks.
    public var seed: UInt64 = 1
    /// How often statements are cancelled at random moments. The default is 50.
    public var cancellationRounds = 50

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
public enum ConformanceValueKind: String, Sendable, Hashable, CaseIterable {
    case bool, int, double, decimal, text, bytes, date, time, timestamp, zonedTimestamp, uuid, json, array
}

/// One thing that every driver must do.
public struct ConformanceCheck: Sendable, CustomStringConvertible {
    /// A sentence that is true of a driver that passes.
    public let name: String
    private let body: @Sendable () async throws -> Void

    init(_ name: String, _ body: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.body = body
    }

    public var description: String { name }

    /// - Throws: ``ConformanceFailure``.
    public func run() async throws {
        do {
            try await body()
        } catch let broken as BrokenExpectation {
            throw ConformanceFailure(check: name, reason: broken.reason)
        } catch {
            throw ConformanceFailure(check: name, reason: "an error that nobody expected: \(error)")
        }
    }
}

/// Why a driver does not pass a check.
public struct ConformanceFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// ``ConformanceCheck/name``.
    public let check: String
    public let reason: String

    public var description: String { "\"\(check)\" is not true: \(reason)" }
}

/// An expectation of a check that did not come true.
struct BrokenExpectation: Error {
    let reason: String
}

func expect(_ condition: Bool, _ reason: @autoclosure () -> String) throws {
    if !condition { throw BrokenExpectation(reason: reason()) }
}

/// Runs what must fail, and returns its error.
@discardableResult
func expectError(_ what: String, _ body: () async throws -> Void) async throws -> any Error {
    do {
        try await body()
    } catch {
        return error
    }
    throw BrokenExpectation(reason: "\(what) has succeeded")
}
