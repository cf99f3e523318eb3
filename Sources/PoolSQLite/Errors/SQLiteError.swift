public import PoolSQL

/// An error that SQLite reported, or that the driver found before SQLite could.
///
/// An error never contains bind values.
public struct SQLiteError: SQLDriverError, Sendable, Hashable {
    /// The extended result code: https://www.sqlite.org/rescode.html
    public let code: Code
    /// The text of the error, from SQLite or the driver.
    public let message: String
    /// The statement, with placeholders where it has bind values; nil if no statement was involved.
    public let sql: String?
    /// The position of the error in ``sql``, in UTF-8 bytes from its start; nil if SQLite cannot tell.
    public let offset: Int?
    /// One sentence on what to do about the error, if there is something to say.
    public let remedy: String?
    /// True if the error ended an attempt to connect.
    public let isConnecting: Bool

    init(
        _ code: Code, _ message: String, sql: String? = nil, offset: Int? = nil, remedy: String? = nil,
        isConnecting: Bool = false
    ) {
        self.code = code
        self.message = message
        self.sql = sql
        self.offset = offset
        self.remedy = remedy ?? code.remedy(message: message)
        self.isConnecting = isConnecting
    }

    /// The error for an open file that is no longer at its path.
    static func fileHasGone(_ code: Code) -> SQLiteError {
        SQLiteError(
            code, "The database's file was deleted, moved or replaced while it was open",
            remedy: "Put the file back, or restart the program")
    }

    static let closed = SQLiteError(.misuse, "The connection is closed")

    /// A copy of the error as the end of an attempt to connect.
    func whileConnecting() -> SQLiteError {
        SQLiteError(code, message, sql: sql, offset: offset, remedy: remedy, isConnecting: true)
    }

    /// A copy of the error, about the statement `sql`.
    func inStatement(_ sql: String) -> SQLiteError {
        SQLiteError(code, message, sql: sql, offset: offset, remedy: remedy, isConnecting: isConnecting)
    }
}

extension SQLiteError {
    /// The kind of error, in words that mean the same for each database.
    public var kind: SQLErrorKind {
        switch code {
        case .constraintUnique, .constraintPrimaryKey, .constraintRowID: return .uniqueViolation
        case .constraintForeignKey: return .foreignKeyViolation
        case .constraintNotNull: return .notNullViolation
        case .constraintCheck: return .checkViolation
        default: break
        }
        if isConnecting || code.breaksConnection || self == Self.closed { return .connectionFailure }
        switch code.primary {
        case .busy, .locked: return .conflict
        case .interrupt: return .cancelled
        case .readOnly: return .readOnly
        default: return .other
        }
    }
}

extension SQLiteError: CustomStringConvertible {
    public var description: String {
        var text = "SQLite: \(message) (\(code))"
        if let sql { text += " in \"\(sql)\"" }
        if let offset { text += " at byte \(offset)" }
        if let remedy { text += ". \(remedy)" }
        return text
    }
}
