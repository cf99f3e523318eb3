import PoolCore
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
        #expect(configuration.execution == .connectionThread)
        #expect(configuration.maximumPages == nil)
        #expect(configuration.functions.isEmpty)
        #expect(try SQLiteConfiguration(.path("x"), journalMode: .delete).synchronous == .full)
    }

    @Test("a bad value throws, and names the property, the value and the rule")
    func badValues() throws {
        func check(
            _ property: String, _ value: String, sourceLocation: SourceLocation = #_sourceLocation,
            _ make: () throws -> SQLiteConfiguration
        ) {
            do {
                _ = try make()
                Issue.record("\(property) = \(value) was accepted", sourceLocation: sourceLocation)
            } catch let error as PoolConfigurationError {
                #expect(error.property == "SQLiteConfiguration.\(property)", sourceLocation: sourceLocation)
                #expect(error.value.contains(value), sourceLocation: sourceLocation)
                #expect(!error.rule.isEmpty, sourceLocation: sourceLocation)
            } catch {
                Issue.record("\(error)", sourceLocation: sourceLocation)
            }
        }
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
        check("pragmas", "cache_size") { try SQLiteConfiguration(.memory, pragmas: [.init("cache_size", "")]) }
        let nothing: @Sendable ([SQLValue]) throws -> SQLValue = { _ in .null }
        check("functions", "\"\"") {
            try SQLiteConfiguration(.memory, functions: [SQLiteFunction("", argumentCount: 1, body: nothing)])
        }
        check("functions", "128") {
            try SQLiteConfiguration(.memory, functions: [SQLiteFunction("f", argumentCount: 128, body: nothing)])
        }
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
        let lanes = try driver.lanes(maximumConnections: 8)
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
            let lanes = try SQLiteDriver(configuration: configuration).lanes(maximumConnections: 8)
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
        let lanes = try driver.lanes(maximumConnections: 8)
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
