internal import CSQLite
@_spi(Driver) internal import PoolSQL

extension SQLLexer.Rules {
    /// The rules by which SQLite finds the beginning of a statement: https://www.sqlite.org/lang_comment.html
    static let sqlite: Self = [.byteOrderMarks]
}

/// Owns one `sqlite3 *`. Not thread-safe: the connection's lock guards it.
@safe
final class Database {
    let watch = PrepareWatch()
    let insertedID = InsertedID()
    let busyWait: BusyWait
    let interrupter: Interrupter
    private let isSecondary: Bool
    /// The handle; nil once closed.
    private(set) var pointer: OpaquePointer?

    enum Opening {
        case readOnly
        case existing
        case creating
    }

    /// Opens the database `name`, a path or (if `isURI`) a URI.
    ///
    /// - Parameter isSecondary: True for a handle that serves another one's operations: their signal ends its waits,
    ///   but an interrupter can interrupt only one handle.
    init(
        _ name: String, isURI: Bool, _ opening: Opening, busyTimeout: Duration, interrupter: Interrupter,
        isSecondary: Bool = false
    ) throws {
        self.interrupter = interrupter
        self.isSecondary = isSecondary
        busyWait = BusyWait(limit: busyTimeout, interrupter: interrupter)
        var flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        switch opening {
        case .readOnly: flags |= SQLITE_OPEN_READONLY
        case .existing: flags |= SQLITE_OPEN_READWRITE
        case .creating: flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        }
        if isURI { flags |= SQLITE_OPEN_URI }
        // SQLite may be built to treat any name that begins with `file:` as a URI.
        let name = !isURI && name.hasPrefix("file:") ? "./" + name : name
        var opened: OpaquePointer?
        let result = unsafe sqlite3_open_v2(name, &opened, flags, nil)
        unsafe pointer = opened
        guard result == SQLITE_OK, let opened = unsafe opened else {
            let error = unsafe Self.openError(result, opened, name: name, isURI: isURI, opening)
            // A failed open leaves a handle that must be closed.
            close()
            throw error
        }
        // Fails only if the library is too old for the setting; quoted names then stay as in old versions.
        unsafe _ = csqlite_accept_quoted_texts(opened, 0)
        if !isSecondary { unsafe interrupter.attach(opened) }
        unsafe installCallbacks(on: opened)
        try unsafe installInsertedID(on: opened)
    }

    deinit { close() }

    /// Frees the handle. Statements, blobs and backups must be freed first; otherwise SQLite keeps the database open
    /// until they are.
    func close() {
        guard let closing = unsafe pointer else { return }
        if !isSecondary { interrupter.detach() }
        unsafe pointer = nil
        unsafe sqlite3_close_v2(closing)
    }

    /// Makes SQLite take an unknown quoted name for a text, as old schemas need it.
    func acceptQuotedTexts() { unsafe _ = csqlite_accept_quoted_texts(pointer, 1) }

    /// False while a transaction is open.
    var isAutocommit: Bool { unsafe pointer.map { unsafe sqlite3_get_autocommit($0) != 0 } ?? true }

    /// The number of rows that the latest INSERT, UPDATE or DELETE changed.
    var changes: Int { unsafe Int(sqlite3_changes64(pointer)) }

    /// True if the file at the path is no longer the open one: it was deleted, moved or replaced.
    var fileHasMoved: Bool {
        var moved: Int32 = 0
        let result = unsafe sqlite3_file_control(pointer, "main", SQLITE_FCNTL_HAS_MOVED, &moved)
        return result == SQLITE_OK && moved != 0
    }

    /// True if the database can only be read, however it was opened: SQLite silently falls back to reading if the
    /// file's permissions forbid writing.
    var isReadOnly: Bool { unsafe sqlite3_db_readonly(pointer, "main") == 1 }

    /// The path of the file behind the schema `name`, empty for a database in memory.
    func path(of name: String) -> String {
        guard let path = unsafe sqlite3_db_filename(pointer, name) else { return "" }
        return unsafe String(cString: path)
    }

    // MARK: Statements

    /// Prepares exactly one statement.
    func prepare(_ text: String, isPersistent: Bool, isOwn: Bool = false) throws -> Statement {
        var contiguous = text
        return try contiguous.withUTF8 { bytes in
            let (statement, consumed) = try unsafe prepare(bytes, text: text, isPersistent: isPersistent, isOwn: isOwn)
            guard let statement else {
                throw SQLiteError(.misuse, "The SQL text holds no statement", sql: text)
            }
            guard consumed < bytes.count else { return statement }
            var lexer = SQLLexer(text, .sqlite)
            if let rest = lexer.startOfStatement(from: consumed) {
                throw SQLiteError(
                    .misuse, "The SQL text holds more than one statement", sql: text, offset: rest,
                    remedy: "Run them one by one, or with executeScript")
            }
            return statement
        }
    }

    /// Runs each statement of `script` to its end.
    func runScript(
        _ script: String, beforeEach: (Statement) throws -> Void, afterEach: (Statement) throws -> Void
    ) throws {
        var lexer = SQLLexer(script, .sqlite)
        var script = script
        try script.withUTF8 { bytes in
            var position = 0
            while let start = lexer.startOfStatement(from: position) {
                let rest = unsafe UnsafeBufferPointer(rebasing: bytes[start...])
                let (statement, consumed) = try unsafe prepare(rest, text: nil, isPersistent: false, isOwn: false)
                if let statement {
                    if statement.parameterCount > 0 {
                        throw SQLiteError(.range, "A script cannot have placeholders", sql: statement.text)
                    }
                    try beforeEach(statement)
                    defer { statement.finish() }
                    while try statement.step() {}
                    try afterEach(statement)
                } else if consumed == 0 {
                    throw SQLiteError(.misuse, "The script holds a zero byte", offset: start)
                }
                position = start + consumed
            }
        }
    }

    /// The statement at the start of `bytes`, or nil if there is none, and the place where the next may begin. `text`
    /// identifies the statement; nil means the part of `bytes` that it occupies.
    private func prepare(
        _ bytes: UnsafeBufferPointer<UInt8>, text: String?, isPersistent: Bool, isOwn: Bool
    ) throws -> (Statement?, consumed: Int) {
        guard let pointer = unsafe pointer else { throw SQLiteError.closed }
        guard let count = Int32(exactly: bytes.count), let start = bytes.baseAddress else {
            if bytes.isEmpty { return (nil, 0) }
            throw SQLiteError(.tooBig, "The SQL text is longer than 2 GiB")
        }
        watch.begin(isOwn: isOwn)
        defer { watch.end() }
        var prepared: OpaquePointer?
        var tail: UnsafePointer<CChar>?
        let result = unsafe start.withMemoryRebound(to: CChar.self, capacity: bytes.count) { start in
            let flags = isPersistent ? UInt32(SQLITE_PREPARE_PERSISTENT) : 0
            let result = unsafe sqlite3_prepare_v3(pointer, start, count, flags, &prepared, &tail)
            return result
        }
        if result != SQLITE_OK {
            let sql = unsafe text ?? String(decoding: bytes.prefix(1_000), as: UTF8.self)
            if let setting = watch.refusedSetting { throw Self.refusal(of: setting, sql: sql) }
            throw unsafe Self.error(result, of: pointer, sql: sql)
        }
        let consumed = unsafe tail.map { unsafe UnsafeRawPointer($0) - UnsafeRawPointer(start) } ?? bytes.count
        guard let prepared = unsafe prepared else { return (nil, consumed) }
        let ownText = unsafe text ?? String(decoding: bytes.prefix(consumed), as: UTF8.self)
        return unsafe (Statement(prepared, text: ownText, traits: watch.traits), consumed)
    }

    /// Runs a statement of the driver's own and returns the first value of its first row.
    @discardableResult
    func run(_ text: String, _ binds: [SQLValue] = []) throws -> SQLValue {
        try rows(text, binds).first ?? .null
    }

    /// Runs a statement of the driver's own and returns all its values. The session counts as unchanged by it.
    func rows(_ text: String, _ binds: [SQLValue] = []) throws -> [SQLValue] {
        let statement = try prepare(text, isPersistent: false, isOwn: true)
        // The driver's own statements bind texts and numbers, and no timestamps.
        try statement.bind(binds, .sqlite)
        var rows = SQLRowsBuilder()
        while try statement.step() { statement.readRow(into: &rows) }
        return rows.take(statement.columns).flatMap { Array($0.values) }
    }

    // MARK: Errors

    private static func refusal(of setting: String, sql: String) -> SQLiteError {
        SQLiteError(
            .authorization, "The setting \(setting) is one of the whole process, and nothing would undo it", sql: sql,
            remedy: "Set it in the configuration's pragmas")
    }

    /// Copies the error out of the handle before the next call replaces it.
    static func error(_ result: Int32, of pointer: OpaquePointer?, sql: String? = nil) -> SQLiteError {
        let code = SQLiteError.Code(rawValue: result)
        // If the handle's latest error is another one, or none, its message is not about this result.
        let isAboutResult = unsafe sqlite3_errcode(pointer) & 0xFF == result & 0xFF
        let message = unsafe isAboutResult ? sqlite3_errmsg(pointer) : sqlite3_errstr(result)
        let offset = isAboutResult ? unsafe Int(sqlite3_error_offset(pointer)) : -1
        let extended = isAboutResult && code == code.primary ? unsafe sqlite3_extended_errcode(pointer) : result
        return SQLiteError(
            SQLiteError.Code(rawValue: extended), unsafe message.map { unsafe String(cString: $0) } ?? "unknown error",
            sql: sql, offset: offset >= 0 ? offset : nil)
    }
}
