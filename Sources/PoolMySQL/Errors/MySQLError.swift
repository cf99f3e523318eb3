public import PoolSQL

/// An error that the server or libmariadb reported, or that the driver found before sending anything.
///
/// An error never contains bind values, unless the server writes them into its message, as for a duplicate key.
public struct MySQLError: SQLDriverError, Sendable, Hashable {
    /// The number of the error.
    public let code: Code
    /// The SQLSTATE; `HY000` if there is none more specific.
    public let sqlState: String
    /// The text of the error, as the server, libmariadb or the driver wrote it.
    public let message: String
    /// The statement, with placeholders where it has bind values; nil if no statement was involved.
    public internal(set) var sql: String?
    /// One sentence on what to do about the error, if there is something to say.
    public internal(set) var remedy: String?
    /// True if the error ended an attempt to connect.
    public internal(set) var isConnecting = false
    /// True if the driver found the error itself: nothing was sent, and the connection is unchanged.
    var isLocal = false

    init(_ code: Code, sqlState: String = "HY000", _ message: String, sql: String? = nil, remedy: String? = nil) {
        self.code = code
        self.sqlState = sqlState
        self.message = message
        self.sql = sql
        self.remedy = remedy ?? code.remedy(message: message)
    }

    /// A copy of the error, about the statement `sql`.
    func inStatement(_ sql: String) -> MySQLError {
        var error = self
        error.sql = self.sql ?? sql
        error.remedy = remedy ?? code.remedy(message: message, of: sql)
        return error
    }

    /// A copy of the error as the end of an attempt to connect.
    func whileConnecting() -> MySQLError {
        var error = self
        error.isConnecting = true
        return error
    }

    /// The error as it is after the login: libmariadb reports every loss of a TLS connection as a TLS error.
    func afterConnecting() -> MySQLError {
        code == .tls ? MySQLError(.serverLost, sqlState: sqlState, message, sql: sql) : self
    }

    /// An error that the driver found itself.
    static func local(
        _ code: Code = .misuse, _ message: String, sql: String? = nil, remedy: String? = nil
    ) -> MySQLError {
        var error = MySQLError(code, message, sql: sql, remedy: remedy)
        error.isLocal = true
        return error
    }

    /// The SQLSTATE of the end of a transaction whose outcome is unknown.
    static let unknownOutcome = "08007"

    static let closed = MySQLError(.serverGone, sqlState: "08003", "The connection is closed")
    static func late(_ limit: Duration) -> MySQLError {
        MySQLError(.serverLost, sqlState: "08001", "The connection was not ready within the connectTimeout of \(limit)")
    }

    /// The server sent something that no server may send.
    static let malformed = MySQLError(
        .malformedPacket, sqlState: "08P01",
        "The server sent a value that its type does not have, or a row that is not whole")

    static let outOfMemory = MySQLError(.clientOutOfMemory, "Out of memory")
}

extension MySQLError {
    /// The kind of error, in words that mean the same for each database.
    public var kind: SQLErrorKind {
        if sqlState == Self.unknownOutcome { return .unknownOutcome }
        switch code {
        case .duplicateEntry: return .uniqueViolation
        case .foreignKeyParent, .foreignKeyChild: return .foreignKeyViolation
        case .columnCannotBeNull: return .notNullViolation
        case .checkConstraint, .mySQLCheckConstraint: return .checkViolation
        case .queryInterrupted, .statementTimeout: return .cancelled
        case .readOnlyTransaction: return .readOnly
        default: break
        }
        if allowsRetry { return .conflict }
        if isConnecting || code.breaksConnection { return .connectionFailure }
        return verdict == .endpointReadOnly ? .readOnly : .other
    }
}

extension MySQLError: CustomStringConvertible {
    /// Everything that a log needs, in one line.
    public var description: String {
        var text = "MySQL: \(message) (\(code), SQLSTATE \(sqlState))"
        if let sql { text += " in \"\(sql)\"" }
        if let remedy { text += ". \(remedy)" }
        return text
    }
}
