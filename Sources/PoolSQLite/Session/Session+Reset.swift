@_spi(Driver) internal import PoolSQL

extension Session {
    /// The settings that ``reset()`` can restore, besides the configuration's own list.
    private static let restorable: Set<String> = [
        "foreign_keys", "synchronous", "journal_mode", "busy_timeout", "query_only",
        // SQLite itself turns it off at the end of the transaction.
        "defer_foreign_keys",
    ]
    /// The settings that end with the temporary database.
    private static let droppedWithTemporary: Set<String> = ["temp.user_version", "temp.application_id", "temp_store"]

    /// Gives every setting the value that the configuration asks for.
    func applyBaseline() throws {
        let database = try open()
        database.restoreBusyHandler()
        try database.run("PRAGMA query_only = OFF")
        try database.run("PRAGMA foreign_keys = \(configuration.enforcesForeignKeys ? "ON" : "OFF")")
        try database.run("PRAGMA synchronous = \(configuration.synchronous.rawValue)")
        if let pages = maximumPages { try database.run("PRAGMA max_page_count = \(pages)") }
        for pragma in configuration.pragmas where !pragma.isOfFile {
            try database.run("PRAGMA \(pragma.name) = \(pragma.sqlValue)")
        }
        database.watch.forgetSession()
    }

    /// The limit of pages; nil if SQLite's own limit stays.
    private var maximumPages: Int? {
        role == .reader || configuration.isReadOnly ? nil : configuration.maximumPages
    }

    /// The settings that ``reset()`` can restore.
    private var restorable: Set<String> {
        var names = Self.restorable.union(
            configuration.pragmas.lazy.filter { !$0.isOfFile }.map { $0.name.lowercased() })
        if maximumPages != nil { names.insert("max_page_count") }
        if configuration.temporaryTables == .dropped { names.formUnion(Self.droppedWithTemporary) }
        return names
    }

    /// Ends what the last lease left open, and keeps its other changes.
    mutating func endLeftovers() throws {
        endReading()
        try rollback()
    }

    private mutating func endReading() {
        cursors = [:]
        blobs = [:]
        backups = [:]
    }

    /// Makes the session's present state count as unchanged.
    mutating func adopt() {
        database?.watch.forgetSession()
        isUsed = false
    }

    /// Ends what the last lease left open, and undoes what it changed. Throws if only a new connection can do that.
    mutating func reset() throws {
        switch configuration.resetPolicy {
        case .off:
            endReading()
            return adopt()
        case .rollbackOnly:
            try endLeftovers()
            return adopt()
        case .smart, .full:
            try endLeftovers()
        }
        if !isChanged { return }
        let database = try open()
        let changed = database.watch.changedSettings
        if let unknown = changed.subtracting(restorable).min() {
            throw SQLiteError(
                .misuse, "The last lease changed the setting \(unknown), which can only be undone by a new connection",
                remedy: "Set it in the configuration's pragmas instead")
        }
        cache.removeAll()
        if configuration.temporaryTables == .dropped { try dropTemporaryDatabase(database) }
        try detachOthers(database)
        if changed.contains("journal_mode") { try restoreJournalMode(database) }
        try applyBaseline()
        isUsed = false
    }

    /// Drops the temporary database with all its contents. DROP statements could not remove an AUTOINCREMENT's
    /// `sqlite_sequence`, from which the next lease's tables would take their numbers.
    ///
    /// SQLite drops that database when the setting changes, whose default is 0:
    /// https://www.sqlite.org/pragma.html#pragma_temp_store
    private func dropTemporaryDatabase(_ database: Database) throws {
        for place in [1, 2, 0] { try database.run("PRAGMA temp_store = \(place)") }
    }

    private func detachOthers(_ database: Database) throws {
        let names = try database.rows("SELECT name FROM pragma_database_list WHERE name NOT IN ('main', 'temp')")
        for case .text(let name) in names {
            try database.run("DETACH \(SQLDialect.ansi.quoted(name))")
        }
    }

    private func restoreJournalMode(_ database: Database) throws {
        // Without a schema name the setting also applies to the temporary database.
        if configuration.temporaryTables == .kept { try database.run("PRAGMA temp.journal_mode = delete") }
        if configuration.location == .memory || configuration.isReadOnly { return }
        try DatabaseFile.setJournalMode(configuration.journalMode, on: database)
    }
}
