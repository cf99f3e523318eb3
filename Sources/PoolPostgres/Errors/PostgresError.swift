@_spi(Driver) internal import PoolCore

/// An error that the server or libpq reported, or that the driver found before they could.
///
/// Bind values are never part of it, unless the server writes them into ``detail``, as it does for a key that exists.
public struct PostgresError: Error, Sendable, Hashable {
    /// The SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html
    public let code: Code
    /// `ERROR`, `FATAL` or `PANIC`, in English.
    public let severity: String
    /// What the server said, in its own language.
    public let message: String
    /// More about it.
    public internal(set) var detail: String?
    /// What the server suggests to do.
    public internal(set) var hint: String?
    /// Where in the statement the error is: the number of the character, from 1.
    public internal(set) var position: Int?
    /// Where in the server the error came about: functions, COPY lines.
    public internal(set) var context: String?
    /// The schema that the error is about.
    public internal(set) var schema: String?
    /// The table that the error is about.
    public internal(set) var table: String?
    /// The column that the error is about.
    public internal(set) var column: String?
    /// The data type that the error is about.
    public internal(set) var dataType: String?
    /// The constraint that was violated.
    public internal(set) var constraint: String?
    /// The statement, with placeholders where it has bind values; nil if no statement was involved.
    public internal(set) var sql: String?
    /// True if the error ended an attempt to connect.
    var isConnecting = false
    /// True if a schema change has made a prepared statement useless. The server has no code of its own for that.
    var isStalePlan = false
    /// True if a schema change has made what the driver knew of a statement's columns useless. The statement has run.
    var isStaleShape = false
    /// True if it may come from a value that is too long as text, which the first run of a statement is answered in.
    var mayBeTooLongAsText = false
    /// True if the server that reported it cannot be written to at all.
    var isOnStandby = false

    init(code: Code, severity: String = "ERROR", message: String) {
        self.code = code
        self.severity = severity
        self.message = message
    }

    /// libpq lost the connection, and says why.
    init(connectionFailure message: String) {
        self.init(
            code: .connectionFailure, severity: "FATAL",
            message: message.isEmpty ? "the connection to the server was lost" : message)
    }

    /// The same error about the statement `sql`.
    func inStatement(_ sql: String?) -> PostgresError {
        var error = self
        error.sql = sql ?? error.sql
        if error.hint == nil, let sql = error.sql { error.hint = code.hint(for: sql, message) }
        return error
    }

    static let outOfMemory = PostgresError(code: .outOfMemory, severity: "FATAL", message: "out of memory")
    static let closed = PostgresError(
        code: .connectionDoesNotExist, severity: "FATAL", message: "the connection is closed")

    /// What has come is not in the form of its type.
    static func unreadable(_ column: String, _ type: UInt32) -> PostgresError {
        PostgresError(
            code: .invalidBinaryRepresentation,
            message: "the server sent a value in the column \"\(column)\" that cannot be read as its type, \(type)")
    }

    /// The columns of a statement are not those that the server told of.
    static let staleShape = {
        var error = PostgresError(
            code: .invalidBinaryRepresentation,
            message: "the columns of the statement's result have changed, and came in a form that cannot be read")
        error.isStaleShape = true
        error.hint = "The statement has run. Its next run reads the new columns"
        return error
    }()

    /// Which parameter the error is about, from 1: the server writes `$1` in each language.
    var parameterNumber: Int? {
        guard let dollar = message.firstIndex(of: "$") else { return nil }
        return Int(message[message.index(after: dollar)...].prefix { $0.isASCII && $0.isNumber })
    }

    static func misuse(_ message: String, _ code: Code = .objectNotInPrerequisiteState) -> PostgresError {
        PostgresError(code: code, message: message)
    }
}

extension PostgresError.Code {
    /// What is likely to be wrong with a statement that cannot be read, where the server has no hint of its own.
    fileprivate func hint(for sql: String, _ message: String) -> String? {
        switch self {
        case .syntaxError:
            SQLMistake(in: sql, placeholder: .dollarNumber).syntaxHint(from: message.drop { $0 != "$" })
        case .protocolViolation, .undefinedParameter: SQLMistake(in: sql, placeholder: .dollarNumber).countHint
        default: nil
        }
    }
}

extension PostgresError: CustomStringConvertible {
    /// Everything that a log needs, in one line.
    public var description: String {
        var text = "Postgres: \(severity) \(code): \(message)"
        if let detail { text += "; \(detail)" }
        if let hint { text += "; hint: \(hint)" }
        if let sql { text += "; in \"\(sql)\"" }
        if let position { text += " at character \(position)" }
        return text
    }
}

extension PostgresError {
    /// An SQLSTATE. The constants here are those that applications meet; any other works by its five characters.
    public struct Code: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        public let rawValue: String

        public init(rawValue: String) { self.rawValue = rawValue }

        /// The first two characters: the class of errors.
        public var errorClass: Substring { rawValue.prefix(2) }

        public var description: String { rawValue }

        /// The connection was lost, or could not be made.
        public static let connectionFailure = Self(rawValue: "08006")
        public static let connectionDoesNotExist = Self(rawValue: "08003")
        public static let cannotConnect = Self(rawValue: "08001")
        /// The connection was lost while a transaction was being committed: nobody knows whether it was.
        public static let transactionResolutionUnknown = Self(rawValue: "08007")
        public static let protocolViolation = Self(rawValue: "08P01")
        public static let featureNotSupported = Self(rawValue: "0A000")
        public static let numericValueOutOfRange = Self(rawValue: "22003")
        public static let divisionByZero = Self(rawValue: "22012")
        public static let invalidTextRepresentation = Self(rawValue: "22P02")
        public static let invalidBinaryRepresentation = Self(rawValue: "22P03")
        public static let notNullViolation = Self(rawValue: "23502")
        public static let foreignKeyViolation = Self(rawValue: "23503")
        public static let uniqueViolation = Self(rawValue: "23505")
        public static let checkViolation = Self(rawValue: "23514")
        public static let exclusionViolation = Self(rawValue: "23P01")
        public static let activeTransaction = Self(rawValue: "25001")
        public static let readOnlyTransaction = Self(rawValue: "25006")
        public static let noActiveTransaction = Self(rawValue: "25P01")
        public static let failedTransaction = Self(rawValue: "25P02")
        public static let invalidStatementName = Self(rawValue: "26000")
        public static let invalidAuthorization = Self(rawValue: "28000")
        public static let invalidPassword = Self(rawValue: "28P01")
        public static let unknownDatabase = Self(rawValue: "3D000")
        /// Run the transaction again.
        public static let serializationFailure = Self(rawValue: "40001")
        /// Run the transaction again.
        public static let deadlockDetected = Self(rawValue: "40P01")
        public static let transactionRolledBack = Self(rawValue: "40000")
        public static let syntaxError = Self(rawValue: "42601")
        public static let ambiguousFunction = Self(rawValue: "42725")
        public static let datatypeMismatch = Self(rawValue: "42804")
        public static let undefinedFunction = Self(rawValue: "42883")
        /// The server cannot tell the type of a parameter.
        public static let indeterminateDatatype = Self(rawValue: "42P18")
        public static let undefinedColumn = Self(rawValue: "42703")
        public static let undefinedObject = Self(rawValue: "42704")
        public static let undefinedTable = Self(rawValue: "42P01")
        /// The statement has a `$1` for which there is no value.
        public static let undefinedParameter = Self(rawValue: "42P02")
        public static let duplicateStatementName = Self(rawValue: "42P05")
        public static let insufficientPrivilege = Self(rawValue: "42501")
        public static let outOfMemory = Self(rawValue: "53200")
        public static let programLimitExceeded = Self(rawValue: "54000")
        public static let tooManyConnections = Self(rawValue: "53300")
        public static let objectNotInPrerequisiteState = Self(rawValue: "55000")
        public static let lockNotAvailable = Self(rawValue: "55P03")
        /// A statement was cancelled.
        public static let queryCanceled = Self(rawValue: "57014")
        public static let adminShutdown = Self(rawValue: "57P01")
        public static let crashShutdown = Self(rawValue: "57P02")
        /// The server is starting, stopping or recovering.
        public static let cannotConnectNow = Self(rawValue: "57P03")
        public static let databaseDropped = Self(rawValue: "57P04")
        public static let idleSessionTimeout = Self(rawValue: "57P05")
        public static let internalError = Self(rawValue: "XX000")
    }
}
