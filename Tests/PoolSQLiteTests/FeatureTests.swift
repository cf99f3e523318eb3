import Foundation
import Synchronization
import Testing

@testable import PoolSQLite

@Suite("Functions written in Swift")
struct FunctionTests {
    private static func driver(_ functions: SQLiteFunction...) throws -> SQLiteDriver {
        SQLiteDriver(configuration: try SQLiteConfiguration(.memory, functions: functions))
    }

    @Test(
        "a function gets its arguments and its result comes back, whatever their kinds",
        arguments: [
            SQLValue.null, .int(.min), .double(-.infinity), .text("a\0b"), .text(""), .bytes([]), .bytes([0, 1]),
        ])
    func echo(value: SQLValue) async throws {
        let echo = SQLiteFunction("echo", argumentCount: 1, isDeterministic: true) { $0[0] }
        try await Self.driver(echo).with { connection async throws in
            #expect(try await connection.value("SELECT echo(?)", value) == value)
        }
    }

    @Test("a function may take any number of arguments, and be overloaded by their count")
    func counts() async throws {
        let any = SQLiteFunction("how_many", argumentCount: nil) { .int(Int64($0.count)) }
        let two = SQLiteFunction("how_many", argumentCount: 2) { _ in .text("two") }
        try await Self.driver(any, two).with { connection async throws in
            let row = try await connection.rows("SELECT how_many(), how_many(1), how_many(1, 2), how_many(1, 2, 3)")
            #expect(row == [[.int(0), .int(1), .text("two"), .int(3)]])
        }
    }

    @Test("an error that a function throws ends the statement, with its text")
    func throwing() async throws {
        struct Refused: Error, CustomStringConvertible { var description: String { "refused by the function" } }
        let refuse = SQLiteFunction("refuse", argumentCount: 0) { _ in throw Refused() }
        let nan = SQLiteFunction("not_a_number", argumentCount: 0) { _ in .double(.nan) }
        try await Self.driver(refuse, nan).with { connection async throws in
            let error = try await sqliteError { try await connection.rows("SELECT refuse()") }
            #expect(error.code == .error)
            #expect(error.message == "refused by the function")
            let refused = try await sqliteError { try await connection.rows("SELECT not_a_number()") }
            #expect(refused.message.contains("NaN"))
            #expect(connection.condition == .clean)
        }
    }

    @Test("a deterministic function can be indexed")
    func deterministic() async throws {
        let double = SQLiteFunction("double_it", argumentCount: 1, isDeterministic: true) { arguments in
            guard case .int(let number) = arguments[0] else { return .null }
            return .int(number * 2)
        }
        try await Self.driver(double).with { connection async throws in
            try await connection.executeScript(
                "CREATE TABLE t(a); CREATE INDEX i ON t(double_it(a)); INSERT INTO t VALUES (1), (2)")
            #expect(try await connection.value("SELECT a FROM t WHERE double_it(a) = 4") == .int(2))
        }
    }
}

@Suite("Backups of SQLite databases")
struct BackupTests {
    private func fill(_ connection: SQLiteConnection, rows: Int) async throws {
        try await connection.run("CREATE TABLE t(a, b)")
        try await connection.transaction(.begin(SQLTransactionOptions()))
        let sets = (0..<rows).map { [SQLValue.int(Int64($0))] }
        _ = try await connection.executeBatch(SQL(raw: "INSERT INTO t VALUES (?, zeroblob(1000))"), sets)
        try await connection.transaction(.commit)
    }

    @Test("a backup is a whole database, and tells how far it is")
    func backup() async throws {
        let database = try TestDatabase()
        let copy = database.folder.file("copy.db")
        try await database.with { connection async throws in
            try await fill(connection, rows: 200)
            var steps: [SQLiteBackupProgress] = []
            try await connection.backup(to: copy, pagesPerStep: 10) { steps.append($0) }
            #expect(steps.count > 3)
            #expect(steps.last?.remainingPages == 0)
            #expect(steps.map(\.remainingPages) == steps.map(\.remainingPages).sorted(by: >))
            #expect(Set(steps.map(\.totalPages)).count == 1)
            #expect(connection.condition == .clean)
        }
        try await SQLiteDriver(configuration: SQLiteConfiguration(path: copy)).with { connection async throws in
            #expect(try await connection.value("SELECT count(*) FROM t") == .int(200))
            #expect(try await connection.value("PRAGMA integrity_check") == .text("ok"))
        }
    }

    @Test("a backup shows one moment, although others write meanwhile")
    func concurrentWriter() async throws {
        let database = try TestDatabase()
        let copy = database.folder.file("copy.db")
        try await database.with(.writer) { writer async throws in
            try await fill(writer, rows: 100)
            try await database.with(.reader) { reader async throws in
                let number = try await reader.perform { try $0.beginBackup(to: copy) }
                var steps = 0
                while try await reader.perform({ try $0.stepBackup(number, pages: 5) }).remainingPages > 0 {
                    try await writer.run("INSERT INTO t VALUES (1000, zeroblob(3000))")
                    try await writer.run("DELETE FROM t WHERE a = ?", .int(Int64(steps)))
                    steps += 1
                }
                #expect(steps > 3)
                #expect(reader.condition == .clean)
            }
        }
        try await SQLiteDriver(configuration: SQLiteConfiguration(path: copy)).with { connection async throws in
            #expect(try await connection.rows("SELECT count(*), sum(a) FROM t") == [[.int(100), .int(4950)]])
            #expect(try await connection.value("PRAGMA integrity_check") == .text("ok"))
        }
    }

    @Test("a backup that is stopped leaves nothing behind, and an old file as it was", arguments: [false, true])
    func stopped(hasOldFile: Bool) async throws {
        struct Stop: Error {}
        let database = try TestDatabase()
        let copy = database.folder.file("copy.db")
        let old = SQLiteDriver(configuration: try SQLiteConfiguration(.path(copy), journalMode: .delete))
        if hasOldFile { _ = try await old.with { try await $0.run("CREATE TABLE old(a)") } }
        try await database.with { connection async throws in
            try await fill(connection, rows: 100)
            await #expect(throws: Stop.self) {
                try await connection.backup(to: copy, pagesPerStep: 5) { _ in throw Stop() }
            }
            #expect(connection.condition == .clean)
            let task = Task {
                try await connection.backup(to: copy, pagesPerStep: 1) { _ in
                    unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
                }
            }
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(connection.condition == .clean)
        }
        #expect(FileManager.default.fileExists(atPath: copy) == hasOldFile)
        if hasOldFile {
            try await old.with { connection async throws in
                #expect(try await connection.rows("SELECT name FROM sqlite_master") == [[.text("old")]])
            }
        }
    }

    @Test("bad destinations are refused")
    func badDestinations() async throws {
        let database = try TestDatabase()
        try await database.with { connection async throws in
            try await fill(connection, rows: 10)
            let itself = try await sqliteError {
                try await connection.backup(to: database.path, pagesPerStep: 1) { _ in }
            }
            #expect(itself.message.contains("the database itself"))
            let folder = try await sqliteError {
                try await connection.backup(to: database.folder.path, pagesPerStep: 1) { _ in }
            }
            #expect(folder.code == .cannotOpenIsDirectory)
            let pages = try await sqliteError { try await connection.backup(to: "x", pagesPerStep: 0) { _ in } }
            #expect(pages.code == .misuse)
            #expect(connection.condition == .clean)
        }
    }

    @Test("a lease of a pool can make a backup")
    func lease() async throws {
        let database = try TestDatabase()
        let pool = try SQLitePool(database: database.driver.configuration)
        try await pool.execute("CREATE TABLE t(a)")
        try await pool.withConnection(.readOnly) { connection in
            try await connection.backup(to: database.folder.file("copy.db"))
        }
        try await pool.close()
        #expect(FileManager.default.fileExists(atPath: database.folder.file("copy.db")))
    }
}

@Suite("Blobs of SQLite in parts")
struct BlobTests {
    private static let address = SQLiteBlobAddress(schema: "main", table: "t", column: "a", row: 1)

    private func with(_ body: (SQLiteConnection) async throws -> Void) async throws {
        try await TestDatabase().with { connection async throws in
            try await connection.executeScript("CREATE TABLE t(a, n); INSERT INTO t VALUES (zeroblob(1000), 7)")
            try await body(connection)
        }
    }

    @Test("parts are written and read back, up to the very end")
    func writeAndRead() async throws {
        try await with { connection async throws in
            let size = try await connection.withBlob(Self.address, access: .readWrite) { blob in
                try await blob.write([1, 2, 3], at: 0)
                try await blob.write([9], at: 999)
                try await blob.write([], at: 1000)
                let start = try await blob.read(at: 0, count: 4)
                #expect(start == [1, 2, 3, 0])
                let end = try await blob.read(at: 998, count: 2)
                #expect(end == [0, 9])
                let nothing = try await blob.read(at: 1000, count: 0)
                #expect(nothing == [])
                return blob.size
            }
            #expect(size == 1000)
            #expect(connection.condition == .clean)
            #expect(try await connection.value("SELECT hex(substr(a, 1, 3)) FROM t") == .text("010203"))
        }
    }

    @Test("what is not inside the blob is refused", arguments: [(0, 1001), (1000, 1), (-1, 1), (1, -1), (Int.max, 1)])
    func range(offset: Int, count: Int) async throws {
        try await with { connection async throws in
            try await connection.withBlob(Self.address, access: .readOnly) { blob in
                do {
                    _ = try await blob.read(at: offset, count: count)
                    Issue.record("the read was accepted")
                } catch let error as SQLiteError {
                    #expect(error.code == .range)
                }
            }
            #expect(connection.condition == .clean)
        }
    }

    @Test("a blob opened for reading cannot be written")
    func readOnly() async throws {
        try await with { connection async throws in
            let error = try await sqliteError {
                try await connection.withBlob(Self.address, access: .readOnly) { try await $0.write([1], at: 0) }
            }
            #expect(error.code == .readOnly)
            #expect(connection.condition == .clean)
        }
    }

    @Test("a row that changes while its blob is open ends the blob, with a clear error")
    func expired() async throws {
        try await with { connection async throws in
            let error = try await sqliteError {
                try await connection.withBlob(Self.address, access: .readOnly) { blob in
                    try await connection.run("UPDATE t SET a = zeroblob(10)")
                    return try await blob.read(at: 0, count: 1)
                }
            }
            #expect(error.code == .abort)
            #expect(error.message.contains("while its blob was open"))
            #expect(connection.condition == .clean)
        }
    }

    @Test("a blob whose connection was closed under it does not pass for one that was written")
    func closedUnderneath() async throws {
        for access in [PoolAccess.readOnly, .readWrite] {
            let database = try TestDatabase()
            let connection = try await database.driver.connect(.main)
            try await connection.executeScript("CREATE TABLE t(a); INSERT INTO t VALUES (zeroblob(3))")
            let close = {
                try await connection.withBlob(Self.address, access: access) { _ in
                    await connection.close(.forced)
                }
            }
            if access == .readOnly {
                try await close()
            } else {
                let error = try await sqliteError { try await close() }
                #expect(error.code == .abort)
            }
        }
    }

    @Test("a row, a column or a kind that is not there is an error")
    func missing() async throws {
        try await with { connection async throws in
            for (column, row) in [("a", 99), ("nothing", 1), ("n", 1)] {
                let address = SQLiteBlobAddress(schema: "main", table: "t", column: column, row: Int64(row))
                await #expect(throws: SQLiteError.self) {
                    try await connection.withBlob(address, access: .readOnly) { _ in }
                }
                #expect(connection.condition == .clean)
            }
        }
    }

    @Test("what a transaction writes to a blob is kept and undone with it")
    func transaction() async throws {
        struct Stop: Error {}
        let pool = try SQLitePool(path: ":memory:")
        try await pool.execute("CREATE TABLE t(a)")
        try await pool.execute("INSERT INTO t VALUES (zeroblob(3))")
        await #expect(throws: Stop.self) {
            try await pool.withTransaction { transaction in
                try await transaction.withBlob(table: "t", column: "a", row: 1, access: .readWrite) { blob in
                    try await blob.write([9, 9, 9], at: 0)
                }
                throw Stop()
            }
        }
        try await pool.withTransaction { transaction in
            try await transaction.withBlob(table: "t", column: "a", row: 1, access: .readWrite) { blob in
                try await blob.write([1], at: 0)
            }
            try await transaction.transaction { nested in
                try await nested.withBlob(table: "t", column: "a", row: 1, access: .readWrite) { blob in
                    try await blob.write([2], at: 1)
                }
                nested.setRollbackOnly()
            }
            let inside = try await transaction.withBlob(table: "t", column: "a", row: 1) { blob in
                try await blob.read(at: 0, count: 3)
            }
            #expect(inside == [1, 0, 0])
        }
        let stored = try await pool.query("SELECT hex(a) FROM t").decode(String.self)
        #expect(stored == ["010000"])
        try await pool.close()
    }

    @Test("a lease of a pool can open a blob")
    func lease() async throws {
        let pool = try SQLitePool(path: ":memory:")
        try await pool.execute("CREATE TABLE t(a)")
        try await pool.execute("INSERT INTO t VALUES (zeroblob(10))")
        let byte = try await pool.withConnection { connection in
            try await connection.withBlob(table: "t", column: "a", row: 1, access: .readWrite) { blob in
                try await blob.write([7], at: 3)
                return try await blob.read(at: 3, count: 1)
            }
        }
        #expect(byte == [7])
        try await pool.close()
    }
}
