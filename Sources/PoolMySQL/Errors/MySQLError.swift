/// An error that the server or libmariadb reported, or that the driver found before they could.
///
/// Bind values are never part of it, unless the server writes them into its message, as it does for a key that exists.
public struct MySQLError: Error, Sendable, Hashable {
    /// The number of the error.
    public let code: Code
    /// The SQLSTATE; `HY000` where there is no better one.
    public let sqlState: String
    /// What the server said.
    public let message: String
    /// The statement, with placeholders where it has bind values; nil if no statement was involved.
    public internal(set) var sql: String?
    /// One sentence on what to do about it, where there is something to say.
    public internal(set) var remedy: String?
    /// True if the error ended an attempt to connect.
    var isConnecting = false
    /// True if the driver found it: nothing was sent, and the connection is as it was.
    var isLocal = false

    init(_ code: Code, sqlState: String = "HY000", _ message: String, sql: String? = nil, remedy: String? = nil) {
        self.code = code
        self.sqlState = sqlState
        self.message = message
        self.sql = sql
        self.remedy = remedy ?? code.remedy(message: message)
    }

    /// The same error about the statement `sql`.
    func inStatement(_ sql: String) -> MySQLError {
        var error = self
        error.sql = self.sql ?? sql
        error.remedy = remedy ?? code.remedy(message: message, of: sql)
        return error
    }

    /// The same error as the end of an attempt to connect.
    func whileConnecting() -> MySQLError {
        var error = self
        error.isConnecting = true
        return error
    }

    /// The same error on a connection that was there: with TLS, libmariadb reports every loss as trouble with TLS.
    func afterConnecting() -> MySQLError {
        code == .tls ? MySQLError(.serverLost, sqlState: sqlState, message, sql: sql) : self
    }

    /// An error of the driver's own.
    static func local(
        _ code: Code = .misuse, _ message: String, sql: String? = nil, remedy: String? = nil
    ) -> MySQLError {
        var error = MySQLError(code, message, sql: sql, remedy: remedy)
        error.isLocal = true
        return error
    }

    /// The SQLSTATE of an end of a transaction that nobody knows the outcome of.
    static let unknownOutcome = "08007"

    static let closed = MySQLError(.serverGone, sqlState: "08003", "The connection is closed")
    static func late(_ limit: Duration) -> MySQLError {
        MySQLError(.serverLost, sqlState: "08001", "The connection was not ready within the connectTimeout of \(limit)")
    }

    /// What came cannot be what a server sends.
    static let malformed = MySQLError(
        .malformedPacket, sqlState: "08P01",
        "The server sent a value that its type does not have, or a row that is not whole")

    static let outOfMemory = MySQLError(.clientOutOfMemory, "Out of memory")
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
