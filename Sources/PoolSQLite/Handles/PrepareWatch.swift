internal import CSQLite

/// What a statement does, as SQLite's compiler reports it to the authorizer while it prepares the statement.
/// It costs nothing when the statement runs.
struct StatementTraits: OptionSet {
    let rawValue: UInt8
    /// It changes what the next user of the connection would find: a setting, an attached database, a temporary table.
    static let changesSession = Self(rawValue: 1)
    static let insertsRows = Self(rawValue: 2)
    static let updatesOrDeletesRows = Self(rawValue: 4)
    /// It creates, alters or drops something; SQLite then counts no rows.
    static let changesSchema = Self(rawValue: 8)

    /// It writes to the temporary database.
    static let writesTemporary = Self(rawValue: 16)
    /// It writes to another one.
    static let writesElsewhere = Self(rawValue: 32)
    /// It asks for the journal mode, which SQLite does not count as reading.
    static let asksJournalMode = Self(rawValue: 64)

    /// It may work for long without asking whether to stop, so that only `sqlite3_interrupt` stops it: `count`, which may go
    /// through a whole table in one step, and pragmas, some of which check or copy the whole file.
    static let needsInterrupt = Self(rawValue: 128)

    var countsRows: Bool {
        !contains(.changesSchema) && !isDisjoint(with: [.insertsRows, .updatesOrDeletesRows])
    }
}

/// Receives the authorizer's reports. Belongs to one `Database`.
final class PrepareWatch {
    /// Collected since the last ``begin()``.
    private(set) var traits: StatementTraits = []
    /// True if a statement that changes the session was prepared since the last ``forgetSession()``. Not "was run":
    /// some settings take effect while they are prepared.
    private(set) var hasChangedSession = false
    /// The settings changed since then, in lower case.
    private(set) var changedSettings: Set<String> = []
    /// True while a statement of the lease's is prepared. What SQLite prepares by itself while a statement runs changes
    /// no session: VACUUM attaches a database for as long as it takes.
    private var isWatching = false

    /// `isOwn` is true for the driver's own statements, after which the session counts as unchanged.
    func begin(isOwn: Bool) {
        traits = []
        isWatching = !isOwn
    }

    func end() { isWatching = false }

    func forgetSession() {
        hasChangedSession = false
        changedSettings = []
    }

    private func noteSessionChange() {
        traits.insert(.changesSession)
        hasChangedSession = true
    }

    func seePragma(_ name: String, hasArgument: Bool) {
        let name = name.lowercased()
        traits.insert(.needsInterrupt)
        if !hasArgument {
            if name == "journal_mode" { traits.insert(.asksJournalMode) }
            return
        }
        if !isWatching || Self.harmless.contains(name) { return }
        noteSessionChange()
        changedSettings.insert(name)
    }

    func see(_ action: Int32, table: UnsafePointer<CChar>?, database: UnsafePointer<CChar>?, isInTrigger: Bool) {
        switch action {
        case SQLITE_INSERT, SQLITE_UPDATE, SQLITE_DELETE: unsafe seeWrite(to: database)
        default: break
        }
        switch action {
        case SQLITE_INSERT:
            if !isInTrigger, unsafe !isInternal(table) { traits.insert(.insertsRows) }
        case SQLITE_UPDATE, SQLITE_DELETE:
            if !isInTrigger, unsafe !isInternal(table) { traits.insert(.updatesOrDeletesRows) }
        case SQLITE_CREATE_TEMP_INDEX, SQLITE_CREATE_TEMP_TABLE, SQLITE_CREATE_TEMP_TRIGGER, SQLITE_CREATE_TEMP_VIEW,
            SQLITE_DROP_TEMP_INDEX, SQLITE_DROP_TEMP_TABLE, SQLITE_DROP_TEMP_TRIGGER, SQLITE_DROP_TEMP_VIEW,
            SQLITE_ATTACH, SQLITE_DETACH:
            traits.insert(.changesSchema)
            if isWatching { noteSessionChange() }
        case SQLITE_CREATE_VTABLE, SQLITE_DROP_VTABLE:
            traits.insert(.changesSchema)
            guard isWatching, let database = unsafe database else { return }
            if unsafe String(cString: database) == "temp" { noteSessionChange() }
        case SQLITE_CREATE_INDEX, SQLITE_CREATE_TABLE, SQLITE_CREATE_TRIGGER, SQLITE_CREATE_VIEW, SQLITE_DROP_INDEX,
            SQLITE_DROP_TABLE, SQLITE_DROP_TRIGGER, SQLITE_DROP_VIEW, SQLITE_ALTER_TABLE, SQLITE_REINDEX,
            SQLITE_ANALYZE:
            traits.insert(.changesSchema)
        default:
            break
        }
    }

    func seeCall(of function: UnsafePointer<CChar>?) {
        if unsafe sqlite3_stricmp(function, "count") == 0 { traits.insert(.needsInterrupt) }
    }

    /// Each change of a schema is a write to the table that holds it.
    private func seeWrite(to database: UnsafePointer<CChar>?) {
        let isTemporary = unsafe database.map { unsafe sqlite3_stricmp($0, "temp") == 0 } ?? false
        traits.insert(isTemporary ? .writesTemporary : .writesElsewhere)
    }

    /// The tables in which SQLite keeps the schema and its own notes.
    private func isInternal(_ table: UnsafePointer<CChar>?) -> Bool {
        guard let table = unsafe table else { return true }
        return unsafe sqlite3_strnicmp(table, "sqlite_", 7) == 0
    }

    /// Settings that take an argument and leave the session as it was: they ask, do some work, or change the file.
    private static let harmless: Set<String> = [
        "table_info", "table_xinfo", "table_list", "index_info", "index_xinfo", "index_list", "foreign_key_list",
        "foreign_key_check", "integrity_check", "quick_check", "wal_checkpoint", "optimize", "incremental_vacuum",
        "user_version", "application_id",
    ]
}
