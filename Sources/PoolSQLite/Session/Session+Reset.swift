internal import PoolCore

extension Session {
    /// What ``reset()`` can give back its value from connecting, besides the configuration's own list.
    private static let restorable: Set<String> = [
        "foreign_keys", "synchronous", "journal_mode", "busy_timeout", "query_only", "max_page_count",
        // SQLite turns it off itself at the end of the transaction.
        "defer_foreign_keys",
    ]

    /// Gives every setting the value that the configuration asks for.
    func applyBaseline() throws {
        let database = try open()
        database.restoreBusyHandler()
        try database.run("PRAGMA query_only = OFF")
        try database.run("PRAGMA foreign_keys = \(configuration.enforcesForeignKeys ? "ON" : "OFF")")
        try database.run("PRAGMA synchronous = \(configuration.synchronous.rawValue)")
        if let pages = configuration.maximumPages, role != .reader, !configuration.isReadOnly {
            try database.run("PRAGMA max_page_count = \(pages)")
        }
        for pragma in configuration.pragmas where !pragma.isOfFile {
            try database.run("PRAGMA \(pragma.name) = \(pragma.sqlValue)")
        }
        database.watch.forgetSession()
    }

    /// Ends what the last lease left open, and keeps what it changed.
    mutating func endLeftovers() throws {
        cursors = [:]
        blobs = [:]
        backups = [:]
        try rollback()
    }

    /// Ends what the last lease left open, and undoes what it changed. Throws where only a new connection can do that.
    mutating func reset() throws {
        try endLeftovers()
        if !isChanged { return }
        let database = try open()
        let changed = database.watch.changedSettings
        let configured = configuration.pragmas.lazy.filter { !$0.isOfFile }.map { $0.name.lowercased() }
        let known = Self.restorable.union(configured)
        if let unknown = changed.subtracting(known).min() {
            throw SQLiteError(
                .misuse, "The last lease changed the setting \(unknown), which can only be undone by a new connection",
                remedy: "Set it in the configuration's pragmas instead")
        }
        cache.removeAll()
        if configuration.temporaryTables == .dropped { try dropTemporaryObjects(database) }
        try detachOthers(database)
        if changed.contains("journal_mode") { try restoreJournalMode(database) }
        try applyBaseline()
    }

    private func dropTemporaryObjects(_ database: Database) throws {
        // Dropping a table drops its indexes and triggers too, and a virtual table its shadow tables.
        for kind in ["trigger", "view", "table"] {
            let names = try database.rows("SELECT name FROM sqlite_temp_master WHERE type = ?", [.text(kind)])
            for case .text(let name) in names where !name.hasPrefix("sqlite_") {
                try database.run("DROP \(kind) IF EXISTS temp.\(Self.quoted(name))")
            }
        }
    }

    private func detachOthers(_ database: Database) throws {
        let names = try database.rows("SELECT name FROM pragma_database_list WHERE name NOT IN ('main', 'temp')")
        for case .text(let name) in names {
            try database.run("DETACH \(Self.quoted(name))")
        }
    }

    private func restoreJournalMode(_ database: Database) throws {
        if configuration.location == .memory || configuration.isReadOnly { return }
        try DatabaseFile.setJournalMode(configuration.journalMode, on: database)
    }

    static func quoted(_ name: String) -> String {
        // By scalars: a quotation mark and an accent after it are one character, and still end a quoted name.
        let parts = name.unicodeScalars.split(separator: "\"", omittingEmptySubsequences: false)
        return "\"" + parts.map { String($0) }.joined(separator: "\"\"") + "\""
    }
}
