@_spi(Driver) internal import PoolCore

extension MySQLError {
    /// The number of an error. The constants here are those that applications meet; any other works by its number.
    ///
    /// Below 2000 and from 3000 on they are the server's (https://mariadb.com/kb/en/mariadb-error-code-reference/),
    /// from 2000 to 2999 libmariadb's. ``misuse``, 0, is the driver's own.
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: UInt32

        public init(rawValue: UInt32) { self.rawValue = rawValue }

        private init(_ rawValue: UInt32) { self.rawValue = rawValue }

        /// The interface was used in a way that it does not allow.
        public static let misuse = Self(0)
        /// The server has as many connections as it may have.
        public static let tooManyConnections = Self(1040)
        public static let databaseAccessDenied = Self(1044)
        /// A wrong user or password.
        public static let accessDenied = Self(1045)
        public static let columnCannotBeNull = Self(1048)
        public static let unknownDatabase = Self(1049)
        public static let serverShutdown = Self(1053)
        public static let unknownColumn = Self(1054)
        public static let duplicateEntry = Self(1062)
        public static let parseError = Self(1064)
        public static let emptyQuery = Self(1065)
        public static let hostBlocked = Self(1129)
        public static let hostNotAllowed = Self(1130)
        public static let noSuchTable = Self(1146)
        /// A statement or a value is larger than the server's `max_allowed_packet`.
        public static let packetTooLarge = Self(1153)
        public static let tooManyUserConnections = Self(1203)
        /// Run the transaction again.
        public static let lockWaitTimeout = Self(1205)
        /// Run the transaction again; the server has rolled it back.
        public static let deadlock = Self(1213)
        public static let userLimitReached = Self(1226)
        public static let unknownStatement = Self(1243)
        public static let outOfRange = Self(1264)
        public static let optionPreventsStatement = Self(1290)
        public static let unsupportedPrepared = Self(1295)
        /// A statement was cancelled.
        public static let queryInterrupted = Self(1317)
        public static let dataTooLong = Self(1406)
        public static let foreignKeyParent = Self(1451)
        public static let foreignKeyChild = Self(1452)
        public static let tooManyPreparedStatements = Self(1461)
        public static let needsReprepare = Self(1615)
        public static let divisionByZero = Self(1365)
        public static let readOnlyTransaction = Self(1792)
        public static let readOnlyServer = Self(1836)
        /// Somebody ended the connection with `KILL`.
        public static let connectionKilled = Self(1927)
        /// `max_statement_time` has passed.
        public static let statementTimeout = Self(1969)
        public static let checkConstraint = Self(4025)
        /// The server ended the connection because it was idle for longer than its `wait_timeout`.
        public static let idleTimeout = Self(4031)

        /// The socket file cannot be connected to.
        public static let cannotConnectToSocket = Self(2002)
        /// The address cannot be connected to.
        public static let cannotConnect = Self(2003)
        public static let unknownHost = Self(2005)
        /// The connection was lost before the statement was sent, or is closed.
        public static let serverGone = Self(2006)
        public static let clientOutOfMemory = Self(2008)
        /// The connection was lost while the statement ran: nobody knows whether it had an effect.
        public static let serverLost = Self(2013)
        public static let commandsOutOfSync = Self(2014)
        public static let clientPacketTooLarge = Self(2020)
        public static let tls = Self(2026)
        public static let malformedPacket = Self(2027)
        public static let parameterCount = Self(2034)
        /// A bind value that the server has no type for.
        public static let unsupportedParameter = Self(2036)
        public static let serverLostExtended = Self(2055)
        static let newMetadata = Self(2057)
        public static let authenticationPlugin = Self(2059)
    }
}

extension MySQLError.Code: CustomStringConvertible {
    /// The number: `error 1062`.
    public var description: String { self == .misuse ? "misuse" : "error \(rawValue)" }
}

extension MySQLError.Code {
    /// True if the connection that reported it should not be used again.
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

    /// What is likely to be wrong with a statement, where the code alone does not tell.
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
            "Run the transaction again from its beginning: TransactionOptions has maximumRetries"
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
