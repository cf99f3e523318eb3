@_spi(Driver) public import PoolCore

/// Where the server is, and how its connections behave.
///
/// Each value is checked when the configuration is made; the first that cannot work is thrown as a
/// ``PoolConfigurationError`` that names the property, the value and the rule. Descriptions leave out passwords.
///
/// No option file is read, and a lost connection is never replaced behind the application's back
/// (`MYSQL_OPT_RECONNECT` stays off): the pool does that, where it is safe.
public struct MySQLConfiguration: Sendable, Hashable {
    /// How the server is reached.
    public enum Location: Sendable, Hashable {
        /// A name or an address, and a port from 1 to 65535.
        case tcp(host: String, port: Int = 3306)
        /// The path of a Unix socket.
        case socket(path: String)
    }

    /// Whether what is sent is encrypted, and whether the server must prove who it is.
    public enum TLSMode: String, Sendable, Hashable, CaseIterable {
        /// Never.
        case disabled
        /// Encrypted where the server can. It protects from listeners, and not from who stands in between, who can also
        /// refuse TLS.
        case preferred
        /// Encrypted, or connecting fails before anything of the login is sent. It does not check who the server is:
        /// who stands in between can read all that is sent. The password is not among it, unless
        /// ``MySQLConfiguration/allowsClearPassword``.
        case required
        /// Encrypted, with a certificate that the given authority has signed for the host that is connected to.
        case verified
    }

    /// Transport security.
    public struct TLS: Sendable, Hashable {
        public let mode: TLSMode
        /// A file of certificates in PEM form: who may vouch for the server.
        public let certificateAuthority: String?
        /// Files in PEM form with which the client proves who it is; both or none.
        public let clientCertificate: String?
        public let clientKey: String?

        /// - Parameter mode: Nil is ``TLSMode/verified`` with a certificate authority, and ``TLSMode/preferred``
        ///   without.
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

    /// Where the body of a lease runs.
    public enum Execution: Sendable, Hashable {
        /// On one of the driver's threads where its caller allows it, so that there is one hop for each lease, and none
        /// for a task that prefers ``MySQLDriver/taskExecutor``.
        case driverThreads
        /// Where its caller runs; each statement hops to one of the driver's threads and back, unless the caller is on
        /// one.
        case caller
    }

    /// How statements are sent.
    public enum StatementProtocol: Sendable, Hashable {
        /// Prepared, with binary results, wherever the server can prepare a statement.
        case prepared
        /// As text where there are no bind values: no round trip to prepare a statement that runs once. The server
        /// prints a `FLOAT` with six digits then.
        case textWithoutBinds
    }

    /// The time zone of the sessions, in which the server reads and prints `TIMESTAMP` and `NOW()`.
    public enum TimeZone: Sendable, Hashable {
        /// `+00:00`: a `TIMESTAMP` is a moment, ``SQLValue/zonedTimestamp(_:)``.
        case utc
        /// The server's own: a `TIMESTAMP` is a wall clock's time, ``SQLValue/timestamp(_:)``, and moments cannot be
        /// bound.
        case server
    }

    /// What the end of a lease undoes.
    public enum ResetPolicy: Sendable, Hashable {
        /// An open transaction only. For applications that know that they change nothing else.
        case rollbackOnly
        /// Everything, unless each statement is known to have changed nothing: see ``MySQLDriver``. What a view, a
        /// trigger or a default calls, such as a function with `GET_LOCK` or `SET`, no text shows.
        case smart
        /// Everything, after each lease that ran a statement, whatever it was.
        case full
    }

    /// How the server is reached. Cancels go to the address that the host's name had for their session, but with
    /// ``TLSMode/verified``, where the certificate is for the name.
    public let location: Location
    /// Who logs in. Not empty: libmariadb would take the name of the process's user.
    public private(set) var user: String
    private(set) var password: String
    /// The database that each lease begins in; nil for none.
    public let database: String?
    /// The default is ``TLSMode/preferred``, with no authority and no certificate.
    public let tls: TLS
    /// How long connecting may take until the session is ready; only resolving the host's name is not limited by it.
    /// The default is 10 s; from 1 s, in whole seconds.
    public let connectTimeout: Duration
    /// How long the server may be silent while a statement runs, before its connection is given up with
    /// ``MySQLError/Code/serverLost``. The default is nil, without end: cancel tasks instead, which keeps the
    /// connection. From 1 s, in whole seconds.
    public let readTimeout: Duration?
    /// How long sending may stand still before the connection is given up. The default is nil, without end. From 1 s,
    /// in whole seconds.
    public let writeTimeout: Duration?
    /// How long a server that was asked to cancel a statement may take to answer before its connection is given up. The
    /// default is 5 s; more than zero, and at most an hour. The end of a transaction, which is never cancelled, may
    /// take twelve times as long after its task was.
    public let cancelTimeout: Duration
    /// Statements that each session begins with, and again after a reset. The default is none.
    public let initCommands: [String]
    /// What `performance_schema.session_connect_attrs` shows beside libmariadb's own. The default is none but
    /// `program_name`, which is `swift-connection-pool` unless it is given here.
    public let attributes: [String: String]
    /// True if what is sent is compressed, where the server can. The default is false: it costs more time than it saves
    /// but on slow networks.
    public let usesCompression: Bool
    /// True if `LOAD DATA LOCAL` may read files of this machine. The default is false: with it, the server decides
    /// which file it gets. https://mariadb.com/kb/en/load-data-infile/
    public let allowsLocalInfile: Bool
    /// True if a server may have the password itself: as it is (`mysql_clear_password`, or `dialog` for PAM), or by
    /// `caching_sha2_password` and `sha256_password`, with which it may be asked for as it is, or encrypted for a key
    /// that whoever answers has made. The default is false: such a login is refused with
    /// ``MySQLError/Code/authenticationPlugin`` but over a Unix socket or with ``TLSMode/verified``, because whoever
    /// answers at the address would have the password.
    ///
    /// A user of MySQL 8 has `caching_sha2_password` unless it was created with another plug-in: connect with a
    /// certificate authority. libmariadb cannot be told to take only the short form of that login, in which the
    /// password is not sent. https://dev.mysql.com/doc/refman/8.4/en/caching-sha2-pluggable-authentication.html
    public let allowsClearPassword: Bool
    /// The default is ``TimeZone/utc``.
    public let timeZone: TimeZone
    /// How many prepared statements each connection keeps, least recently used first out. The default is 100; 0 keeps
    /// none; at most 10,000. The server's `max_prepared_stmt_count` is for all connections together.
    public let statementCacheCapacity: Int
    /// The default is ``StatementProtocol/prepared``.
    public let statementProtocol: StatementProtocol
    /// True if a batch of plain inserts is sent in one request where the server has MariaDB's bulk execution. The
    /// default is true.
    public let usesBulkExecution: Bool
    /// The default is ``Execution/driverThreads``.
    public let execution: Execution
    /// The default is ``ResetPolicy/smart``.
    public let resetPolicy: ResetPolicy
    /// How large each result may be that is not streamed; a larger one is an ``SQLResultLimitError``. Nil is no limit.
    /// The default is ``SQLResultLimit/init(bytes:rows:)`` without arguments.
    ///
    /// The connection stays usable: a statement that only reads is stopped by a KILL, and the rest of another one's
    /// rows is read and dropped. After a procedure it is closed. Of a procedure's result all rows come before they are
    /// counted.
    public let resultLimit: SQLResultLimit?
    /// What the end of a lease does with temporary tables. The default is that they are dropped.
    ///
    /// With ``TemporaryTables/kept`` a reset neither makes the session anew nor logs in: it rolls back, ends table
    /// locks and those of `GET_LOCK`, gives the variables that were changed the server's global values, goes back to
    /// the database and the role, and runs the ``initCommands``. The statements that the connection has prepared stay.
    /// What no statement can find and undo stays too, and the next lease sees it: user variables (`@name`), statements
    /// of `PREPARE`, open `HANDLER`s, `LAST_INSERT_ID()`. A connect hook runs again after each reset and finds the
    /// tables that it has made: let it say `CREATE TEMPORARY TABLE IF NOT EXISTS`.
    ///
    /// The session is made anew after all, and the tables are dropped, where statements cannot undo what a lease has
    /// done: it logged in as another user, left no ``database`` for one, or changed variables that the server does not
    /// tell of (a statement failed that may have, or the server's global `session_track_system_variables` is empty) or
    /// that have no default value. The server is asked to tell of all variables, which makes its answers to `SET` a
    /// little longer. https://mariadb.com/kb/en/session_track_system_variables/
    public let temporaryTables: TemporaryTables

    /// - Throws: ``PoolConfigurationError``.
    public init(
        _ location: Location, user: String, password: String = "", database: String? = nil, tls: TLS = TLS(),
        connectTimeout: Duration = .seconds(10), readTimeout: Duration? = nil, writeTimeout: Duration? = nil,
        cancelTimeout: Duration = .seconds(5), initCommands: [String] = [], attributes: [String: String] = [:],
        usesCompression: Bool = false, allowsLocalInfile: Bool = false, allowsClearPassword: Bool = false,
        timeZone: TimeZone = .utc, statementCacheCapacity: Int = 100, statementProtocol: StatementProtocol = .prepared,
        usesBulkExecution: Bool = true, execution: Execution = .driverThreads, resetPolicy: ResetPolicy = .smart,
        resultLimit: SQLResultLimit? = SQLResultLimit(), temporaryTables: TemporaryTables = .dropped
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

    /// The same for another user. The configuration's own password is never sent for `credentials`, which may have
    /// none.
    func with(_ credentials: Credentials?) throws(MySQLError) -> Self {
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
    /// Whom and where, without the password.
    public var description: String {
        let place =
            switch location {
            case .tcp(let host, let port): "\(host):\(port)"
            case .socket(let path): path
            }
        return "\(user)@\(place)\(database.map { "/\($0)" } ?? "")"
    }

    public var debugDescription: String { description }

    public var customMirror: Mirror { Mirror(self, children: ["server": description], displayStyle: .struct) }
}
