@_spi(Driver) public import PoolSQL

/// The address and login of a server, and the behaviour of its connections.
///
/// Settings that are not given here have libpq's own defaults, which come from the environment (`PGHOST`, `PGUSER`
/// and so on), the password file and the service file: https://www.postgresql.org/docs/current/libpq-connect.html
///
/// libpq's `connect_timeout` limits the attempt at each host, and is at least 2 seconds.
/// ``PoolConfiguration/connectTimeout`` limits the whole connect, for all hosts of the list.
///
/// **Passwords.** libpq sends the password in clear text to any server that asks for it so, even over a connection
/// that is not encrypted. `sslmode=verify-full` with an `sslrootcert` lets only the right server ask. With libpq 16
/// or newer `require_auth=scram-sha-256`, in the connection string or in `settings`, refuses all other ways to log
/// in; an older libpq does not have that setting, and the initializer throws:
/// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-REQUIRE-AUTH
///
/// The description leaves out passwords.
public struct PostgresConfiguration: Sendable, Hashable {
    /// libpq's settings by name; a later one of the same name overrides an earlier one.
    let parameters: [(name: String, value: String)]
    /// The largest number of statements that each connection keeps prepared, up to 10,000; the least recently used go
    /// first. The default is 100. 0 prepares none by name.
    ///
    /// If the driver finds a pooler in front of the server, it prepares none by name either: see
    /// ``poolerKeepsStatements``.
    public let statementCacheCapacity: Int
    /// True if a pooler between the driver and the server keeps prepared statements for each of its clients: a pooler
    /// in session mode, or PgBouncer from 1.21 on with `max_prepared_statements` above 0. The default is false.
    ///
    /// A pooler in transaction mode may give a connection another server session with each transaction, in which its
    /// prepared statements are missing. The driver recognizes a pooler by the process ID of the session, which
    /// poolers do not pass on, and then sends each statement with its text. With true it prepares statements as it
    /// does without a pooler, up to ``statementCacheCapacity``. The name of a prepared statement is derived from its
    /// text and its types, so that it never means another statement: if true is wrong, the worst case is that a
    /// statement fails with ``PostgresError/Code/invalidStatementName``, and within a transaction only.
    /// https://www.pgbouncer.org/config.html#max_prepared_statements
    public let poolerKeepsStatements: Bool
    /// The number of the use at which a connection prepares a statement, from 1 to 10,000. The default is 2: a
    /// statement that runs once costs nothing extra.
    public let prepareThreshold: Int
    /// How long a server may take to answer after a request to cancel a statement, before its connection is given up:
    /// more than zero, at most one hour. The default is 5 s. The end of a transaction, which is never cancelled, gets
    /// twelve times as long after the cancellation of its task.
    public let cancelTimeout: Duration
    /// The place where the body of a lease runs. The default is ``SQLExecution/caller``: no thread is blocked while a
    /// statement waits for its answer.
    ///
    /// With ``SQLExecution/driver`` the body runs on the event loop of the connection, if the caller is not isolated to
    /// an actor: one hop for the lease, and none for its statements. Bodies share few threads, so they must not block
    /// or compute for long.
    public let execution: SQLExecution
    /// The number of threads that wait for the sockets of a driver, from 1 to 1,024; each connection belongs to one
    /// of them. Nil is the default: one for each processor, but at most 8. In a driver with shards, the value of its
    /// own configuration counts.
    public let eventLoops: Int?
    /// The changes that the end of a lease undoes. The default is ``SQLResetPolicy/smart``.
    ///
    /// Known to change nothing are queries, changes of rows, `COPY`, transaction control, `SHOW`, `EXPLAIN` and `SET
    /// LOCAL`, if they call only the server's own harmless functions, by names without a schema. Any other statement is
    /// followed by a reset: functions of the application, `SET`, `CREATE`, `CALL`, `nextval`, and texts that the driver
    /// does not understand completely.
    ///
    /// A statement's text does not show what views, triggers, rules, defaults, casts, operators and the types' own
    /// functions do, nor that a function of the application has the name of a server function. The changes that they
    /// make to the session reach the next lease: applications with such objects need ``SQLResetPolicy/full``, which
    /// costs each lease a round trip. A `serial` column and a `nextval` default are such objects too. Their inserts
    /// cause no reset, so `lastval()` and `currval()` may show a value that an earlier lease has drawn, until the lease
    /// draws one itself: take keys by `RETURNING`.
    ///
    /// Some changes are not undone, because only the end of a session does it: what a function does by `LOAD`, to the
    /// session's replication origin, or in a language's own variables. If a statement itself does so, such as `LOAD` or
    /// `pg_replication_origin_session_setup`, its connection is closed after the lease. A custom setting, such as
    /// `app.tenant`, is an empty text after a reset, and NULL in a session that never had it: that is the server's own
    /// behaviour.
    public let resetPolicy: SQLResetPolicy
    /// The fate of temporary tables at the end of a lease. The default is that they are dropped.
    public let temporaryTables: SQLTemporaryTables
    /// The largest size of a result that is not streamed, or of all results of a batch; a larger one throws an
    /// ``SQLResultLimitError``. Nil means no limit. The default is ``SQLResultLimit/init(bytes:rows:)`` without
    /// arguments.
    ///
    /// libpq collects a result before its rows can be counted. The received bytes are counted meanwhile, also for
    /// `execute`, which drops rows: a connection that has received too many is closed with its lease, and whether a
    /// statement that writes outside a transaction has taken effect is unknown. After a complete result the
    /// connection stays usable.
    public let resultLimit: SQLResultLimit?

    /// Makes a configuration. The properties document the parameters that are not listed here.
    ///
    /// - Parameters:
    ///   - connection: A URL, `postgres://user:password@host:5432/database?sslmode=require`, with commas between
    ///     several hosts; or libpq's form `host=… dbname=…`. Empty for libpq's defaults.
    ///   - settings: More of libpq's settings by name, which override those of `connection`.
    ///   - sessionSettings: The server's settings that each session begins with, and returns to with each reset:
    ///     `search_path`, `TimeZone`, `lc_monetary`, `default_transaction_isolation` and so on. They are sent as
    ///     libpq's `options`, which PgBouncer does not accept:
    ///     https://www.postgresql.org/docs/current/config-setting.html
    ///   - applicationName: The name that `pg_stat_activity` shows; nil for the name from `connection` or the
    ///     environment, or else `swift-connection-pool`.
    /// - Throws: ``PoolConfigurationError`` for settings that libpq cannot parse, and for numbers out of their range.
    public init(
        _ connection: String = "", settings: [String: String] = [:], sessionSettings: [String: String] = [:],
        applicationName: String? = nil, statementCacheCapacity: Int = 100, prepareThreshold: Int = 2,
        cancelTimeout: Duration = .seconds(5), execution: SQLExecution = .caller, eventLoops: Int? = nil,
        resetPolicy: SQLResetPolicy = .smart, temporaryTables: SQLTemporaryTables = .dropped,
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
        // The only encoding that the driver reads and writes.
        parameters.append(("client_encoding", "UTF8"))
        return parameters
    }

    /// The settings that descriptions hide; the last three belong to libpq 18.
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
    /// The settings in libpq's form, without secrets.
    public var description: String {
        parameters.map { "\($0.name)=\(Self.shown($0.value, of: $0.name))" }.joined(separator: " ")
    }

    static func shown(_ value: String, of name: String) -> String { secrets.contains(name) ? "(hidden)" : value }

    public var debugDescription: String { description }

    /// A mirror that shows the ``description`` alone, so that no dump shows a secret.
    public var customMirror: Mirror { Mirror(self, children: ["settings": description], displayStyle: .struct) }
}
