@_spi(Driver) public import PoolSQL

/// An error that the server or libpq reported, or that the driver found before sending anything.
///
/// An error never contains bind values, unless the server writes them into ``detail``, as for a duplicate key.
public struct PostgresError: SQLDriverError, Sendable, Hashable {
    /// The SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html
    public let code: Code
    /// The severity: `ERROR`, `FATAL` or `PANIC`, in English.
    public let severity: String
    /// The text of the error: the server's in its own language, or libpq's or the driver's.
    public let message: String
    /// More details; nil if there are none.
    public internal(set) var detail: String?
    /// A suggestion what to do: the server's hint, or the driver's; nil if there is none.
    public internal(set) var remedy: String?
    /// The number of the character in the statement at which the error is, from 1; nil if unknown.
    public internal(set) var position: Int?
    /// The place in the server's work at which the error occurred, such as functions and COPY lines; nil if there is
    /// none.
    public internal(set) var context: String?
    /// The schema that the error is about; nil if there is none.
    public internal(set) var schema: String?
    /// The table that the error is about; nil if there is none.
    public internal(set) var table: String?
    /// The column that the error is about; nil if there is none.
    public internal(set) var column: String?
    /// The data type that the error is about; nil if there is none.
    public internal(set) var dataType: String?
    /// The constraint that was violated; nil if there is none.
    public internal(set) var constraint: String?
    /// The statement, with placeholders where it has bind values; nil if no statement was involved.
    public internal(set) var sql: String?
    /// True if the error ended an attempt to connect.
    public internal(set) var isConnecting = false
    /// True if a schema change has invalidated a prepared statement. The server has no code of its own for that.
    var isStalePlan = false
    /// True if a schema change has invalidated what the driver knew of a statement's columns. The statement has run.
    var isStaleShape = false
    /// True if the error may come from a value that is too long as text, the form of a statement's first results.
    var mayBeTooLongAsText = false
    /// True if the server that reported the error accepts no writes at all.
    var isOnStandby = false

    init(code: Code, severity: String = "ERROR", message: String) {
        self.code = code
        self.severity = severity
        self.message = message
    }

    /// Makes the error for a connection that libpq lost, with libpq's reason.
    init(connectionFailure message: String) {
        self.init(
            code: .connectionFailure, severity: "FATAL",
            message: message.isEmpty ? "the connection to the server was lost" : message)
    }

    /// A copy of the error, about the statement `sql`.
    func inStatement(_ sql: String?) -> PostgresError {
        var error = self
        error.sql = sql ?? error.sql
        if error.remedy == nil, let sql = error.sql { error.remedy = code.remedy(for: sql, message) }
        return error
    }

    /// A copy of the error as the end of an attempt to connect.
    func whileConnecting() -> PostgresError {
        var error = self
        error.isConnecting = true
        return error
    }

    static let outOfMemory = PostgresError(code: .outOfMemory, severity: "FATAL", message: "out of memory")
    static let closed = PostgresError(
        code: .connectionDoesNotExist, severity: "FATAL", message: "the connection is closed")

    /// The error for a value that does not have the form of its type.
    static func unreadable(_ column: String, _ type: UInt32) -> PostgresError {
        PostgresError(
            code: .invalidBinaryRepresentation,
            message: "the server sent a value in the column \"\(column)\" that cannot be read as its type, \(type)")
    }

    /// The error for a statement whose columns are not those that the server reported earlier.
    static let staleShape = {
        var error = PostgresError(
            code: .invalidBinaryRepresentation,
            message: "the columns of the statement's result have changed, and came in a form that cannot be read")
        error.isStaleShape = true
        error.remedy = "The statement has run. Its next run reads the new columns"
        return error
    }()

    /// The number of the parameter that the error is about, from 1: the server writes `$1` in every language.
    var parameterNumber: Int? {
        guard let dollar = message.firstIndex(of: "$") else { return nil }
        return Int(message[message.index(after: dollar)...].prefix { $0.isASCII && $0.isNumber })
    }

    static func misuse(_ message: String, _ code: Code = .objectNotInPrerequisiteState) -> PostgresError {
        PostgresError(code: code, message: message)
    }
}

extension PostgresError.Code {
    /// A hint at the likely mistake in a statement, for an error without a hint of the server's.
    fileprivate func remedy(for sql: String, _ message: String) -> String? {
        switch self {
        case .syntaxError:
            SQLMistake(in: sql, placeholder: .dollarNumber).syntaxHint(from: message.drop { $0 != "$" })
        case .protocolViolation, .undefinedParameter: SQLMistake(in: sql, placeholder: .dollarNumber).countHint
        default: nil
        }
    }
}

extension PostgresError {
    /// The kind of error, in words that mean the same for each database.
    public var kind: SQLErrorKind {
        switch code {
        case .uniqueViolation: .uniqueViolation
        case .foreignKeyViolation: .foreignKeyViolation
        case .notNullViolation: .notNullViolation
        case .checkViolation: .checkViolation
        case .serializationFailure, .deadlockDetected, .lockNotAvailable: .conflict
        case .readOnlyTransaction: .readOnly
        case .queryCanceled: .cancelled
        case .transactionResolutionUnknown: .unknownOutcome
        default: isConnecting || isFatal ? .connectionFailure : .other
        }
    }
}

extension PostgresError: CustomStringConvertible {
    /// Everything that a log needs, in one line.
    public var description: String {
        var text = "Postgres: \(severity) \(code): \(message)"
        if let detail { text += "; \(detail)" }
        if let remedy { text += "; hint: \(remedy)" }
        if let sql { text += "; in \"\(sql)\"" }
        if let position { text += " at character \(position)" }
        return text
    }
}

extension PostgresError {
    /// An SQLSTATE. The constants are the codes that applications meet; any other code works by its five characters.
    /// https://www.postgresql.org/docs/current/errcodes-appendix.html
    public struct Code: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// The five characters of the code.
        public let rawValue: String

        /// Makes a code from its five characters.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The class of errors: the first two characters.
        public var errorClass: Substring { rawValue.prefix(2) }

        public var description: String { rawValue }

        /// The connection was lost, or libpq reported a failure without a code.
        public static let connectionFailure = Self(rawValue: "08006")
        /// The connection is closed.
        public static let connectionDoesNotExist = Self(rawValue: "08003")
        /// No connection to the server could be made.
        public static let cannotConnect = Self(rawValue: "08001")
        /// The connection was lost while a transaction was being committed: whether it was is unknown.
        public static let transactionResolutionUnknown = Self(rawValue: "08007")
        /// The server received something that its protocol does not allow, such as the wrong number of bind values.
        public static let protocolViolation = Self(rawValue: "08P01")
        /// The server, or the driver, does not support what was asked for.
        public static let featureNotSupported = Self(rawValue: "0A000")
        /// A number is outside the range of its type.
        public static let numericValueOutOfRange = Self(rawValue: "22003")
        /// A number was divided by zero.
        public static let divisionByZero = Self(rawValue: "22012")
        /// A text cannot be read as a value of its type.
        public static let invalidTextRepresentation = Self(rawValue: "22P02")
        /// Bytes cannot be read as a value of their type.
        public static let invalidBinaryRepresentation = Self(rawValue: "22P03")
        /// A NULL was written to a column that does not allow it.
        public static let notNullViolation = Self(rawValue: "23502")
        /// A row refers to a row that does not exist, or is still referred to.
        public static let foreignKeyViolation = Self(rawValue: "23503")
        /// The value of a unique key exists already.
        public static let uniqueViolation = Self(rawValue: "23505")
        /// A `CHECK` constraint failed.
        public static let checkViolation = Self(rawValue: "23514")
        /// A row conflicts with another one under an `EXCLUDE` constraint.
        public static let exclusionViolation = Self(rawValue: "23P01")
        /// A transaction is open already.
        public static let activeTransaction = Self(rawValue: "25001")
        /// The transaction only reads, or the server does, and the statement would write.
        public static let readOnlyTransaction = Self(rawValue: "25006")
        /// No transaction is open.
        public static let noActiveTransaction = Self(rawValue: "25P01")
        /// The transaction has failed: until it is rolled back, no statement runs. Also the code of statements in a
        /// batch that did not run.
        public static let failedTransaction = Self(rawValue: "25P02")
        /// The prepared statement does not exist.
        public static let invalidStatementName = Self(rawValue: "26000")
        /// The login is not allowed.
        public static let invalidAuthorization = Self(rawValue: "28000")
        /// The password is wrong.
        public static let invalidPassword = Self(rawValue: "28P01")
        /// The database does not exist.
        public static let unknownDatabase = Self(rawValue: "3D000")
        /// The transaction conflicts with another one. Run it again.
        public static let serializationFailure = Self(rawValue: "40001")
        /// The transaction was in a deadlock, and the server has cancelled it. Run it again.
        public static let deadlockDetected = Self(rawValue: "40P01")
        /// The transaction was rolled back. Also the code of statements in a batch that a later failure has undone.
        public static let transactionRolledBack = Self(rawValue: "40000")
        /// The server cannot parse the statement.
        public static let syntaxError = Self(rawValue: "42601")
        /// Several functions match the call, because the types of its arguments are unclear.
        public static let ambiguousFunction = Self(rawValue: "42725")
        /// A value has a type that does not fit its place.
        public static let datatypeMismatch = Self(rawValue: "42804")
        /// The function or operator does not exist for arguments of these types.
        public static let undefinedFunction = Self(rawValue: "42883")
        /// The server cannot infer the type of a parameter.
        public static let indeterminateDatatype = Self(rawValue: "42P18")
        /// The column does not exist.
        public static let undefinedColumn = Self(rawValue: "42703")
        /// An object, such as a type, a setting or a role, does not exist.
        public static let undefinedObject = Self(rawValue: "42704")
        /// The table does not exist.
        public static let undefinedTable = Self(rawValue: "42P01")
        /// The statement has a `$1` for which there is no value.
        public static let undefinedParameter = Self(rawValue: "42P02")
        /// A prepared statement of this name exists already.
        public static let duplicateStatementName = Self(rawValue: "42P05")
        /// The user lacks a privilege.
        public static let insufficientPrivilege = Self(rawValue: "42501")
        /// The server has no memory left.
        public static let outOfMemory = Self(rawValue: "53200")
        /// A value or a statement exceeds a limit of the server, such as 1 GB for a text.
        public static let programLimitExceeded = Self(rawValue: "54000")
        /// The server, or the database or user, has its maximum of connections.
        public static let tooManyConnections = Self(rawValue: "53300")
        /// An object is not in the state that the statement needs. Also the driver's own code for a wrong use of its
        /// interface.
        public static let objectNotInPrerequisiteState = Self(rawValue: "55000")
        /// A lock was not granted within `lock_timeout`, or immediately with `NOWAIT`.
        public static let lockNotAvailable = Self(rawValue: "55P03")
        /// A statement was cancelled.
        public static let queryCanceled = Self(rawValue: "57014")
        /// An administrator ended the session, or the server is shutting down.
        public static let adminShutdown = Self(rawValue: "57P01")
        /// Another process of the server crashed, and ended all sessions.
        public static let crashShutdown = Self(rawValue: "57P02")
        /// The server is starting, stopping or recovering.
        public static let cannotConnectNow = Self(rawValue: "57P03")
        /// The database of the session was dropped.
        public static let databaseDropped = Self(rawValue: "57P04")
        /// The session was idle for longer than `idle_session_timeout`.
        public static let idleSessionTimeout = Self(rawValue: "57P05")
        /// The server met a state that should not occur.
        public static let internalError = Self(rawValue: "XX000")
    }
}
