/// The parts that the errors of all SQL drivers have, so that code for any database can read one:
///
/// ```swift
/// do {
///     try await pool.execute("INSERT INTO users(name) VALUES (\("Ada"))")
/// } catch let error as any SQLDriverError where error.kind == .uniqueViolation {
///     print("The name is taken: \(error.message)")
/// }
/// ```
///
/// An error never contains bind values, unless the database writes them into its message.
public protocol SQLDriverError: Error, CustomStringConvertible {
    /// The type of the codes.
    associatedtype Code: Sendable, Hashable, CustomStringConvertible

    /// The database's own code. Its description is its text.
    var code: Code { get }
    /// The kind of error, in words that mean the same for each database.
    var kind: SQLErrorKind { get }
    /// The text of the error: the database's, its C library's or the driver's.
    var message: String { get }
    /// The statement, with placeholders where it has bind values; nil if no statement was involved.
    var sql: String? { get }
    /// One sentence on what to do about the error; nil if there is nothing to say.
    var remedy: String? { get }
    /// True if the error ended an attempt to connect.
    var isConnecting: Bool { get }
}

/// The kinds of errors that applications tell apart, whatever the database. New kinds may be added, and an error that
/// is ``other`` today may get one of its own: compare with those that matter, and have a default.
public struct SQLErrorKind: Sendable, Hashable, CustomStringConvertible {
    private let name: String
    public var description: String { name }

    /// The value of a unique or primary key exists already.
    public static let uniqueViolation = Self(name: "uniqueViolation")
    /// A row refers to a row that does not exist, or is still referred to.
    public static let foreignKeyViolation = Self(name: "foreignKeyViolation")
    /// A NULL was written to a column that does not allow it.
    public static let notNullViolation = Self(name: "notNullViolation")
    /// A `CHECK` constraint failed.
    public static let checkViolation = Self(name: "checkViolation")
    /// The transaction met another one: a serialization failure, a deadlock, or a lock that was not granted in time. It
    /// may succeed when it is run again: see ``SQLTransactionOptions/maximumRetries``.
    public static let conflict = Self(name: "conflict")
    /// A statement that writes was run where only reading is allowed.
    public static let readOnly = Self(name: "readOnly")
    /// The statement was stopped: by the pool, an administrator, or a time limit of the database. A cancelled task gets
    /// a `CancellationError` instead.
    public static let cancelled = Self(name: "cancelled")
    /// No connection could be made, or it was lost, given up or closed.
    public static let connectionFailure = Self(name: "connectionFailure")
    /// The connection was lost while a transaction was being committed: it may have been committed or not.
    public static let unknownOutcome = Self(name: "unknownOutcome")
    /// Any other error.
    public static let other = Self(name: "other")
}
