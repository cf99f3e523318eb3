@_spi(Driver) public import PoolCore

/// How to open a database, and what each of its connections is set to.
///
/// Each value is checked when the configuration is made; the first that cannot work is thrown as a
/// ``PoolConfigurationError`` that names the property, the value and the rule.
public struct SQLiteConfiguration: Sendable {
    /// Where the database is.
    public enum Location: Sendable, Hashable {
        /// A file. A relative path starts at the process's current folder. `":memory:"` means ``memory``.
        case path(String)
        /// A `file:` URI without a fragment (`#`), with SQLite's query parameters, such as
        /// `file:/data/shop.db?mode=ro`; `mode=ro` and `immutable=1` make the configuration read-only, `mode=rw` turns
        /// off ``SQLiteConfiguration/createsFile``, and `mode=memory` means ``memory``. See
        /// https://www.sqlite.org/uri.html
        case url(String)
        /// A database in memory, at most 1 GiB. The pool uses exactly one connection for it. It lives as long as the
        /// driver (and so the pool) does, also when the pool replaces that connection.
        case memory
    }

    /// How SQLite keeps a transaction atomic: https://www.sqlite.org/pragma.html#pragma_journal_mode
    public enum JournalMode: String, Sendable, Hashable, CaseIterable {
        /// A log beside the file: readers and the writer do not block each other.
        case wal
        case delete, truncate, persist, memory, off
    }

    /// How often SQLite waits for the disk: https://www.sqlite.org/pragma.html#pragma_synchronous
    public enum Synchronous: String, Sendable, Hashable, CaseIterable {
        case off, normal, full, extra
    }

    /// Where statements run.
    public enum Execution: Sendable, Hashable {
        /// On a named thread of the connection's own. The body of a lease moves there where its caller allows it, so
        /// that there is one hop for each lease. No blocking call runs on Swift's cooperative threads.
        case connectionThread
        /// On the caller's thread: no hop at all, for data that is in the page cache. A statement that is slow, or
        /// waits for another process's lock, blocks one of Swift's few cooperative threads for that long; where all of
        /// them are blocked, no task is left that could cancel it.
        case callerThread
    }

    /// The texts that times and timestamps are bound as. SQLite has no type for them, and compares the texts byte by
    /// byte. Results are read in both forms.
    public enum TimestampText: Sendable, Hashable {
        /// As SQLite's own functions and `CURRENT_TIMESTAMP` write them (https://www.sqlite.org/lang_datefunc.html), so
        /// that they compare with those: `2024-01-31 12:30:59`, with a fraction of three digits or six where there is
        /// one, as in `2024-01-31 12:30:59.250`. `SQLZonedTimestamp` is bound in UTC, without a mark for it.
        case sqlite
        /// With a `T`, and with a `Z` for `SQLZonedTimestamp`: `2024-01-31T12:30:59.25`, `2024-01-31T12:30:59.250000Z`.
        /// For databases whose columns hold such texts.
        case iso8601
    }

    /// A setting of each connection beyond those that have a property of their own.
    public struct Pragma: Sendable, Hashable {
        public let name: String
        /// A number, a word, or any other text, which is then quoted.
        public let value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    public let location: Location
    /// True if nothing may write to the database. All connections are read-only then, and serve both kinds of access: a
    /// statement that writes fails with ``SQLiteError/Code/readOnly``. The default is false.
    public let isReadOnly: Bool
    /// True if a missing file is created; else connecting to one fails. The default is true.
    ///
    /// Only the first connection of a driver, and so of a pool, creates a file. If the file is missing later, because
    /// it was deleted or moved, connecting fails with ``SQLiteError/Code/cannotOpen``: an empty file in its place would
    /// hide the loss.
    public let createsFile: Bool
    /// The size in bytes of the pages of a database that is created: a power of two from 512 to 65536. It does not
    /// change that of an existing one. Nil is SQLite's own default, 4096.
    public let pageSize: Int?
    /// The default is ``JournalMode/wal`` for files. With any other mode the pool uses one connection for everything,
    /// because readers and writers would block each other. Not used in memory and where ``isReadOnly`` is true.
    public let journalMode: JournalMode
    /// The default is ``Synchronous/normal`` with a WAL (a power cut may undo the latest commits, and never damages the
    /// file), and ``Synchronous/full`` without.
    public let synchronous: Synchronous
    /// How long a statement waits for a lock that another process holds, before it fails with
    /// ``SQLiteError/Code/busy``. The default is 5 seconds; zero does not wait; at most one hour. Connections of one
    /// pool do not wait for each other here: they wait their turn in the pool's queue. Cancelling the task ends the
    /// wait. A transaction with ``TransactionOptions/maximumRetries`` runs again after it, and may wait as long each
    /// time.
    public let busyTimeout: Duration
    /// True if foreign keys are enforced. The default is true (SQLite's own is false).
    public let enforcesForeignKeys: Bool
    /// More settings, applied in this order to each new connection, and again by a reset that must undo others. The
    /// default is none. A name that SQLite does not know makes connecting fail.
    ///
    /// `auto_vacuum`, `application_id` and `user_version` belong to the file and not to a connection. They are set when
    /// the file is created, before anything is in it; as ``pageSize``, they do not change an existing one. `encoding`
    /// is refused: a database that is created is UTF-8. See https://www.sqlite.org/pragma.html
    public let pragmas: [Pragma]
    /// How many prepared statements each connection keeps, least recently used first out. The default is 100; 0 keeps
    /// none; at most 10,000.
    public let statementCacheCapacity: Int
    /// The default is ``Execution/connectionThread``.
    public let execution: Execution
    /// The most pages that the database may have, at least 1; statements that need more fail with
    /// ``SQLiteError/Code/full``. Nil is SQLite's own limit.
    public let maximumPages: Int?
    /// Functions that SQL may call, registered with each connection. The default is none.
    public let functions: [SQLiteFunction]
    /// The form in which times and timestamps are bound. The default is ``TimestampText/sqlite``. One column should
    /// hold one form: texts of both neither compare nor sort as the moments do.
    public let timestampText: TimestampText
    /// True if a name in double quotes that SQLite does not know is taken for a text, as old views, triggers, defaults
    /// and checks may need it. The default is false: a misspelled name is an error then, and not a text that compares
    /// with everything.
    /// https://www.sqlite.org/quirks.html#dblquote
    public let acceptsQuotedTexts: Bool
    /// How large a result may be that is not streamed; a larger one is an ``SQLResultLimitError``. Nil is no limit. The
    /// default is ``SQLResultLimit/init(bytes:rows:)`` without arguments. The connection stays usable; what the
    /// statement wrote, by `RETURNING`, stays written.
    public let resultLimit: SQLResultLimit?
    /// What the end of a lease does with temporary tables, views and triggers. The default is that they are dropped.
    public let temporaryTables: TemporaryTables

    /// - Throws: ``PoolConfigurationError``.
    public init(
        _ location: Location, isReadOnly: Bool = false, createsFile: Bool = true, pageSize: Int? = nil,
        journalMode: JournalMode = .wal, synchronous: Synchronous? = nil, busyTimeout: Duration = .seconds(5),
        enforcesForeignKeys: Bool = true, pragmas: [Pragma] = [], statementCacheCapacity: Int = 100,
        execution: Execution = .connectionThread, maximumPages: Int? = nil, functions: [SQLiteFunction] = [],
        timestampText: TimestampText = .sqlite, acceptsQuotedTexts: Bool = false,
        resultLimit: SQLResultLimit? = SQLResultLimit(), temporaryTables: TemporaryTables = .dropped
    ) throws {
        let target = try Self.check(location)
        try Self.check(pageSize: pageSize)
        try Self.check(busyTimeout: busyTimeout)
        try Self.check(pragmas)
        try Self.check(statementCacheCapacity: statementCacheCapacity)
        try Self.check(maximumPages: maximumPages)
        try Self.check(functions)
        try SQLResultLimit.check(resultLimit, of: "SQLiteConfiguration")
        self.location = target.location
        self.isReadOnly = isReadOnly || target.isReadOnly
        self.createsFile = createsFile && target.mayCreate && !self.isReadOnly
        self.pageSize = pageSize
        self.journalMode = journalMode
        self.synchronous = synchronous ?? (journalMode == .wal ? .normal : .full)
        self.busyTimeout = busyTimeout
        self.enforcesForeignKeys = enforcesForeignKeys
        self.pragmas = pragmas
        self.statementCacheCapacity = statementCacheCapacity
        self.execution = execution
        self.maximumPages = maximumPages
        self.timestampText = timestampText
        self.acceptsQuotedTexts = acceptsQuotedTexts
        self.resultLimit = resultLimit
        self.temporaryTables = temporaryTables
        self.functions = functions
    }

    /// A file with all else at its default.
    public init(path: String) throws {
        try self.init(.path(path))
    }
}
