@_spi(Driver) public import PoolCore

/// Where the server is, and how its connections behave.
///
/// What is not given here has libpq's own default, which reads the environment (`PGHOST`, `PGUSER` and so on), the
/// password file and the service file: https://www.postgresql.org/docs/current/libpq-connect.html
///
/// libpq's `connect_timeout` has no effect: how long a connect may take, all hosts of the list included, is the pool's
/// to say, with ``PoolConfiguration/connectTimeout``.
///
/// **Passwords.** libpq sends the password in clear text to a server that asks for it so, whoever that is, and over a
/// connection that is not encrypted too. `sslmode=verify-full` with an `sslrootcert` lets only the right server ask.
/// With libpq 16 or newer `require_auth=scram-sha-256`, in the connection string or in `settings`, refuses all other
/// ways to log in; an older libpq does not have that setting, and the initializer throws:
/// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-REQUIRE-AUTH
///
/// Its description leaves out passwords.
public struct PostgresConfiguration: Sendable, Hashable {
    /// Where the body of a lease runs.
    public enum Execution: Sendable, Hashable {
        /// Where its caller runs.
        case caller
        /// On the event loop of its connection, if the caller is not isolated to an actor: one hop for the lease, and
        /// none for its statements. Bodies share few threads, so they must not block or compute for long.
        case eventLoop
    }

    /// What the end of a lease undoes.
    public enum ResetPolicy: Sendable, Hashable {
        /// Nothing. The next lease finds the session as the last one left it, an open transaction included.
        case off
        /// An open transaction only. For applications that know that they change nothing else.
        case rollbackOnly
        /// Everything, unless each statement of the lease is known to change nothing. Known are queries, changes of
        /// rows, `COPY`, transaction control, `SHOW`, `EXPLAIN` and `SET LOCAL`, which call no functions but the
        /// server's own harmless ones by names without a schema. All else is followed by a reset, for which the
        /// releasing caller does not wait: functions of the application, `SET`, `CREATE`, `CALL`, `nextval`, and texts
        /// that the driver does not understand completely.
        ///
        /// A text does not show what views, triggers, rules, defaults, casts, operators and the types' own functions
        /// do, nor that a function of the application has the name of one of the server's own. What they change in the
        /// session reaches the next lease: ``full`` is for applications that have such. To them belongs a `serial`
        /// column or one with a `nextval` default, whose inserts stay cheap: `lastval()` and `currval()` may show what
        /// an earlier lease has drawn, until the lease draws itself. Take keys by `RETURNING`.
        case smart
        /// Everything, after each lease that ran a statement: for applications whose views, triggers, defaults or
        /// operators change the session where no text tells of it. It costs each lease a round trip.
        ///
        /// Not undone, because only the end of a session does it: what a function does by `LOAD`, to the session's
        /// replication origin, or in a language's own variables. Where a statement itself does so, as `LOAD` or
        /// `pg_replication_origin_session_setup`, its connection is closed after the lease, also with ``smart``. A
        /// custom setting, as `app.tenant`, is an empty text after a reset, and NULL in a session that never had it:
        /// that is the server's own doing.
        case full
    }

    /// libpq's settings by name; a later one of the same name overrides an earlier one.
    let parameters: [(name: String, value: String)]
    /// How many statements each connection keeps prepared, up to 10,000; those unused for longest go first. The default
    /// is
    /// 100. 0 prepares none by name.
    ///
    /// Where the driver finds a pooler before the server it prepares none by name either: see
    /// ``poolerKeepsStatements``.
    public let statementCacheCapacity: Int
    /// True if what the driver finds between itself and the server keeps prepared statements for each of its clients: a
    /// pooler in session mode, or PgBouncer from 1.21 on with `max_prepared_statements` above 0. The default is false.
    ///
    /// A pooler in transaction mode may give a connection another server session with each transaction, where what it
    /// has prepared is missing. The driver finds a pooler by the number of the process that serves it, which poolers do
    /// not pass on, and then sends each statement with its text. With true it prepares there as it does without a
    /// pooler, up to ``statementCacheCapacity``. The name of a prepared statement is made from its text and its types,
    /// so that it never means another one: where true is wrong, a statement fails with
    /// ``PostgresError/Code/invalidStatementName`` at worst, and within a transaction only.
    /// https://www.pgbouncer.org/config.html#max_prepared_statements
    public let poolerKeepsStatements: Bool
    /// With which of its uses on a connection a statement is prepared, up to 10,000. The default is 2: what runs only
    /// once costs nothing more.
    public let prepareThreshold: Int
    /// How long a server that was asked to cancel a statement may take to answer before its connection is given up, at
    /// most one hour. The default is 5 s. The end of a transaction, which is never cancelled, may take twelve times as
    /// long after its task was.
    public let cancelTimeout: Duration
    /// The default is ``Execution/caller``.
    public let execution: Execution
    /// How many threads wait for the sockets of a driver. Each connection belongs to one of them. Nil is the default:
    /// as many as the machine has processors, but at most 8. Of a driver with shards, that of its own configuration
    /// counts.
    public let eventLoops: Int?
    /// The default is ``ResetPolicy/smart``.
    public let resetPolicy: ResetPolicy
    /// The default is that they are dropped.
    public let temporaryTables: TemporaryTables
    /// How large a result may be that is not streamed, those of a batch together; a larger one is an
    /// ``SQLResultLimitError``. Nil is no limit. The default is ``SQLResultLimit/init(bytes:rows:)`` without arguments.
    ///
    /// libpq collects a result before anybody can count its rows. What it has received is counted meanwhile, and also
    /// for `execute`, which drops rows: a connection that has received too many bytes is closed with its lease, and
    /// whether the statement takes effect is not known where it writes outside a transaction. After a result that is
    /// complete the connection stays usable.
    public let resultLimit: SQLResultLimit?

    /// - Parameters:
    ///   - connection: A URL, `postgres://user:password@host:5432/database?sslmode=require`, several hosts being
    ///     separated by commas; or libpq's form `host=… dbname=…`. Empty for libpq's defaults.
    ///   - settings: More of libpq's settings by name, which override those of `connection`.
    ///   - sessionSettings: The server's settings that each session begins with, and comes back to with each reset:
    ///     `search_path`, `TimeZone`, `lc_monetary`, `default_transaction_isolation` and so on. They are sent as
    ///     libpq's `options`, which PgBouncer does not take:
    ///     https://www.postgresql.org/docs/current/config-setting.html
    ///   - applicationName: What `pg_stat_activity` shows; nil for that of `connection` or the environment, or else
    ///     `swift-connection-pool`.
    /// - Throws: ``PoolConfigurationError`` for what libpq cannot read, and for numbers out of their range.
    public init(
        _ connection: String = "", settings: [String: String] = [:], sessionSettings: [String: String] = [:],
        applicationName: String? = nil, statementCacheCapacity: Int = 100, prepareThreshold: Int = 2,
        cancelTimeout: Duration = .seconds(5), execution: Execution = .caller, eventLoops: Int? = nil,
        resetPolicy: ResetPolicy = .smart, temporaryTables: TemporaryTables = .dropped,
        poolerKeepsStatements: Bool = false, resultLimit: SQLResultLimit? = SQLResultLimit()
    ) throws(PoolConfigurationError) {
        parameters = try Self.parameters(connection, settings, applicationName).adding(sessionSettings)
        try Self.check("statementCacheCapacity", statementCacheCapacity, 0...10_000)
        try Self.check("prepareThreshold", prepareThreshold, 1...10_000)
        if cancelTimeout <= .zero || cancelTimeout > .seconds(3_600) {
            throw PoolConfigurationError(
                property: "cancelTimeout", value: "\(cancelTimeout)",
                rule: "it must be more than zero, at most one hour")
        }
        if let eventLoops { try Self.check("eventLoops", eventLoops, 1...1_024) }
        try SQLResultLimit.check(resultLimit, of: "PostgresConfiguration")
        self.resultLimit = resultLimit
        self.statementCacheCapacity = statementCacheCapacity
        self.prepareThreshold = prepareThreshold
        self.cancelTimeout = cancelTimeout
        self.execution = execution
        self.eventLoops = eventLoops
        self.resetPolicy = resetPolicy
        self.temporaryTables = temporaryTables
        self.poolerKeepsStatements = poolerKeepsStatements
    }

    private static func check(
        _ property: String, _ value: Int, _ range: ClosedRange<Int>
    ) throws(PoolConfigurationError) {
        if !range.contains(value) {
            throw PoolConfigurationError(
                property: property, value: "\(value)",
                rule: "it must be from \(range.lowerBound) to \(range.upperBound)")
        }
    }

    private static func parameters(
        _ connection: String, _ settings: [String: String], _ applicationName: String?
    ) throws(PoolConfigurationError) -> [(name: String, value: String)] {
        var parameters: [(name: String, value: String)] = []
        if connection.utf8.contains(0) {
            throw PoolConfigurationError(
                property: "connection", value: "(hidden)", rule: "it must not hold a zero byte")
        }
        do {
            parameters = try ConnectionString.parse(connection)
        } catch {
            throw PoolConfigurationError(
                property: "connection", value: "(hidden: it may hold a password)", rule: error.reason)
        }
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
            if !ConnectionString.knownNames.contains(name) {
                let newer = name == "require_auth" ? "; version 16 and newer have" : ""
                throw PoolConfigurationError(
                    property: "settings", value: name,
                    rule: "libpq \(ClientLibrary.version) has no setting of this name\(newer)")
            }
            if value.utf8.contains(0) {
                throw PoolConfigurationError(property: "settings", value: name, rule: "it must not hold a zero byte")
            }
            parameters.append((name, value))
        }
        if let applicationName {
            if applicationName.utf8.contains(0) {
                throw PoolConfigurationError(
                    property: "applicationName", value: applicationName, rule: "it must not hold a zero byte")
            }
            parameters.append(("application_name", applicationName))
        }
        parameters.append(("fallback_application_name", "swift-connection-pool"))
        // What the driver reads and writes.
        parameters.append(("client_encoding", "UTF8"))
        return parameters
    }

    /// The last three are those of libpq 18.
    private static let secrets: Set<String> = [
        "password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key",
    ]

    public static func == (left: Self, right: Self) -> Bool {
        left.parameters.elementsEqual(right.parameters) { $0 == $1 }
            && left.statementCacheCapacity == right.statementCacheCapacity
            && left.prepareThreshold == right.prepareThreshold && left.cancelTimeout == right.cancelTimeout
            && left.execution == right.execution && left.eventLoops == right.eventLoops
            && left.resetPolicy == right.resetPolicy && left.resultLimit == right.resultLimit
            && left.temporaryTables == right.temporaryTables
            && left.poolerKeepsStatements == right.poolerKeepsStatements
    }

    public func hash(into hasher: inout Hasher) {
        for (name, value) in parameters {
            hasher.combine(name)
            hasher.combine(value)
        }
        hasher.combine(statementCacheCapacity)
    }
}

extension PostgresConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The settings in libpq's form, secrets being left out.
    public var description: String {
        parameters.map { "\($0.name)=\(Self.shown($0.value, of: $0.name))" }.joined(separator: " ")
    }

    static func shown(_ value: String, of name: String) -> String { secrets.contains(name) ? "(hidden)" : value }

    public var debugDescription: String { description }

    public var customMirror: Mirror { Mirror(self, children: ["settings": description], displayStyle: .struct) }
}
