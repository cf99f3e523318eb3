@_spi(Driver) import PoolSQL
import PoolTesting
import Testing

@testable import PoolSQLite

@Suite("What the next lease finds in SQLite", .timeLimit(.minutes(2)))
struct NextLeaseTests {
    @Test(
        "temporary objects by the database's name do not hide the file's from the next lease, whichever it may do",
        arguments: [
            "CREATE TABLE temp.m AS SELECT 'evil' AS a", "CREATE VIEW temp.m AS SELECT 'evil' AS a",
            "CREATE TRIGGER temp.r AFTER INSERT ON main.m BEGIN DELETE FROM m; END",
        ], [AcquireOptions(), .readOnly])
    func shadows(text: String, options: AcquireOptions) async throws {
        let folder = TemporaryFolder()
        let pool = try SQLitePool(path: folder.file())
        try await pool.execute("CREATE TABLE m(a)")
        try await pool.execute("INSERT INTO m VALUES ('real')")
        try await pool.withConnection(options) { try await $0.execute(SQL(raw: text)) }
        #expect(try await pool.query("SELECT a FROM m", options).decode(String.self) == ["real"])
        try await pool.execute("INSERT INTO m VALUES ('more')")
        #expect(try await pool.query("SELECT a FROM m", options).decode(String.self) == ["real", "more"])
        #expect(pool.statistics.resets == 1)
        try await pool.close()
    }

    @Test("each reset policy undoes what it says, and no more", arguments: SQLResetPolicy.allCases)
    func policies(policy: SQLResetPolicy) async throws {
        let folder = TemporaryFolder()
        let configuration = try SQLiteConfiguration(.path(folder.file()), resetPolicy: policy)
        let pool = try SQLitePool(database: configuration)
        try await pool.withConnection { lease in
            try await lease.execute("PRAGMA busy_timeout = 7")
            try await lease.execute("BEGIN")
            try await lease.execute("CREATE TEMPORARY TABLE left_over(i)")
        }
        let found = try await pool.withConnection { lease in
            let time = try await lease.query("SELECT timeout FROM pragma_busy_timeout").decode(Int.self)
            let isOpen = lease.handle.connection.isTransactionOpen
            if isOpen { try await lease.execute("ROLLBACK") }
            return (time: time, isOpen: isOpen)
        }
        let isUndone = ![.off, .rollbackOnly].contains(policy)
        #expect((found.time == [7]) != isUndone, "\(found)")
        #expect(found.isOpen == (policy == .off))
        // A statement that changes nothing.
        let resets = pool.statistics.resets
        _ = try await pool.query("SELECT 1")
        _ = try await pool.query("SELECT 1")
        #expect((pool.statistics.resets > resets) == (policy == .full))
        try await pool.close()
    }

    @Test("whatever a lease did, the next one finds what a new connection would", arguments: 1...3)
    func everything(seed: UInt64) async throws {
        var random = SeededRandom(seed: seed)
        let folder = TemporaryFolder()
        let configuration = try SQLiteConfiguration(
            .path(folder.file()), busyTimeout: .milliseconds(5),
            functions: [SQLiteFunction("twice", argumentCount: 1) { $0[0] }])
        let pool = try SQLitePool(database: configuration, configuration: PoolConfiguration(maximumConnections: 2))
        try await pool.execute("CREATE TABLE m(id INTEGER PRIMARY KEY AUTOINCREMENT, a)")
        try await pool.execute("CREATE VIRTUAL TABLE words USING fts5(text)")
        let limits = try await pool.query("SELECT * FROM pragma_soft_heap_limit, pragma_hard_heap_limit")
        for round in 1...30 {
            let isReading = random.oneIn(3)
            let options: AcquireOptions = isReading ? .readOnly : AcquireOptions()
            let texts = (0...Int.random(in: 0...5, using: &random)).map { _ in
                RandomStatement.text(using: &random, folder: folder.path)
            }
            try await pool.withConnection(options) { lease in
                for text in texts { await RandomStatement.run(text, on: &lease) }
            }
            let found = try await pool.withConnection(options) { try await SessionPicture($0.handle.connection) }
            let expected = try await SQLiteDriver(configuration: configuration).with(isReading ? .reader : .writer) {
                try await SessionPicture($0)
            }
            let differences = found.differences(from: expected)
            #expect(differences == [], "seed \(seed), round \(round), after \(texts)")
            if differences != [] { break }
        }
        let after = try await pool.query("SELECT * FROM pragma_soft_heap_limit, pragma_hard_heap_limit")
        #expect(after[0].values == limits[0].values)
        let statistics = pool.statistics
        // A test in which nothing is reset, or nothing kept, would prove nothing.
        #expect(statistics.resets > 5)
        #expect(statistics.connectionsOpened > 2 && statistics.connectionsOpened < 60)
        try await pool.close()
    }
}

/// Everything that SQLite tells of a session.
private struct SessionPicture: Sendable {
    private var facts: [String: [[SQLValue]]] = [:]

    init(_ connection: SQLiteConnection) async throws {
        for case .text(let name) in try await connection.rows("SELECT name FROM pragma_pragma_list").flatMap({ $0 })
        where !Self.without.contains(name) {
            // Lists come in any order, and the tables that stand for pragmas are on one as soon as they were used.
            facts["PRAGMA \(name)"] = try await connection.rows("PRAGMA \(name)")
                .filter { !"\($0)".contains("\"pragma_") }.sorted { "\($0)" < "\($1)" }
        }
        // SQLite tells the size of the cache only once there is a temporary table.
        for name in ["user_version", "application_id", "journal_mode", "max_page_count", "page_size"] {
            facts["PRAGMA temp.\(name)"] = try await connection.rows("PRAGMA temp.\(name)")
        }
        for table in ["sqlite_temp_master", "sqlite_master", "sqlite_sequence"] {
            facts[table] = try await connection.rows("SELECT * FROM \(table)")
        }
        facts["names of databases"] = try await connection.rows("SELECT name, file FROM pragma_database_list")
            .filter { $0[0] != .text("temp") }
        facts["transaction"] = [[.bool(connection.isTransactionOpen)]]
    }

    func differences(from other: Self) -> [String] {
        facts.keys.filter { facts[$0] != other.facts[$0] }.sorted().map { key in
            "\(key): \(facts[key] ?? []), but new \(other.facts[key] ?? [])"
        }
    }

    /// What does something, what needs an argument, and what tells of other connections. The temporary database is on
    /// the list of databases once it was looked at.
    private static let without: Set<String> = [
        "wal_checkpoint", "optimize", "incremental_vacuum", "shrink_memory", "integrity_check", "quick_check",
        "foreign_key_check", "case_sensitive_like", "data_version", "database_list", "freelist_count", "table_list",
        "stats",
    ]
}

/// Statements of every kind, those that change a session among them.
private enum RandomStatement {
    static func text(using random: inout SeededRandom, folder: String) -> String {
        func one(_ texts: [String]) -> String { texts.randomElement(using: &random) ?? "" }
        let place = one(["TEMP TABLE ", "TABLE temp.", "TABLE TEMP.", "TABLE "])
        let name = one(["m", "n", "o", "\"odd \"\"name\"", "words"])
        switch Int.random(in: 0..<12, using: &random) {
        case 0: return "CREATE \(place)\(name)(id INTEGER PRIMARY KEY\(one(["", " AUTOINCREMENT"])), a)"
        case 1: return "CREATE \(one(["TEMP VIEW ", "VIEW temp.", "VIEW "]))\(name) AS SELECT 'evil' AS a"
        case 2:
            let trigger = one(["TEMP TRIGGER r", "TRIGGER temp.r", "TRIGGER main.r"])
            return "CREATE \(trigger) AFTER INSERT ON \(one(["main.m", "m", "n"])) BEGIN DELETE FROM m; END"
        case 3:
            return "CREATE VIRTUAL TABLE \(one(["temp.", "main.", ""]))v USING \(one(["fts5(text)", "rtree(i, a, b)"]))"
        case 4: return "INSERT INTO \(one(["", "temp.", "main."]))\(name)(a) VALUES ('row')"
        case 5:
            return
                "DROP \(one(["TABLE", "VIEW", "TRIGGER"])) IF EXISTS \(one(["temp.", "main.n", ""]))\(one(["o", "r"]))"
        case 6: return "ATTACH '\(one([":memory:", "", folder + "/other.db"]))' AS \(one(["other", "third"]))"
        case 7:
            return one(["DETACH other", "CREATE TABLE other.m(a)", "PRAGMA other.user_version = 3", "ANALYZE temp"])
        case 8:
            return one(["BEGIN", "BEGIN IMMEDIATE", "SAVEPOINT s", "COMMIT", "ROLLBACK", "RELEASE s", "ROLLBACK TO s"])
        case 9: return "ALTER TABLE \(one(["temp.", "main.", ""]))\(name) RENAME TO \(one(["n", "p"]))"
        case 10:
            return one([
                "SELECT twice(a), count(*) OVER () FROM m", "SELECT bm25(words) FROM words('row')", "VACUUM",
                "SELECT json_extract('[1]', '$[0]'), datetime('now'), random()", "UPDATE m SET a = upper(a)", "ANALYZE",
                "INSERT INTO temp.sqlite_sequence VALUES ('m', 7)", "REINDEX", "DELETE FROM m",
            ])
        default: return pragma(using: &random)
        }
    }

    private static func pragma(using random: inout SeededRandom) -> String {
        let settings = [
            "analysis_limit", "application_id", "automatic_index", "busy_timeout", "cache_size", "cache_spill",
            "case_sensitive_like", "cell_size_check", "checkpoint_fullfsync", "count_changes", "defer_foreign_keys",
            "foreign_keys", "full_column_names", "fullfsync", "hard_heap_limit", "ignore_check_constraints",
            "journal_mode", "journal_size_limit", "legacy_alter_table", "max_page_count", "mmap_size", "query_only",
            "read_uncommitted", "recursive_triggers", "reverse_unordered_selects", "secure_delete",
            "short_column_names", "soft_heap_limit", "synchronous", "table_info", "temp_store", "threads",
            "trusted_schema", "user_version", "wal_autocheckpoint", "wal_checkpoint", "writable_schema",
        ]
        let name = settings.randomElement(using: &random) ?? ""
        let schema = ["", "", "", "main.", "temp.", "TEMP."].randomElement(using: &random) ?? ""
        // As a limit of the process the number is too large to be felt, if nothing refuses it.
        let value = ["0", "1", "2", "900000000000", "memory", "off"].randomElement(using: &random) ?? ""
        return "PRAGMA \(schema)\(name)" + (random.oneIn(5) ? "" : " = \(value)")
    }

    /// In every way that the lease has; what is wrong with a statement does not matter here.
    static func run(_ text: String, on lease: inout Lease<SQLiteDriver>) async {
        do {
            switch text.utf8.count % 4 {
            case 0: _ = try await lease.execute(SQL(raw: text))
            case 1: _ = try await lease.query(SQL(raw: text))
            case 2: try await lease.executeScript(text + "; SELECT 1")
            default: _ = try await lease.prepare(SQL(raw: text))
            }
        } catch {
            #expect(error is SQLiteError)
        }
    }
}
