import CSQLite
import Foundation
import Testing

@testable import PoolSQLite

@Suite("Bad input to SQLite")
struct BadInputTests {
    private func connectError(
        _ configuration: SQLiteConfiguration, _ role: LaneRole = .main
    ) async throws -> SQLiteError {
        let driver = SQLiteDriver(configuration: configuration)
        let error = try await sqliteError { try await driver.connect(role) }
        #expect(driver.verdict(on: error) == .refused)
        #expect(error.remedy != nil)
        return error
    }

    @Test("a missing file is named, with the way to have it created")
    func missingFile() async throws {
        let folder = TemporaryFolder()
        let path = folder.file("missing.db")
        for role in [LaneRole.writer, .reader, .main] {
            let error = try await connectError(SQLiteConfiguration(.path(path), createsFile: false), role)
            #expect(error.code.primary == .cannotOpen)
            #expect(error.message == "Cannot open \"\(path)\": there is no such file")
        }
        let readOnly = try await connectError(SQLiteConfiguration(.path(path), isReadOnly: true), .reader)
        #expect(readOnly.message.hasSuffix("there is no such file"))
        let url = try await connectError(SQLiteConfiguration(.url("file://\(path)?mode=rw")))
        #expect(url.message == "Cannot open \"\(path)\": there is no such file")
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("a missing folder is named")
    func missingFolder() async throws {
        let folder = TemporaryFolder()
        let error = try await connectError(SQLiteConfiguration(path: folder.path + "/no/where/test.db"))
        #expect(error.message.hasSuffix("there is no folder \"\(folder.path)/no/where\""))
    }

    @Test("a folder as the path is said to be one")
    func folderAsPath() async throws {
        let folder = TemporaryFolder()
        let error = try await connectError(SQLiteConfiguration(path: folder.path))
        #expect(error.code == .cannotOpenIsDirectory)
        #expect(error.message.hasSuffix("it is a folder"))
        let reader = try await connectError(SQLiteConfiguration(.path(folder.path), isReadOnly: true), .reader)
        #expect(reader.message.hasSuffix("it is a folder"))
    }

    @Test("a file in place of a folder on the path is an error")
    func fileAsFolder() async throws {
        let folder = TemporaryFolder()
        try Data("x".utf8).write(to: URL(fileURLWithPath: folder.file("plain")))
        let error = try await connectError(SQLiteConfiguration(path: folder.file("plain/test.db")))
        #expect(error.code.primary == .cannotOpen)
    }

    @Test("a path without permission is an error that names the permission")
    func noPermission() async throws {
        // What the kernel itself refuses even to the superuser.
        #if os(Linux)
        let error = try await connectError(SQLiteConfiguration(path: "/proc/test.db"))
        #expect(error.message.hasSuffix("its folder cannot be written to"))
        #expect(error.remedy?.contains("write permission") == true)
        #endif
        // Permission bits mean nothing to the superuser.
        if getuid() == 0 { return }
        let folder = TemporaryFolder()
        try Data().write(to: URL(fileURLWithPath: folder.file()))
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: folder.file())
        let unreadable = try await connectError(SQLiteConfiguration(path: folder.file()))
        #expect(unreadable.message.contains("this user may not"))
        try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: folder.file())
        let unwritable = try await connectError(SQLiteConfiguration(path: folder.file()))
        #expect(unwritable.code == .readOnly)
    }

    @Test("a file that is not a database is refused as the connection opens", arguments: [LaneRole.main, .reader])
    func notADatabase(role: LaneRole) async throws {
        let folder = TemporaryFolder()
        let contents = Data(String(repeating: "This is no database. ", count: 200).utf8)
        try contents.write(to: URL(fileURLWithPath: folder.file()))
        let error = try await connectError(SQLiteConfiguration(path: folder.file()), role)
        #expect(error.code == .notADatabase)
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file())) == contents)
    }

    @Test("a damaged page is reported as such, and the connection is given up")
    func corruptPage() async throws {
        let database = try TestDatabase(pageSize: 1024)
        try await database.with { connection async throws in
            try await connection.run("CREATE TABLE t(a)")
            let sets = (0..<500).map { [SQLValue.text("row \($0) \(String(repeating: "x", count: 50))")] }
            try await connection.transaction(.begin(SQLTransactionOptions()))
            _ = try await connection.executeBatch(SQL(raw: "INSERT INTO t VALUES (?)"), sets)
            try await connection.transaction(.commit)
            try await connection.run("PRAGMA wal_checkpoint(TRUNCATE)")
        }
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: database.path))
        // Behind the schema, so that only the table is damaged.
        try file.seek(toOffset: 1024)
        try file.write(contentsOf: Data(repeating: 0x5A, count: 8 * 1024))
        try file.close()
        try await database.with(.reader) { connection async throws in
            #expect(try await connection.value("SELECT 1") == .int(1))
            let error = try await sqliteError { try await connection.rows("SELECT count(a) FROM t WHERE a > ''") }
            #expect(error.code.primary == .corrupt)
            #expect(error.remedy?.contains("backup") == true)
            #expect(database.driver.verdict(on: error) == .discard)
            #expect(connection.condition == .broken)
        }
    }

    @Test("a full disk is an error that a retry after making room survives")
    func full() async throws {
        let database = try TestDatabase(maximumPages: 10)
        try await database.with { connection async throws in
            try await connection.run("CREATE TABLE t(a)")
            let error = try await sqliteError {
                try await connection.run("INSERT INTO t VALUES (zeroblob(1000000))")
            }
            #expect(error.code == .full)
            #expect(error.remedy?.contains("maximumPages") == true)
            #expect(database.driver.verdict(on: error) == .keep)
            #expect(connection.condition == .clean)
            #expect(try await connection.run("INSERT INTO t VALUES (1)").affectedRows == 1)
        }
    }

    @Test("a lock that another process holds is waited for no longer than the timeout")
    func busy() async throws {
        let database = try TestDatabase(busyTimeout: .milliseconds(30))
        try await database.with { connection async throws in
            try await connection.run("CREATE TABLE t(a)")
            // Another handle of the C library locks as another process would.
            var other: OpaquePointer?
            unsafe #expect(sqlite3_open(database.path, &other) == SQLITE_OK)
            defer { unsafe sqlite3_close(other) }
            unsafe #expect(sqlite3_exec(other, "BEGIN IMMEDIATE", nil, nil, nil) == SQLITE_OK)
            let start = ContinuousClock.now
            let error = try await sqliteError { try await connection.run("INSERT INTO t VALUES (1)") }
            #expect(error.code.primary == .busy)
            #expect(error.remedy?.contains("busyTimeout") == true)
            #expect(ContinuousClock.now - start >= .milliseconds(30))
            #expect(connection.condition == .clean)
            unsafe #expect(sqlite3_exec(other, "COMMIT", nil, nil, nil) == SQLITE_OK)
            #expect(try await connection.run("INSERT INTO t VALUES (1)").affectedRows == 1)
        }
    }

    @Test("a lock that is given up in time is waited for")
    func busyUntilReleased() async throws {
        let running = Signal()
        let folder = TemporaryFolder()
        func driver(_ functions: [SQLiteFunction]) throws -> SQLiteDriver {
            SQLiteDriver(configuration: try SQLiteConfiguration(.path(folder.file()), functions: functions))
        }
        try await driver([]).with { holder async throws in
            try await driver([running.function]).with { waiter async throws in
                try await holder.run("CREATE TABLE t(a)")
                try await holder.transaction(.begin(SQLTransactionOptions()))
                let task = Task {
                    _ = try await waiter.value("SELECT signal(1)")
                    return try await waiter.run("INSERT INTO t VALUES (1)")
                }
                await running.wait()
                try await holder.transaction(.commit)
                #expect(try await task.value.affectedRows == 1)
            }
        }
    }

    @Test("an unknown lane is refused")
    func unknownLane() async throws {
        let driver = SQLiteDriver(configuration: try SQLiteConfiguration(.memory))
        let lane = PoolLaneConfiguration(name: "x", target: "x", maximumConnections: 1)
        let error = try await sqliteError {
            try await driver.connect(ConnectRequest(lane: lane, attempt: 1, deadline: .distantFuture))
        }
        #expect(driver.verdict(on: error) == .refused)
    }

    @Test("an ATTACH that fails says nothing about the pool's own connects")
    func failedAttach() async throws {
        let database = try TestDatabase()
        try await database.with { connection async throws in
            let error = try await sqliteError { try await connection.run("ATTACH '/no/where/x.db' AS other") }
            #expect(error.code.primary == .cannotOpen)
            #expect(database.driver.verdict(on: error) == .keep)
        }
    }
}
