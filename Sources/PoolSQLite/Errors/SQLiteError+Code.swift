extension SQLiteError {
    /// A result code of SQLite. The constants are the codes that applications meet; any other code works by its
    /// number.
    ///
    /// https://www.sqlite.org/rescode.html
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The number of the extended result code.
        public let rawValue: Int32

        /// Makes a code from its number.
        public init(rawValue: Int32) { self.rawValue = rawValue }

        private init(_ primary: Int32, _ detail: Int32 = 0) { rawValue = primary | detail << 8 }

        /// The kind of error, without the detail: for example ``constraint`` for ``constraintUnique``.
        public var primary: Self { Self(rawValue: rawValue & 0xFF) }
    }
}

extension SQLiteError.Code {
    /// A general error, such as a syntax error or a missing table; the message tells more.
    public static let error = Self(1)
    /// SQLite found its own state to be inconsistent.
    public static let `internal` = Self(2)
    /// The requested access mode is not permitted.
    public static let permission = Self(3)
    /// The operation was aborted, for example because a callback requested it.
    public static let abort = Self(4)
    /// The transaction that the statement belonged to was rolled back.
    public static let abortRollback = Self(4, 2)
    /// Another connection, of this process or another, holds a lock; the busy timeout has passed.
    public static let busy = Self(5)
    /// Another process is recovering the WAL after a crash.
    public static let busyRecovery = Self(5, 1)
    /// The snapshot that a transaction reads is too old to write from: run the transaction again.
    public static let busySnapshot = Self(5, 2)
    /// A blocking request for a lock of a file has timed out.
    public static let busyTimeout = Self(5, 3)
    /// A conflict within the same connection, such as dropping a table that a statement is reading.
    public static let locked = Self(6)
    /// SQLite has no memory left.
    public static let outOfMemory = Self(7)
    /// A connection that may only read was used to write.
    public static let readOnly = Self(8)
    /// The WAL must be recovered, but the database can only be read.
    public static let readOnlyRecovery = Self(8, 1)
    /// The WAL cannot be locked for reading, because its shared-memory file is read-only.
    public static let readOnlyCannotLock = Self(8, 2)
    /// The WAL's shared-memory file is unreliable, and this process may not write to it.
    public static let readOnlyCannotInitialize = Self(8, 5)
    /// The folder is read-only, so that no journal can be made in it.
    public static let readOnlyDirectory = Self(8, 6)
    /// The statement was interrupted.
    public static let interrupt = Self(9)
    /// The operating system reported an error while reading or writing.
    public static let inputOutput = Self(10)
    /// The contents of the file are damaged.
    public static let corrupt = Self(11)
    /// The disk is full, or the database has reached its maximum of pages.
    public static let full = Self(13)
    /// The file cannot be opened.
    public static let cannotOpen = Self(14)
    /// The path leads to a folder.
    public static let cannotOpenIsDirectory = Self(14, 2)
    /// The locks of the WAL could not be obtained, because too many connections compete.
    public static let protocolError = Self(15)
    /// The schema changed again and again while the statement was prepared.
    public static let schema = Self(17)
    /// A text or blob is longer than SQLite's limit.
    public static let tooBig = Self(18)
    /// A constraint failed.
    public static let constraint = Self(19)
    /// A `CHECK` constraint failed.
    public static let constraintCheck = Self(19, 1)
    /// A foreign key refers to a row that does not exist.
    public static let constraintForeignKey = Self(19, 3)
    /// A NULL was written to a column that does not allow it.
    public static let constraintNotNull = Self(19, 5)
    /// The value of a primary key exists already.
    public static let constraintPrimaryKey = Self(19, 6)
    /// A trigger raised an error with `RAISE`.
    public static let constraintTrigger = Self(19, 7)
    /// The value of a unique key exists already.
    public static let constraintUnique = Self(19, 8)
    /// The rowid exists already.
    public static let constraintRowID = Self(19, 10)
    /// A value has the wrong type for a column of a `STRICT` table.
    public static let constraintDataType = Self(19, 12)
    /// A value has a type that the column, or SQLite itself, does not accept.
    public static let mismatch = Self(20)
    /// The driver's or SQLite's interface was used in a way that it does not allow.
    public static let misuse = Self(21)
    /// The file system does not support files of this size.
    public static let noLargeFileSupport = Self(22)
    /// The authorizer refused the statement.
    public static let authorization = Self(23)
    /// The bind values do not match the statement's placeholders.
    public static let range = Self(25)
    /// The file is no SQLite database, or is encrypted.
    public static let notADatabase = Self(26)

    private static let names: [Self: String] = [
        .error: "error", .internal: "internal", .permission: "permission", .abort: "abort",
        .abortRollback: "abortRollback", .busy: "busy", .busyRecovery: "busyRecovery", .busySnapshot: "busySnapshot",
        .busyTimeout: "busyTimeout", .locked: "locked", .outOfMemory: "outOfMemory", .readOnly: "readOnly",
        .readOnlyRecovery: "readOnlyRecovery", .readOnlyCannotLock: "readOnlyCannotLock",
        .readOnlyCannotInitialize: "readOnlyCannotInitialize", .readOnlyDirectory: "readOnlyDirectory",
        .interrupt: "interrupt", .inputOutput: "inputOutput",
        .corrupt: "corrupt", .full: "full", .cannotOpen: "cannotOpen",
        .cannotOpenIsDirectory: "cannotOpenIsDirectory", .protocolError: "protocolError", .schema: "schema",
        .tooBig: "tooBig", .constraint: "constraint", .constraintCheck: "constraintCheck",
        .constraintForeignKey: "constraintForeignKey", .constraintNotNull: "constraintNotNull",
        .constraintPrimaryKey: "constraintPrimaryKey", .constraintTrigger: "constraintTrigger",
        .constraintUnique: "constraintUnique", .constraintRowID: "constraintRowID",
        .constraintDataType: "constraintDataType", .mismatch: "mismatch", .misuse: "misuse",
        .noLargeFileSupport: "noLargeFileSupport", .authorization: "authorization", .range: "range",
        .notADatabase: "notADatabase",
    ]
}

extension SQLiteError.Code: CustomStringConvertible {
    /// The name and the number, for example `constraintUnique, 2067`.
    public var description: String {
        let name = Self.names[self] ?? Self.names[primary]
        return name.map { "\($0), \(rawValue)" } ?? "code \(rawValue)"
    }
}

extension SQLiteError.Code {
    /// True if the connection that reported the error should not be used again.
    var breaksConnection: Bool {
        switch primary {
        case .corrupt, .notADatabase, .inputOutput, .internal, .protocolError, .noLargeFileSupport, .outOfMemory: true
        default: false
        }
    }

    /// The codes for a WAL whose index could not be made.
    private static let needsSharedMemory: Set<Self> = [
        .readOnlyRecovery, .readOnlyCannotLock, .readOnlyCannotInitialize, .readOnlyDirectory,
    ]

    func remedy(message: String) -> String? {
        switch primary {
        case .busy where self == .busySnapshot:
            "Run the transaction again from its beginning"
        case .busy:
            "Another connection held its lock for longer than busyTimeout: shorten its transaction, or raise it"
        case .locked:
            "Another statement of the same connection still uses the table: close its cursor first"
        case .readOnly where Self.needsSharedMemory.contains(self):
            // https://www.sqlite.org/wal.html#readonly
            "A database with a WAL needs -wal and -shm files beside it, also for reading: give this user write permission for the "
                + "folder, or, if nobody changes the file, open it as a URL with immutable=1"
        case .readOnly:
            "Acquire the lease for .readWrite, and check that the configuration and the file allow writing"
        case .inputOutput:
            "Check the disk, its free space, and that nothing replaced or locked the database's files"
        case .corrupt:
            "Restore the file from a backup, or rescue its rows with the .recover command of the sqlite3 tool"
        case .full:
            "Free space on the disk, or raise maximumPages if the configuration sets it"
        case .schema:
            "The schema kept changing while the statement was prepared: run it again"
        case .notADatabase:
            "Check the path: the file is encrypted, or is something other than an SQLite 3 database"
        case .error where message.contains("too many SQL variables"):
            "Split the statement, or insert row by row with executeBatch"
        case .error where message.contains("no such table"):
            "Check the spelling, and that the schema was created in this database file"
        case .error where message.contains("no such column"):
            "Check the spelling, and that the schema was created in this database file; a text stands in single quotes, and "
                + "acceptsQuotedTexts lets old schemas have it in double ones"
        default:
            nil
        }
    }
}
