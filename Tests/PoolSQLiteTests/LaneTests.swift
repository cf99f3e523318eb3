import Foundation
import Testing

@testable import PoolSQLite

@Suite("Lanes of an SQLite pool")
struct LaneTests {
    @Test("a reader may come first: it finds the file made, with a WAL")
    func readerFirst() async throws {
        let database = try TestDatabase()
        try await database.with(.reader) { reader async throws in
            #expect(try await reader.value("PRAGMA journal_mode") == .text("wal"))
            #expect(try await reader.value("SELECT count(*) FROM sqlite_master") == .int(0))
        }
    }

    @Test("connections that open all at once find one file")
    func racingConnects() async throws {
        for _ in 0..<10 {
            let database = try TestDatabase(busyTimeout: .seconds(5))
            let driver = database.driver
            let connections = try await withThrowingTaskGroup(of: SQLiteConnection.self) { group in
                for number in 0..<8 {
                    group.addTask { try await driver.connect(number == 0 ? .writer : .reader) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(connections.count == 8)
            for connection in connections {
                #expect(try await connection.value("PRAGMA journal_mode") == .text("wal"))
                await connection.close(.orderly)
            }
        }
    }

    @Test("a database in memory outlives its connection, and ends with its driver")
    func memory() async throws {
        let driver = SQLiteDriver(configuration: try SQLiteConfiguration(.memory))
        try await driver.with { try await $0.executeScript("CREATE TABLE t(a); INSERT INTO t VALUES (7)") }
        try await driver.with { connection async throws in
            #expect(try await connection.value("SELECT a FROM t") == .int(7))
            #expect(try await connection.value("PRAGMA foreign_keys") == .int(1))
        }
        try await SQLiteDriver(configuration: SQLiteConfiguration(.memory)).with { connection async throws in
            #expect(try await connection.value("SELECT count(*) FROM sqlite_master") == .int(0))
        }
    }

    @Test("a read-only configuration reads what others write, and refuses to write")
    func readOnly() async throws {
        let database = try TestDatabase()
        try await database.with(.writer) { writer async throws in
            try await writer.executeScript("CREATE TABLE t(a); INSERT INTO t VALUES (7)")
            let reading = SQLiteDriver(configuration: try SQLiteConfiguration(.path(database.path), isReadOnly: true))
            try await reading.with(.reader) { reader async throws in
                #expect(try await reader.value("SELECT a FROM t") == .int(7))
                let error = try await sqliteError { try await reader.run("DELETE FROM t") }
                #expect(error.code == .readOnly)
                try await reader.transaction(.begin(SQLTransactionOptions()))
                try await reader.transaction(.commit)
            }
        }
    }

    @Test(
        "other journal modes work",
        arguments: [
            SQLiteConfiguration.JournalMode.delete, .truncate, .persist, .memory, .off,
        ])
    func journalModes(mode: SQLiteConfiguration.JournalMode) async throws {
        try await TestDatabase(journalMode: mode).with { connection async throws in
            #expect(try await connection.value("PRAGMA journal_mode") == .text(mode.rawValue))
            try await connection.run("CREATE TABLE t(a)")
            #expect(try await connection.run("INSERT INTO t VALUES (1)").affectedRows == 1)
        }
    }

    @Test("URLs and odd file names open the file that they name")
    func names() async throws {
        let folder = TemporaryFolder()
        let schema = "CREATE TABLE t(a)"
        let url = SQLiteDriver(configuration: try SQLiteConfiguration(.url("file://\(folder.file("a%20b.db"))")))
        _ = try await url.with { try await $0.run(schema) }
        #expect(FileManager.default.fileExists(atPath: folder.file("a b.db")))
        let odd = SQLiteDriver(configuration: try SQLiteConfiguration(path: folder.file("file:ü?mode=ro")))
        _ = try await odd.with { try await $0.run(schema) }
        #expect(FileManager.default.fileExists(atPath: folder.file("file:ü?mode=ro")))
    }

    @Test("an orderly close of the last connection leaves one file, without a WAL")
    func closeLeavesOneFile() async throws {
        let database = try TestDatabase()
        try await database.with(.writer) { writer async throws in
            try await writer.run("CREATE TABLE t(a)")
            try await database.with(.reader) { _ = try await $0.rows("SELECT * FROM t") }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: database.folder.path) == ["test.db"])
    }

    @Test("statements run on a thread of the connection's own, and its executor is that thread")
    func threads() async throws {
        let database = try TestDatabase()
        try await database.with { connection async throws in
            let executor = try #require(connection.executor)
            let task = Task(executorPreference: executor) { try await connection.value("SELECT 7") }
            #expect(try await task.value == .int(7))
        }
    }

    @Test("a pool sends readers to readers and writers to the writer, and loses no update")
    func pool() async throws {
        let folder = TemporaryFolder()
        let pool = try SQLitePool(path: folder.file(), configuration: PoolConfiguration(maximumConnections: 4))
        try await pool.execute("CREATE TABLE counter(value INTEGER NOT NULL)")
        try await pool.execute("INSERT INTO counter VALUES (0)")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<16 {
                group.addTask {
                    for _ in 0..<10 {
                        try await pool.withTransaction { transaction in
                            let value = try await transaction.query("SELECT value FROM counter").decode(Int.self)[0]
                            try await transaction.execute("UPDATE counter SET value = \(value + 1)")
                        }
                    }
                }
                group.addTask {
                    for _ in 0..<10 {
                        try await pool.withConnection(.readOnly) { connection in
                            let count = try await connection.query("SELECT count(*) FROM counter").decode(Int.self)[0]
                            #expect(count == 1)
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let value = try await pool.query("SELECT value FROM counter").decode(Int.self)
        #expect(value == [160])
        await #expect(throws: SQLiteError.self) {
            try await pool.withConnection(.readOnly) { try await $0.execute("DELETE FROM counter") }
        }
        try await pool.close()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["test.db"])
    }

    @Test("a pool in memory keeps its data while it replaces its connection")
    func memoryPool() async throws {
        let pool = try SQLitePool(path: ":memory:")
        try await pool.execute("CREATE TABLE t(a)")
        pool.clear()
        try await pool.withConnection { connection in
            try await connection.execute("PRAGMA case_sensitive_like = ON")
        }
        let count = try await pool.query("SELECT count(*) FROM t").decode(Int.self)
        #expect(count == [0])
        try await pool.close()
    }
}
