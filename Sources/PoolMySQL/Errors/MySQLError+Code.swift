@_spi(Driver) internal import PoolSQL

extension MySQLError {
    /// The number of an error. The constants are the codes that applications meet; any other code works by its
    /// number.
    ///
    /// Codes below 2000 and from 3000 on are the server's (https://mariadb.com/kb/en/mariadb-error-code-reference/),
    /// codes from 2000 to 2999 are libmariadb's. ``misuse``, 0, is the driver's own.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The number as the server or libmariadb reports it.
        public let rawValue: UInt32

        /// Makes a code from its number.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        private init(_ rawValue: UInt32) { self.rawValue = rawValue }

        /// The driver's interface was used in a way that it does not allow; nothing was sent.
        public static let misuse = Self(0)
        /// The server has its maximum of connections (`max_connections`).
        public static let tooManyConnections = Self(1040)
        /// The user may not use the database.
        public static let databaseAccessDenied = Self(1044)
        /// The user does not exist, or the password is wrong.
        public static let accessDenied = Self(1045)
        /// A NULL was written to a column that does not allow it.
        public static let columnCannotBeNull = Self(1048)
        /// The database does not exist.
        public static let unknownDatabase = Self(1049)
        /// The server is shutting down.
        public static let serverShutdown = Self(1053)
        /// The statement names a column that does not exist.
        public static let unknownColumn = Self(1054)
        /// The value of a unique key exists already.
        public static let duplicateEntry = Self(1062)
        /// The server cannot parse the statement.
        public static let parseError = Self(1064)
        /// The statement is empty.
        public static let emptyQuery = Self(1065)
        /// The server refuses this host after too many connection errors, until `FLUSH HOSTS`.
        public static let hostBlocked = Self(1129)
        /// The server accepts no connections from this host.
        public static let hostNotAllowed = Self(1130)
        /// The table does not exist.
        public static let noSuchTable = Self(1146)
        /// A statement or a value is larger than the server's `max_allowed_packet`.
        public static let packetTooLarge = Self(1153)
        /// The user has the maximum of connections that `max_user_connections` allows.
        public static let tooManyUserConnections = Self(1203)
        /// A lock was not granted within `innodb_lock_wait_timeout`. Run the transaction again.
        public static let lockWaitTimeout = Self(1205)
        /// The transaction was in a deadlock, and the server has rolled it back. Run it again.
        public static let deadlock = Self(1213)
        /// The user has reached a limit of its account, such as `MAX_QUERIES_PER_HOUR`.
        public static let userLimitReached = Self(1226)
        /// The server does not know the prepared statement: it has forgotten it, or a proxy leads to another session.
        public static let unknownStatement = Self(1243)
        /// A number is outside the range of its column.
        public static let outOfRange = Self(1264)
        /// An option of the server, such as `--read-only`, forbids the statement.
        public static let optionPreventsStatement = Self(1290)
        /// The server cannot prepare statements of this kind.
        public static let unsupportedPrepared = Self(1295)
        /// A statement was cancelled.
        public static let queryInterrupted = Self(1317)
        /// A value is longer than its column allows.
        public static let dataTooLong = Self(1406)
        /// A row cannot be deleted or changed, because rows of another table refer to it.
        public static let foreignKeyParent = Self(1451)
        /// A row refers to a row of another table that does not exist.
        public static let foreignKeyChild = Self(1452)
        /// The server has its maximum of prepared statements (`max_prepared_stmt_count`).
        public static let tooManyPreparedStatements = Self(1461)
        /// A table has changed, and the statement must be prepared again.
        public static let needsReprepare = Self(1615)
        /// A number was divided by zero, which the SQL mode makes an error.
        public static let divisionByZero = Self(1365)
        /// The transaction only reads, and the statement would write.
        public static let readOnlyTransaction = Self(1792)
        /// The server only reads.
        public static let readOnlyServer = Self(1836)
        /// The connection was ended with `KILL`.
        public static let connectionKilled = Self(1927)
        /// `max_statement_time` has passed.
        public static let statementTimeout = Self(1969)
        /// A `CHECK` constraint failed, as MySQL reports it (from 8.0.16 on). MariaDB's is ``checkConstraint``.
        public static let mySQLCheckConstraint = Self(3819)
        /// A `CHECK` constraint failed, as MariaDB reports it. MySQL's is ``mySQLCheckConstraint``.
        public static let checkConstraint = Self(4025)
        /// The server ended the connection because it was idle for longer than its `wait_timeout`.
        public static let idleTimeout = Self(4031)

        /// The socket file cannot be connected to.
        public static let cannotConnectToSocket = Self(2002)
        /// The address cannot be connected to.
        public static let cannotConnect = Self(2003)
        /// The host's name cannot be resolved.
        public static let unknownHost = Self(2005)
        /// The connection was lost before the statement was sent, or is closed.
        public static let serverGone = Self(2006)
        /// libmariadb has no memory left.
        public static let clientOutOfMemory = Self(2008)
        /// The connection was lost while the statement ran: whether it had an effect is unknown.
        public static let serverLost = Self(2013)
        /// Client and server no longer agree on which answer comes next; the connection is unusable.
        public static let commandsOutOfSync = Self(2014)
        /// libmariadb refuses a packet that is too large.
        public static let clientPacketTooLarge = Self(2020)
        /// TLS could not be established, or the server's certificate was refused.
        public static let tls = Self(2026)
        /// The server sent something that its protocol does not allow.
        public static let malformedPacket = Self(2027)
        /// The number of bind values differs from the number of placeholders.
        public static let parameterCount = Self(2034)
        /// A bind value has a type that the server does not have.
        public static let unsupportedParameter = Self(2036)
        /// The connection was lost during an operation that libmariadb names in the message.
        public static let serverLostExtended = Self(2055)
        static let newMetadata = Self(2057)
        /// The server asks for an authentication plug-in that is missing or not allowed: see
        /// ``MySQLConfiguration/allowsClearPassword``.
        public static let authenticationPlugin = Self(2059)
    }
}

extension MySQLError.Code: CustomStringConvertible {
    /// The code as text, for example `error 1062`.
    public var description: String { self == .misuse ? "misuse" : "error \(rawValue)" }
}

extension MySQLError.Code {
    /// True if the connection that reported the error should not be used again.
    var breaksConnection: Bool {
        switch self {
        case .serverGone, .serverLost, .serverLostExtended, .commandsOutOfSync, .malformedPacket,
            .clientOutOfMemory, .clientPacketTooLarge, .tls, .connectionKilled, .idleTimeout, .serverShutdown,
            .packetTooLarge:
            true
        // The server could not read or write, or gave up the session: ER_NET_… and ER_SESSION_WAS_KILLED.
        case _ where (1152...1161).contains(rawValue) || rawValue == 3169: true
        default: false
        }
    }

    /// A hint at the likely mistake in a statement, if the code alone does not tell.
    func remedy(message: String, of sql: String) -> String? {
        switch self {
        case .parameterCount: SQLMistake(in: sql, placeholder: .questionMark).countHint
        case .parseError:
            SQLMistake(in: sql, placeholder: .questionMark).syntaxHint(from: message.drop { $0 != "'" }.dropFirst())
        default: nil
        }
    }

    func remedy(message: String) -> String? {
        switch self {
        case .tooManyConnections, .tooManyUserConnections, .userLimitReached:
            "Lower the pools' maximumConnections, or raise the server's max_connections or the user's limit"
        case .packetTooLarge, .clientPacketTooLarge:
            "Send the value in parts, or raise the server's max_allowed_packet"
        case .deadlock, .lockWaitTimeout:
            "Run the transaction again from its beginning: SQLTransactionOptions has maximumRetries"
        case .tooManyPreparedStatements:
            "Lower statementCacheCapacity, or raise the server's max_prepared_stmt_count"
        case .optionPreventsStatement, .readOnlyServer:
            message.contains("read-only") || message.contains("read_only")
                ? "This server is a replica that only reads: connect to its primary" : nil
        case .tls:
            "Check the tls setting, the certificate authority, and the name in the server's certificate"
        case .hostBlocked:
            "Too many connects from this host failed: run FLUSH HOSTS on the server once their cause is mended"
        default: nil
        }
    }
}
