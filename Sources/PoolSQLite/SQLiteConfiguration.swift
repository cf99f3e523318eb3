@_spi(Driver) public import PoolSQL

/// The location of a database, and the settings of its connections.
///
/// The initializer checks each value, and throws a ``PoolConfigurationError`` for the first that cannot work, which
/// names the property, the value and the rule.
public struct SQLiteConfiguration: Sendable {
    /// The location of a database.
    @nonexhaustive
    public enum Location: Sendable, Hashable {
        /// A file. A relative path starts at the process's current folder. `":memory:"` means ``memory``.
        case path(String)
        /// A `file:` URI without a fragment (`#`), with SQLite's query parameters, such as
        /// `file:/data/shop.db?mode=ro`; `mode=ro` and `immutable=1` make the configuration read-only, `mode=rw` turns
        /// off ``SQLiteConfiguration/createsFile``, and `mode=memory` means ``memory``. See
        /// https://www.sqlite.org/uri.html
        case url(String)
        /// A database in memory, at most 1 GiB. The pool uses exactly one connection for it. The database lives as
        /// long as the driver (and so the pool), even if the pool replaces that connection.
        case memory
    }

    /// The way in which SQLite keeps a transaction atomic: https://www.sqlite.org/pragma.html#pragma_journal_mode
    @nonexhaustive
    public enum JournalMode: String, Sendable, Hashable, CaseIterable {
        /// A log beside the file: readers and the writer do not block each other.
        case wal
        /// A rollback journal that each transaction deletes at its end.
        case delete
        /// A rollback journal that each transaction truncates at its end.
        case truncate
        /// A rollback journal whose head each transaction overwrites at its end.
        case persist
        /// A rollback journal in memory: a crash in a transaction may destroy the file.
        case memory
        /// No journal: nothing can be rolled back, and a crash in a transaction may destroy the file.
        case off
    }

    /// How often SQLite waits for the disk, from never to most often:
    /// https://www.sqlite.org/pragma.html#pragma_synchronous
    @nonexhaustive
    public enum Synchronous: String, Sendable, Hashable, CaseIterable {
        /// Never: a crash of the machine may destroy the file.
        case off
        /// At the most critical moments: with a write-ahead log, a crash of the machine may lose the last commits.
        case normal
        /// At each commit.
        case full
        /// At each commit, and after a rollback journal was deleted.
        case extra
    }

    /// The texts as which times and timestamps are bound. SQLite has no type for them, and compares the texts byte by
    /// byte. Results are read in both forms.
    @nonexhaustive
    public enum TimestampText: Sendable, Hashable {
        /// The form of SQLite's own functions and `CURRENT_TIMESTAMP` (https://www.sqlite.org/lang_datefunc.html),
        /// with which the texts then compare: `2024-01-31 12:30:59`, with a fraction of three or six digits if there
        /// is one, as in `2024-01-31 12:30:59.250`. `SQLZonedTimestamp` is bound in UTC, without a suffix.
        case sqlite
        /// The form with a `T`, and with a `Z` for `SQLZonedTimestamp`: `2024-01-31T12:30:59.25`,
        /// `2024-01-31T12:30:59.250000Z`. For databases whose columns hold such texts.
        case iso8601
    }

    /// A setting of each connection that has no property of its own.
    public struct Pragma: Sendable, Hashable {
        /// The name of the pragma, without the word `PRAGMA`.
        public let name: String
        /// The value: a number, a word, or any other text, which is then quoted.
        public let value: String

        /// Makes a setting from the pragma's name and value, which ``SQLiteConfiguration`` checks.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The location of the database. A ``Location/url(_:)`` or path that means a database in memory becomes
    /// ``Location/memory``.
    public let location: Location
    /// True if no connection may write to the database. All connections are read-only then, and serve both kinds of
    /// access: a statement that writes fails with ``SQLiteError/Code/readOnly``. The default is false.
    public let isReadOnly: Bool
    /// True if a missing file is created; else connecting to one fails. The default is true.
    ///
    /// Only the first connection of a driver, and so of a pool, creates a file. If the file is missing later, because
    /// it was deleted or moved, connecting fails with ``SQLiteError/Code/cannotOpen``: a new empty file would hide
    /// the loss.
    public let createsFile: Bool
    /// The size in bytes of the pages of a new database: a power of two from 512 to 65536. The page size of an
    /// existing one does not change. Nil, the default, means SQLite's own default, 4096.
    public let pageSize: Int?
    /// The way in which SQLite keeps a transaction atomic. The default is ``JournalMode/wal``. With any other mode
    /// the pool uses one connection for everything, because readers and writers would block each other. Not used in
    /// memory and if ``isReadOnly`` is true.
    public let journalMode: JournalMode
    /// How often SQLite waits for the disk. The default is ``Synchronous/normal`` with a WAL (a power cut may undo
    /// the latest commits, and never damages the file), and ``Synchronous/full`` without.
    public let synchronous: Synchronous
    /// How long a statement waits for a lock that another process holds, before it fails with
    /// ``SQLiteError/Code/busy``. The default is 5 seconds; zero does not wait; at most one hour. Connections of one
    /// pool do not wait for each other here, but in the pool's queue. Cancelling the task ends the wait. A
    /// transaction with ``SQLTransactionOptions/maximumRetries`` runs again after it, and may wait as long each time.
    public let busyTimeout: Duration
    /// True if foreign keys are enforced. The default is true (SQLite's own is false).
    public let enforcesForeignKeys: Bool
    /// More settings, applied in this order to each new connection, and again by a reset that must undo others. The
    /// default is none. A name that SQLite does not know makes connecting fail.
    ///
    /// `auto_vacuum`, `application_id` and `user_version` belong to the file and not to a connection. They are set
    /// when the file is created, while it is empty; like ``pageSize``, they do not change an existing file.
    /// `encoding` is refused: a new database is UTF-8. See https://www.sqlite.org/pragma.html
    public let pragmas: [Pragma]
    /// The largest number of prepared statements that each connection keeps; the least recently used go first. The
    /// default is 100; 0 keeps none; at most 10,000.
    public let statementCacheCapacity: Int
    /// The place where statements run. The default is ``SQLExecution/driver``: the connection's own named thread. The
    /// body of a lease moves there if the caller's isolation allows it, so that each lease costs one hop. No blocking
    /// call runs on Swift's cooperative threads.
    ///
    /// With ``SQLExecution/caller`` statements run on the caller's thread: without any hop, for data that is in the
    /// page cache. A statement that is slow, or waits for another process's lock, blocks one of Swift's few cooperative
    /// threads meanwhile; if all of them are blocked, no task is left that could cancel it.
    public let execution: SQLExecution
    /// The largest number of pages of the database, at least 1; statements that need more fail with
    /// ``SQLiteError/Code/full``. Nil, the default, means SQLite's own limit.
    public let maximumPages: Int?
    /// The functions that SQL may call, registered with each connection. The default is none.
    public let functions: [SQLiteFunction]
    /// The form in which times and timestamps are bound. The default is ``TimestampText/sqlite``. One column should
    /// hold one form: texts of both neither compare nor sort like the moments.
    public let timestampText: TimestampText
    /// True if an unknown name in double quotes is taken for a text, as old views, triggers, defaults and checks may
    /// need it. The default is false: a misspelled name is an error then, and not a text that compares with
    /// everything.
    /// https://www.sqlite.org/quirks.html#dblquote
    public let acceptsQuotedTexts: Bool
    /// The largest size of a result that is not streamed; a larger one throws an ``SQLResultLimitError``. Nil means
    /// no limit. The default is ``SQLResultLimit/init(bytes:rows:)`` without arguments. The connection stays usable;
    /// what the statement wrote before returning rows stays written.
    public let resultLimit: SQLResultLimit?
    /// The changes that the end of a lease undoes. The default is ``SQLResetPolicy/smart``.
    ///
    /// SQLite itself tells which settings, databases and temporary tables a statement uses, also in views and triggers:
    /// with ``SQLResetPolicy/smart`` the statements are known to change nothing that ``SQLiteDriver`` lists.
    /// ``SQLResetPolicy/full`` also empties the cache of prepared statements after each lease.
    public let resetPolicy: SQLResetPolicy
    /// The fate of temporary tables, views and triggers at the end of a lease. The default is that they are dropped.
    public let temporaryTables: SQLTemporaryTables

    /// Makes a configuration, and checks it. The properties document the meanings and the defaults.
    ///
    /// - Throws: ``PoolConfigurationError`` for the first value that cannot work.
    public init(
        _ location: Location, isReadOnly: Bool = false, createsFile: Bool = true, pageSize: Int? = nil,
        journalMode: JournalMode = .wal, synchronous: Synchronous? = nil, busyTimeout: Duration = .seconds(5),
        enforcesForeignKeys: Bool = true, pragmas: [Pragma] = [], statementCacheCapacity: Int = 100,
        execution: SQLExecution = .driver, maximumPages: Int? = nil, functions: [SQLiteFunction] = [],
        timestampText: TimestampText = .sqlite, acceptsQuotedTexts: Bool = false,
        resetPolicy: SQLResetPolicy = .smart, resultLimit: SQLResultLimit? = SQLResultLimit(),
        temporaryTables: SQLTemporaryTables = .dropped
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
        self.resetPolicy = resetPolicy
        self.resultLimit = resultLimit
        self.temporaryTables = temporaryTables
        self.functions = functions
    }

    /// Makes a configuration for the file at `path`, with all other settings at their defaults.
    ///
    /// - Throws: ``PoolConfigurationError`` for an invalid path.
    public init(path: String) throws {
        try self.init(.path(path))
    }
}
