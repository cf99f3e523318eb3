internal import CSQLite

/// Receives the authorizer's reports, and checks for each whether it is known to keep the session unchanged: all
/// others count as a change. Belongs to one `Database`.
final class PrepareWatch {
    /// The origin of the statements that SQLite prepares.
    private enum Phase {
        /// Statements of the lease.
        case lease
        /// Statements of the driver, after which the session counts as unchanged.
        case own
        /// Statements of SQLite itself while a statement runs: it prepares that one again after a change of the
        /// schema, and others that work for it.
        case running
    }

    /// The traits that were collected since the last ``begin(isOwn:)``.
    private(set) var traits: StatementTraits = []
    /// True if a statement that changes the session was prepared since the last ``forgetSession()``. Prepared, not
    /// run: some settings take effect during preparation.
    private(set) var hasChangedSession = false
    /// The settings changed since the last ``forgetSession()``, in lower case; those of the temporary database begin
    /// with `temp.`.
    private(set) var changedSettings: Set<String> = []
    /// The process-wide setting for which the latest statement was refused.
    private(set) var refusedSetting: String?
    /// True if rows in temporary tables should stay for the next lease.
    var keepsTemporaryRows = false
    private var phase = Phase.running
    private var functions = HarmlessFunctions()

    func begin(isOwn: Bool) {
        traits = []
        refusedSetting = nil
        phase = isOwn ? .own : .lease
    }

    func end() { phase = .running }

    func forgetSession() {
        hasChangedSession = false
        changedSettings = []
    }

    /// Registers a function of the application as harmless: it gets values and returns one, so it cannot change the
    /// session.
    func know(_ function: SQLiteFunction) { functions.insert(function.name) }

    private func noteSessionChange() {
        if phase == .own { return }
        traits.insert(.changesSession)
        hasChangedSession = true
    }

    // MARK: Reports

    /// Notes a pragma. False refuses the statement.
    func seePragma(_ name: String, hasArgument: Bool, database: UnsafePointer<CChar>?) -> Bool {
        let name = name.lowercased()
        traits.insert(.needsInterrupt)
        if !hasArgument, name == "journal_mode" { traits.insert(.asksJournalMode) }
        let isTemporary = unsafe isTemporary(database)
        if hasArgument, phase != .own, KnownPragmas.ofProcess.contains(name) {
            refusedSetting = name
            return false
        }
        if KnownPragmas.keepsSession(name, hasArgument: hasArgument, isTemporary: isTemporary) { return true }
        noteSessionChange()
        if phase != .own { changedSettings.insert(isTemporary ? "temp." + name : name) }
        return true
    }

    func seeCall(of function: UnsafePointer<CChar>?) {
        guard let function = unsafe function else { return noteSessionChange() }
        let name = unsafe String(cString: function)
        if name == "count" { traits.insert(.needsInterrupt) }
        if !functions.contains(name) { noteSessionChange() }
    }

    func see(
        _ action: Int32, _ first: UnsafePointer<CChar>?, database: UnsafePointer<CChar>?, isInTrigger: Bool
    ) {
        switch action {
        case SQLITE_SELECT, SQLITE_READ, SQLITE_RECURSIVE, SQLITE_TRANSACTION, SQLITE_SAVEPOINT:
            break
        case SQLITE_INSERT, SQLITE_UPDATE, SQLITE_DELETE:
            unsafe seeWrite(to: database)
            if !isInTrigger, unsafe !isInternal(first) {
                traits.insert(action == SQLITE_INSERT ? .insertsRows : .updatesOrDeletesRows)
            }
        case SQLITE_CREATE_INDEX, SQLITE_CREATE_TABLE, SQLITE_CREATE_TRIGGER, SQLITE_CREATE_VIEW, SQLITE_DROP_INDEX,
            SQLITE_DROP_TABLE, SQLITE_DROP_TRIGGER, SQLITE_DROP_VIEW, SQLITE_CREATE_VTABLE, SQLITE_DROP_VTABLE,
            SQLITE_REINDEX, SQLITE_ANALYZE:
            traits.insert(.changesSchema)
            // `CREATE TEMP TABLE x` has its own action, but `CREATE TABLE temp.x` has this one.
            if unsafe isTemporary(database) { noteSessionChange() }
        case SQLITE_ALTER_TABLE:
            traits.insert(.changesSchema)
            if unsafe isTemporary(first) { noteSessionChange() }
        case SQLITE_ATTACH, SQLITE_DETACH:
            traits.insert(.changesSchema)
            // While VACUUM runs, it attaches a database temporarily.
            if phase != .running { noteSessionChange() }
        default:
            // Actions for the temporary database, and actions that a newer SQLite may add.
            traits.insert(.changesSchema)
            noteSessionChange()
        }
    }

    /// Notes a write to a table; each change of a schema is a write to the table that holds it.
    private func seeWrite(to database: UnsafePointer<CChar>?) {
        if unsafe !isTemporary(database) {
            traits.insert(.writesElsewhere)
            return
        }
        traits.insert(.writesTemporary)
        // The statement itself may stay in the cache: the reset that must follow empties it.
        if !keepsTemporaryRows, phase != .own { hasChangedSession = true }
    }

    private func isTemporary(_ database: UnsafePointer<CChar>?) -> Bool {
        guard let database = unsafe database else { return false }
        return unsafe sqlite3_stricmp(database, "temp") == 0
    }

    /// True for the tables in which SQLite keeps the schema and its own data.
    private func isInternal(_ table: UnsafePointer<CChar>?) -> Bool {
        guard let table = unsafe table else { return true }
        return unsafe sqlite3_strnicmp(table, "sqlite_", 7) == 0
    }
}
