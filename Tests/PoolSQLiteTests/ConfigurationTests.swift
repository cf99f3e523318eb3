import Testing

@testable import PoolSQLite

@Suite("SQLiteConfiguration")
struct ConfigurationTests {
    @Test("the defaults are those that the documentation states")
    func defaults() throws {
        let configuration = try SQLiteConfiguration(path: "shop.db")
        #expect(configuration.location == .path("shop.db"))
        #expect(!configuration.isReadOnly)
        #expect(configuration.createsFile)
        #expect(configuration.pageSize == nil)
        #expect(configuration.journalMode == .wal)
        #expect(configuration.synchronous == .normal)
        #expect(configuration.busyTimeout == .seconds(5))
        #expect(configuration.enforcesForeignKeys)
        #expect(configuration.pragmas.isEmpty)
        #expect(configuration.statementCacheCapacity == 100)
        #expect(configuration.execution == .driver)
        #expect(configuration.maximumPages == nil)
        #expect(configuration.functions.isEmpty)
        #expect(try SQLiteConfiguration(.path("x"), journalMode: .delete).synchronous == .full)
    }

    private func check(
        _ property: String, _ value: String, sourceLocation: SourceLocation = #_sourceLocation,
        _ make: () throws -> SQLiteConfiguration
    ) {
        do {
            _ = try make()
            Issue.record("\(property) = \(value) was accepted", sourceLocation: sourceLocation)
        } catch let error as PoolConfigurationError {
            #expect(error.property == "SQLiteConfiguration.\(property)", sourceLocation: sourceLocation)
            #expect(value.isEmpty || error.value.contains(value), sourceLocation: sourceLocation)
            #expect(!error.rule.isEmpty, sourceLocation: sourceLocation)
        } catch {
            Issue.record("\(error)", sourceLocation: sourceLocation)
        }
    }

    @Test("a bad value throws, and names the property, the value and the rule")
    func badValues() throws {
        check("location", "\"\"") { try SQLiteConfiguration(path: "") }
        check("location", "a\0b") { try SQLiteConfiguration(path: "a\0b") }
        check("location", "http://x") { try SQLiteConfiguration(.url("http://x")) }
        check("location", "file:") { try SQLiteConfiguration(.url("file:")) }
        check("location", "mode=no") { try SQLiteConfiguration(.url("file:x?mode=no")) }
        check("location", "cache=shared") { try SQLiteConfiguration(.url("file:x?cache=shared")) }
        check("location", "vfs=memdb") { try SQLiteConfiguration(.url("file:x?vfs=memdb")) }
        for size in [0, 511, 513, 131_072, -4096] {
            check("pageSize", "\(size)") { try SQLiteConfiguration(.memory, pageSize: size) }
        }
        check("busyTimeout", "-1") { try SQLiteConfiguration(.memory, busyTimeout: .seconds(-1)) }
        check("busyTimeout", "7200") { try SQLiteConfiguration(.memory, busyTimeout: .seconds(7200)) }
        check("statementCacheCapacity", "-1") { try SQLiteConfiguration(.memory, statementCacheCapacity: -1) }
        check("statementCacheCapacity", "10001") { try SQLiteConfiguration(.memory, statementCacheCapacity: 10_001) }
        check("maximumPages", "0") { try SQLiteConfiguration(.memory, maximumPages: 0) }
        check("pragmas", "a b") { try SQLiteConfiguration(.memory, pragmas: [.init("a b", "1")]) }
        check("pragmas", "1a") { try SQLiteConfiguration(.memory, pragmas: [.init("1a", "1")]) }
        check("pragmas", "journal_mode") { try SQLiteConfiguration(.memory, pragmas: [.init("journal_mode", "off")]) }
        check("pragmas", "Encoding") { try SQLiteConfiguration(.memory, pragmas: [.init("Encoding", "UTF-16")]) }
        check("pragmas", "cache_size") { try SQLiteConfiguration(.memory, pragmas: [.init("cache_size", "")]) }
        let nothing: @Sendable ([SQLValue]) throws -> SQLValue = { _ in .null }
        check("functions", "\"\"") {
            try SQLiteConfiguration(.memory, functions: [SQLiteFunction("", argumentCount: 1, body: nothing)])
        }
        check("functions", "128") {
            try SQLiteConfiguration(.memory, functions: [SQLiteFunction("f", argumentCount: 128, body: nothing)])
        }
    }

    @Test("each number and duration has both bounds, and its extremes are refused or work")
    func extremes() async throws {
        typealias Make = @Sendable (Int) throws -> SQLiteConfiguration
        let folder = TemporaryFolder()
        let location = SQLiteConfiguration.Location.path(folder.file())
        let properties: [(name: String, allowed: ClosedRange<Int>, make: Make)] = [
            ("pageSize", 512...65_536, { try SQLiteConfiguration(location, pageSize: $0) }),
            ("busyTimeout", 0...3_600, { try SQLiteConfiguration(location, busyTimeout: .seconds($0)) }),
            ("statementCacheCapacity", 0...10_000, { try SQLiteConfiguration(location, statementCacheCapacity: $0) }),
            ("maximumPages", 1...4_294_967_294, { try SQLiteConfiguration(location, maximumPages: $0) }),
            (
                "resultLimit", 1...(1 << 50),
                { try SQLiteConfiguration(location, resultLimit: SQLResultLimit(bytes: $0)) }
            ),
            (
                "resultLimit", 1...(1 << 50),
                { try SQLiteConfiguration(location, resultLimit: SQLResultLimit(rows: $0)) }
            ),
            (
                "functions", 0...127,
                {
                    let function = SQLiteFunction("f", argumentCount: $0) { _ in .null }
                    return try SQLiteConfiguration(location, functions: [function])
                }
            ),
        ]
        for (name, allowed, make) in properties {
            for value in [Int.min, .min + 1, -1, allowed.lowerBound - 1, allowed.upperBound + 1, .max - 1, .max] {
                check(name, "") { try make(value) }
            }
            for value in [allowed.lowerBound, allowed.upperBound] {
                // What is allowed must work too, and not only be taken. A database of one page has no room for a table.
                let configuration = try make(value)
                try await SQLiteDriver(configuration: configuration).with { connection in
                    try await connection.run("SELECT 1")
                    try await connection.reset()
                }
            }
        }
        for value in [
            Duration.nanoseconds(-1), .nanoseconds(Int64.min), .seconds(Int64.max), .seconds(1e20), .seconds(-1e20),
        ] {
            check("busyTimeout", "") { try SQLiteConfiguration(.memory, busyTimeout: value) }
        }
    }

    @Test("a URL with a fragment is refused: SQLite would open, and create, what stands before it")
    func fragment() {
        check("location", "a#b.db") { try SQLiteConfiguration(.url("file:/x/a#b.db?mode=ro")) }
        check("location", "a.db") { try SQLiteConfiguration(.url("file:/x/a.db?mode=ro#b")) }
    }

    @Test("a URL settles what it says")
    func urls() throws {
        #expect(try SQLiteConfiguration(.url("file:x?mode=ro")).isReadOnly)
        #expect(try SQLiteConfiguration(.url("file:x?immutable=1")).isReadOnly)
        #expect(try !SQLiteConfiguration(.url("file:x?mode=rw")).createsFile)
        #expect(try SQLiteConfiguration(.url("file:x?mode=rwc")).createsFile)
        #expect(try SQLiteConfiguration(.url("file:x?mode=memory")).location == .memory)
        #expect(try SQLiteConfiguration(.url("file::memory:")).location == .memory)
        #expect(try SQLiteConfiguration(path: ":memory:").location == .memory)
        #expect(try !SQLiteConfiguration(.path("x"), isReadOnly: true).createsFile)
    }

    @Test("a file with a WAL has one writer, which closes last, and readers")
    func lanesOfFile() throws {
        let driver = SQLiteDriver(configuration: try SQLiteConfiguration(path: "x"))
        let lanes = driver.lanes(maximumConnections: 8)
        #expect(lanes.map(\.name) == ["writer", "reader"])
        #expect(lanes.map(\.maximumConnections) == [1, 7])
        #expect(lanes.map(\.serves) == [[.readWrite], [.readOnly]])
        #expect(lanes.map(\.closesLast) == [true, false])
    }

    @Test("what cannot have readers beside the writer has one connection for both")
    func singleLane() throws {
        let configurations = [
            try SQLiteConfiguration(.memory), try SQLiteConfiguration(.path("x"), journalMode: .delete),
        ]
        for configuration in configurations {
            let lanes = SQLiteDriver(configuration: configuration).lanes(maximumConnections: 8)
            #expect(lanes.map(\.maximumConnections) == [1])
            #expect(lanes.map(\.serves) == [[.readOnly, .readWrite]])
        }
        let one = try SQLiteDriver(configuration: SQLiteConfiguration(path: "x")).lanes(maximumConnections: 1)
        #expect(one.map(\.maximumConnections) == [1])
        #expect(one.map(\.serves) == [[.readOnly, .readWrite]])
    }

    @Test("a read-only configuration has readers for both kinds of access")
    func readOnlyLanes() throws {
        let driver = SQLiteDriver(configuration: try SQLiteConfiguration(.path("x"), isReadOnly: true))
        let lanes = driver.lanes(maximumConnections: 8)
        #expect(lanes.map(\.name) == ["reader"])
        #expect(lanes.map(\.maximumConnections) == [8])
        #expect(lanes.map(\.serves) == [[.readOnly, .readWrite]])
    }

    @Test("each connection is set as the configuration says")
    func settings() async throws {
        let database = try TestDatabase(
            pageSize: 8192, pragmas: [.init("cache_size", "-512"), .init("temp_store", "MEMORY")], maximumPages: 1000)
        try await database.with(.writer) { connection async throws in
            #expect(try await connection.value("PRAGMA page_size") == .int(8192))
            #expect(try await connection.value("PRAGMA journal_mode") == .text("wal"))
            #expect(try await connection.value("PRAGMA synchronous") == .int(1))
            #expect(try await connection.value("PRAGMA foreign_keys") == .int(1))
            #expect(try await connection.value("PRAGMA cache_size") == .int(-512))
            #expect(try await connection.value("PRAGMA temp_store") == .int(2))
            #expect(try await connection.value("PRAGMA max_page_count") == .int(1000))
            #expect(connection.condition == .clean)
        }
    }

    private static let pragmasOfFile: [SQLiteConfiguration.Pragma] = [
        .init("application_id", "0x12345678"), .init("Auto_Vacuum", "INCREMENTAL"), .init("user_version", "3"),
        .init("cache_size", "-512"),
    ]

    private func expectSettingsOfFile(_ connection: SQLiteConnection) async throws {
        #expect(try await connection.value("PRAGMA auto_vacuum") == .int(2))
        #expect(try await connection.value("PRAGMA application_id") == .int(0x1234_5678))
        #expect(try await connection.value("PRAGMA cache_size") == .int(-512))
        #expect(connection.condition == .clean)
    }

    @Test("what belongs to the file is set when it is created", arguments: SQLiteConfiguration.JournalMode.allCases)
    func settingsOfFile(mode: SQLiteConfiguration.JournalMode) async throws {
        let database = try TestDatabase(pageSize: 1024, journalMode: mode, pragmas: Self.pragmasOfFile)
        try await database.with(.reader) { reader async throws in
            try await expectSettingsOfFile(reader)
            #expect(try await reader.value("PRAGMA page_size") == .int(1024))
            #expect(try await reader.value("PRAGMA user_version") == .int(3))
        }
        try await database.with(mode == .wal ? .writer : .main) { writer async throws in
            try await expectSettingsOfFile(writer)
            #expect(try await writer.value("PRAGMA journal_mode") == .text(mode.rawValue))
            try await writer.run("PRAGMA user_version = 4")
            try await writer.run("CREATE TEMP TABLE t(a)")
            try await writer.reset()
            #expect(try await writer.value("PRAGMA user_version") == .int(4))
        }
        #expect(try await database.with { try await $0.value("PRAGMA user_version") } == .int(4))
    }

    @Test("a database in memory has what belongs to a file, too")
    func settingsOfMemory() async throws {
        let configuration = try SQLiteConfiguration(.memory, pragmas: Self.pragmasOfFile)
        try await SQLiteDriver(configuration: configuration).with { try await expectSettingsOfFile($0) }
    }

    @Test("what belongs to the file does not change one that exists")
    func settingsOfExistingFile() async throws {
        let database = try TestDatabase()
        try await database.with { _ = try await $0.run("CREATE TABLE t(a)") }
        let later = SQLiteDriver(
            configuration: try SQLiteConfiguration(.path(database.path), pragmas: Self.pragmasOfFile))
        for role in [LaneRole.reader, .writer] {
            try await later.with(role) { connection async throws in
                #expect(try await connection.value("PRAGMA auto_vacuum") == .int(0))
                #expect(try await connection.value("PRAGMA application_id") == .int(0))
                #expect(try await connection.value("PRAGMA cache_size") == .int(-512))
            }
        }
    }

    @Test("a setting of the file that a lease changes for its connection needs a new connection")
    func changedSettingOfFile() async throws {
        let database = try TestDatabase(pragmas: Self.pragmasOfFile)
        try await database.with { connection async throws in
            try await connection.run("PRAGMA auto_vacuum = FULL")
            #expect(connection.condition == .dirty)
            let error = try await sqliteError { try await connection.reset() }
            #expect(error.message.contains("auto_vacuum"))
        }
    }

    @Test("a PRAGMA that SQLite does not know makes connecting fail")
    func unknownPragma() async throws {
        let database = try TestDatabase(pragmas: [.init("no_such_setting", "1")])
        let error = try await sqliteError { try await database.driver.connect(.main) }
        #expect(error.message.contains("no_such_setting"))
        #expect(database.driver.verdict(on: error) == .refused)
    }

    @Test("foreign keys are enforced unless the configuration turns them off")
    func foreignKeys() async throws {
        let schema = "CREATE TABLE a(id INTEGER PRIMARY KEY); CREATE TABLE b(a REFERENCES a)"
        try await TestDatabase().with { connection async throws in
            try await connection.executeScript(schema)
            let error = try await sqliteError { try await connection.run("INSERT INTO b VALUES (1)") }
            #expect(error.code == .constraintForeignKey)
        }
        let folder = TemporaryFolder()
        let driver = SQLiteDriver(
            configuration: try SQLiteConfiguration(.path(folder.file()), enforcesForeignKeys: false))
        try await driver.with { connection async throws in
            try await connection.executeScript(schema)
            #expect(try await connection.run("INSERT INTO b VALUES (1)").affectedRows == 1)
        }
    }
}
