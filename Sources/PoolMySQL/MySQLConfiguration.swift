@_spi(Driver) public import PoolSQL

/// The address and login of a server, and the behaviour of its connections.
///
/// The initializer checks each value, and throws a ``PoolConfigurationError`` for the first that cannot work, which
/// names the property, the value and the rule. Descriptions leave out passwords.
///
/// No option file is read, and libmariadb never replaces a lost connection by itself (`MYSQL_OPT_RECONNECT` stays
/// off): the pool replaces connections when that is safe.
public struct MySQLConfiguration: Sendable, Hashable {
    /// The address of a server.
    @nonexhaustive
    public enum Location: Sendable, Hashable {
        /// A host's name or address, and a port from 1 to 65535.
        case tcp(host: String, port: Int = 3306)
        /// The path of a Unix socket.
        case socket(path: String)
    }

    /// Whether the connection is encrypted, and whether the server must prove its identity.
    @nonexhaustive
    public enum TLSMode: String, Sendable, Hashable, CaseIterable {
        /// Never encrypted.
        case disabled
        /// Encrypted if the server supports it. Protects from eavesdroppers, but not from an attacker between client
        /// and server, who can also refuse TLS.
        case preferred
        /// Encrypted, or connecting fails before anything of the login is sent. The server's identity is not checked:
        /// an attacker between client and server can read everything except the password, which is not sent unless
        /// ``MySQLConfiguration/allowsClearPassword`` is true.
        case required
        /// Encrypted, with a certificate that the given authority has signed for the host.
        case verified
    }

    /// The settings of transport security.
    public struct TLS: Sendable, Hashable {
        /// Whether to encrypt, and whether to check the server's certificate.
        public let mode: TLSMode
        /// The path of a PEM file with the certificates that may sign the server's; nil for none.
        public let certificateAuthority: String?
        /// The path of a PEM file with the client's certificate, which needs a ``clientKey``; nil for none.
        public let clientCertificate: String?
        /// The path of a PEM file with the private key of ``clientCertificate``; nil for none.
        public let clientKey: String?

        /// Makes settings.
        ///
        /// - Parameter mode: The mode; nil means ``TLSMode/verified`` with a certificate authority, and
        ///   ``TLSMode/preferred`` without.
        public init(
            mode: TLSMode? = nil, certificateAuthority: String? = nil, clientCertificate: String? = nil,
            clientKey: String? = nil
        ) {
            self.mode = mode ?? (certificateAuthority == nil ? .preferred : .verified)
            self.certificateAuthority = certificateAuthority
            self.clientCertificate = clientCertificate
            self.clientKey = clientKey
        }
    }

    /// The protocol that carries statements.
    @nonexhaustive
    public enum StatementProtocol: Sendable, Hashable {
        /// Prepared, with binary results, if the server can prepare the statement.
        case prepared
        /// As text if there are no bind values, which saves the round trip that prepares a statement that runs once.
        /// The server then prints a `FLOAT` with six digits.
        case textWithoutBinds
    }

    /// The time zone of the sessions, in which the server reads and prints `TIMESTAMP` and `NOW()`.
    @nonexhaustive
    public enum TimeZone: Sendable, Hashable {
        /// `+00:00`: a `TIMESTAMP` is a moment, ``SQLValue/zonedTimestamp(_:)``.
        case utc
        /// The server's own: a `TIMESTAMP` is a wall clock's time, ``SQLValue/timestamp(_:)``, and moments cannot be
        /// bound.
        case server
    }

    /// The server's address. Cancel requests go to the address to which the session's host name resolved, except with
    /// ``TLSMode/verified``, whose certificate is for the name.
    public let location: Location
    /// The user who logs in. Never empty: libmariadb would take the name of the process's user.
    public private(set) var user: String
    private(set) var password: String
    /// The database that each lease begins in; nil for none.
    public let database: String?
    /// The settings of TLS. The default is ``TLSMode/preferred``, without authority and certificate.
    public let tls: TLS
    /// How long connecting may take until the session is ready, except for resolving the host's name. The default is
    /// 10 s; from 1 s, in whole seconds.
    public let connectTimeout: Duration
    /// How long the server may be silent while a statement runs, before its connection is given up with
    /// ``MySQLError/Code/serverLost``. The default is nil, no limit: cancel tasks instead, which keeps the
    /// connection. From 1 s, in whole seconds.
    public let readTimeout: Duration?
    /// How long sending may stall before the connection is given up. The default is nil, no limit. From 1 s, in whole
    /// seconds.
    public let writeTimeout: Duration?
    /// How long a server may take to answer after a request to cancel a statement, before its connection is given up.
    /// The default is 5 s; more than zero, and at most an hour. The end of a transaction, which is never cancelled,
    /// gets twelve times as long after the cancellation of its task.
    public let cancelTimeout: Duration
    /// The statements that run at the start of each session, and again after a reset. The default is none.
    public let initCommands: [String]
    /// Connection attributes that `performance_schema.session_connect_attrs` shows in addition to libmariadb's own.
    /// The default is none but `program_name`, which is `swift-connection-pool` unless it is given here.
    public let attributes: [String: String]
    /// True if traffic is compressed, if the server supports that. The default is false: except on slow networks,
    /// compression costs more time than it saves.
    public let usesCompression: Bool
    /// True if `LOAD DATA LOCAL` may read files of this machine. The default is false: with true, the server decides
    /// which file it gets. https://mariadb.com/kb/en/load-data-infile/
    public let allowsLocalInfile: Bool
    /// True if the password may be sent to the server: in clear text (`mysql_clear_password`, or `dialog` for PAM),
    /// or with `caching_sha2_password` and `sha256_password`, which may ask for it in clear text or encrypted for a
    /// key that the answering server has made. The default is false: such a login fails with
    /// ``MySQLError/Code/authenticationPlugin``, except over a Unix socket or with ``TLSMode/verified``, because any
    /// server that answers at the address would get the password.
    ///
    /// A user of MySQL 8 has `caching_sha2_password` unless it was created with another plug-in: connect with a
    /// certificate authority. libmariadb cannot be limited to the short form of that login, which does not send the
    /// password. https://dev.mysql.com/doc/refman/8.4/en/caching-sha2-pluggable-authentication.html
    public let allowsClearPassword: Bool
    /// The time zone of the sessions. The default is ``TimeZone/utc``.
    public let timeZone: TimeZone
    /// The largest number of prepared statements that each connection keeps; the least recently used go first. The
    /// default is 100; 0 keeps none; at most 10,000. The server's `max_prepared_stmt_count` is for all connections
    /// together.
    public let statementCacheCapacity: Int
    /// The protocol that carries statements. The default is ``StatementProtocol/prepared``.
    public let statementProtocol: StatementProtocol
    /// True if a batch of plain inserts is sent in one request, if the server has MariaDB's bulk execution. The
    /// default is true.
    public let usesBulkExecution: Bool
    /// The place where the body of a lease runs. The default is ``SQLExecution/driver``: one of the driver's threads.
    /// Each lease then costs one hop, or none for a task that prefers ``MySQLDriver/taskExecutor``.
    ///
    /// With ``SQLExecution/caller`` each statement hops to one of the driver's threads and back, unless the caller is
    /// on one.
    public let execution: SQLExecution
    /// The changes that the end of a lease undoes. The default is ``SQLResetPolicy/smart``.
    ///
    /// The statements that are known to change nothing are listed at ``MySQLDriver``. A statement's text does not show
    /// what views, triggers and defaults call, for example a function with `GET_LOCK` or `SET`: applications with such
    /// objects need ``SQLResetPolicy/full``.
    public let resetPolicy: SQLResetPolicy
    /// The largest size of each result that is not streamed; a larger one throws an ``SQLResultLimitError``. Nil
    /// means no limit. The default is ``SQLResultLimit/init(bytes:rows:)`` without arguments.
    ///
    /// The connection stays usable: a statement that only reads is stopped by a `KILL`, and the remaining rows of
    /// another one are read and dropped. After a procedure, the connection is closed. All rows of a procedure's
    /// result arrive before they are counted.
    public let resultLimit: SQLResultLimit?
    /// The fate of temporary tables at the end of a lease. The default is that they are dropped.
    ///
    /// With ``SQLTemporaryTables/kept`` a reset neither resets the session as a whole nor logs in again: it rolls back,
    /// releases table locks and those of `GET_LOCK`, sets changed variables to the server's global values, goes back
    /// to the database and the role, and runs the ``initCommands``. The connection's prepared statements stay. State
    /// that no statement can find and undo stays too, and the next lease sees it: user variables (`@name`),
    /// statements of `PREPARE`, open `HANDLER`s, `LAST_INSERT_ID()`. A connect hook runs again after each reset and
    /// finds the tables that it has made: use `CREATE TEMPORARY TABLE IF NOT EXISTS` there.
    ///
    /// The session is reset as a whole, and the tables are dropped, if statements cannot undo what a lease has done:
    /// it logged in as another user, selected a database although ``database`` is nil, or changed variables that have
    /// no default value or that the server does not report (a statement failed that may have changed some, or the
    /// server's global `session_track_system_variables` is empty). The server is asked to report all variables, which
    /// makes its answers to `SET` a little longer. https://mariadb.com/kb/en/session_track_system_variables/
    public let temporaryTables: SQLTemporaryTables

    /// Makes a configuration, and checks it. The properties document the meanings and the defaults.
    ///
    /// - Throws: ``PoolConfigurationError`` for the first value that cannot work.
    public init(
        _ location: Location, user: String, password: String = "", database: String? = nil, tls: TLS = TLS(),
        connectTimeout: Duration = .seconds(10), readTimeout: Duration? = nil, writeTimeout: Duration? = nil,
        cancelTimeout: Duration = .seconds(5), initCommands: [String] = [], attributes: [String: String] = [:],
        usesCompression: Bool = false, allowsLocalInfile: Bool = false, allowsClearPassword: Bool = false,
        timeZone: TimeZone = .utc, statementCacheCapacity: Int = 100, statementProtocol: StatementProtocol = .prepared,
        usesBulkExecution: Bool = true, execution: SQLExecution = .driver, resetPolicy: SQLResetPolicy = .smart,
        resultLimit: SQLResultLimit? = SQLResultLimit(), temporaryTables: SQLTemporaryTables = .dropped
    ) throws(PoolConfigurationError) {
        try Self.check(location)
        try Self.check(user: user)
        try Self.check("password", password, isSecret: true)
        if let database { try Self.check("database", database) }
        try Self.check(tls)
        try Self.check("connectTimeout", connectTimeout)
        try Self.check("readTimeout", readTimeout)
        try Self.check("writeTimeout", writeTimeout)
        try Self.check(cancelTimeout: cancelTimeout)
        for command in initCommands { try Self.check("initCommands", command) }
        for (name, value) in attributes {
            try Self.check("attributes", name)
            try Self.check("attributes", value)
        }
        try Self.check(statementCacheCapacity: statementCacheCapacity)
        try SQLResultLimit.check(resultLimit, of: "MySQLConfiguration")
        self.location = location
        self.user = user
        self.password = password
        self.database = database
        self.tls = tls
        self.connectTimeout = connectTimeout
        self.readTimeout = readTimeout
        self.writeTimeout = writeTimeout
        self.cancelTimeout = cancelTimeout
        self.initCommands = initCommands
        self.attributes = attributes
        self.usesCompression = usesCompression
        self.allowsLocalInfile = allowsLocalInfile
        self.allowsClearPassword = allowsClearPassword
        self.timeZone = timeZone
        self.statementCacheCapacity = statementCacheCapacity
        self.statementProtocol = statementProtocol
        self.usesBulkExecution = usesBulkExecution
        self.execution = execution
        self.resetPolicy = resetPolicy
        self.resultLimit = resultLimit
        self.temporaryTables = temporaryTables
    }

    /// A copy for another user. The configuration's own password is never sent for `credentials`, which may have
    /// none.
    func with(_ credentials: PoolCredentials?) throws(MySQLError) -> Self {
        guard let credentials else { return self }
        let password = credentials.password?.text ?? ""
        if credentials.user.isEmpty || credentials.user.utf8.contains(0) || password.utf8.contains(0) {
            throw .local(.misuse, "A user must not be empty, and neither a user nor a password may hold a zero byte")
        }
        var copy = self
        copy.user = credentials.user
        copy.password = password
        return copy
    }
}

extension MySQLConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The user and the address, without the password.
    public var description: String {
        let place =
            switch location {
            case .tcp(let host, let port): "\(host):\(port)"
            case .socket(let path): path
            }
        return "\(user)@\(place)\(database.map { "/\($0)" } ?? "")"
    }

    public var debugDescription: String { description }

    /// A mirror that shows the ``description`` alone, so that no dump shows the password.
    public var customMirror: Mirror { Mirror(self, children: ["server": description], displayStyle: .struct) }
}
