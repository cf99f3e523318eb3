internal import PoolIO
internal import PoolSQL
internal import Synchronization

/// The state that the connections of one driver share: the file that must be ready before a reader opens it, or the
/// memory that must outlive them all.
final class DatabaseFile: Sendable {
    private struct State: ~Copyable {
        var isReady = false
        /// Keeps a database in memory alive while no connection is open.
        var anchor: Database?
    }

    private let configuration: SQLiteConfiguration
    private let state = Mutex(State())
    /// Atomic, because the state's lock is held while a file is opened.
    private let connectionCount = Atomic<Int>(0)
    /// True once a file was opened: from then on a missing file is an error, and is never created.
    private let hasExisted = Atomic<Bool>(false)
    /// The name for SQLite to open: a path or a URI.
    private let name: String
    private let isURI: Bool

    init(_ configuration: SQLiteConfiguration) {
        self.configuration = configuration
        switch configuration.location {
        case .path(let path): (name, isURI) = (path, false)
        case .url(let url): (name, isURI) = (Self.withoutMode(url), true)
        case .memory:
            // SQLite's memdb shares memory between the connections of a process that use the same name, without the
            // faults of a shared cache: https://www.sqlite.org/src/file/src/memdb.c
            let unique = UInt64.random(in: .min ... .max)
            (name, isURI) = ("file:/swift-connection-pool-\(unique)?vfs=memdb", true)
        }
    }

    /// Removes `mode` from a URI: the configuration has evaluated it, and SQLite would refuse it to readers'
    /// connections.
    private static func withoutMode(_ url: String) -> String {
        guard let mark = url.firstIndex(of: "?") else { return url }
        let items = url[url.index(after: mark)...].split(separator: "&").filter { !$0.hasPrefix("mode=") }
        return url[..<mark] + (items.isEmpty ? "" : "?" + items.joined(separator: "&"))
    }

    /// The number for the next connection's name.
    func nextConnectionNumber() -> Int {
        connectionCount.add(1, ordering: .relaxed).newValue
    }

    /// Opens a session for `role`. Blocks; called on the thread that runs the connection's statements.
    func open(_ role: LaneRole, _ interrupter: Interrupter) throws -> Session {
        let isReading = role == .reader || configuration.isReadOnly
        do {
            if !configuration.isReadOnly { try makeReady(interrupter) }
            let database = try openDatabase(isReading ? .readOnly : writing, interrupter)
            hasExisted.store(true, ordering: .relaxed)
            if configuration.acceptsQuotedTexts { database.acceptQuotedTexts() }
            for function in configuration.functions { try database.register(function, configuration.timestampText) }
            database.watch.keepsTemporaryRows = configuration.temporaryTables == .kept
            let session = Session(database, role: role, configuration: configuration, interrupter: interrupter)
            try checkPragmas(database)
            // WAL mode belongs to the file, which may have been replaced; each other mode belongs to the connection.
            if !isReading, configuration.location != .memory {
                try Self.setJournalMode(configuration.journalMode, on: database)
            }
            try session.applyBaseline()
            return session
        } catch let error as SQLiteError {
            throw explained(error, isReading ? .readOnly : writing)
        }
    }

    /// The way in which a handle that writes is opened.
    private var writing: Database.Opening {
        if configuration.location == .memory { return .creating }
        return configuration.createsFile && !hasExisted.load(ordering: .relaxed) ? .creating : .existing
    }

    /// Creates the file and sets its journal mode, once for each driver: readers can do neither. The lock makes
    /// simultaneous connects take turns.
    private func makeReady(_ interrupter: Interrupter) throws {
        try state.withLock { state in
            if state.isReady { return }
            if interrupter.signal != .none { throw SQLiteError(.interrupt, "interrupted") }
            if configuration.location == .memory {
                // No operation ever runs on this handle.
                state.anchor = try openDatabase(.creating, Interrupter())
            } else {
                let database = try openDatabase(writing, interrupter)
                try Self.setJournalMode(configuration.journalMode, on: database)
                database.close()
                hasExisted.store(true, ordering: .relaxed)
            }
            state.isReady = true
        }
    }

    private func openDatabase(_ opening: Database.Opening, _ interrupter: Interrupter) throws -> Database {
        let database = try Database(
            name, isURI: isURI, opening, busyTimeout: configuration.busyTimeout, interrupter: interrupter)
        if opening != .readOnly {
            if database.isReadOnly {
                throw SQLiteError(
                    .readOnly, "The file of \"\(name)\" can only be read",
                    remedy: "Give this user write permission for the file and its folder, or set isReadOnly")
            }
            try setUpIfNew(database)
        }
        // SQLite opens a file only when it first needs it; its errors should show here.
        try database.run("SELECT count(*) FROM sqlite_master")
        return database
    }

    /// Sets the properties of the file while it is empty; even setting a journal mode would fill it.
    private func setUpIfNew(_ database: Database) throws {
        if let pageSize = configuration.pageSize { try database.run("PRAGMA page_size = \(pageSize)") }
        let pragmas = configuration.pragmas.filter(\.isOfFile)
        if try pragmas.isEmpty || database.run("PRAGMA page_count") != .int(0) { return }
        // In one transaction, so that an existing file has all of it. An error closes the handle, which undoes it.
        try database.run("BEGIN")
        for name in SQLiteConfiguration.Pragma.namesOfFile {
            for pragma in pragmas where pragma.name.lowercased() == name {
                try database.run("PRAGMA \(name) = \(pragma.sqlValue)")
            }
        }
        try database.run("COMMIT")
    }

    static func setJournalMode(_ mode: SQLiteConfiguration.JournalMode, on database: Database) throws {
        let result = try database.run("PRAGMA journal_mode = \(mode.rawValue)")
        if result != .text(mode.rawValue) {
            throw SQLiteError(
                .cannotOpen, "The journal mode of the database is \(result), and cannot be changed to \(mode.rawValue)",
                remedy: "WAL needs shared memory, which network file systems lack: choose another journalMode there")
        }
    }

    /// Refuses unknown settings, which SQLite would ignore.
    private func checkPragmas(_ database: Database) throws {
        for pragma in configuration.pragmas {
            let count = try database.run(
                "SELECT count(*) FROM pragma_pragma_list WHERE name = ?", [.text(pragma.name.lowercased())])
            if count == .int(0) {
                throw SQLiteError(
                    .cannotOpen, "This SQLite knows no PRAGMA \(pragma.name)",
                    remedy: "Check the configuration's pragmas")
            }
        }
    }

    private func explained(_ error: SQLiteError, _ opening: Database.Opening) -> any Error {
        let path = isURI ? Database.pathOf(uri: name) : name
        if error.code.primary == .cannotOpen, hasExisted.load(ordering: .relaxed), !Database.fileExists(path) {
            return SQLiteError.fileHasGone(.cannotOpen).whileConnecting()
        }
        // A folder can be opened for reading; the first read fails then.
        let isFolder = error.code.primary == .inputOutput && Database.isFolder(path)
        let isUnexplained = error.code.primary == .cannotOpen && error.remedy == nil
        if !isFolder && !isUnexplained { return error.whileConnecting() }
        return Database.explained(error, path: path, opening, systemError: 0).whileConnecting()
    }
}
