import Foundation
import Testing

@testable import PoolSQLite

@Suite("Backups to files that cannot take them")
struct BackupFailureTests {
    private func with(
        busyTimeout: Duration = .milliseconds(20), _ body: (TestDatabase, SQLiteConnection) async throws -> Void
    ) async throws {
        let database = try TestDatabase(busyTimeout: busyTimeout)
        try await database.with { connection async throws in
            try await connection.executeScript("CREATE TABLE t(a); INSERT INTO t VALUES (7)")
            try await body(database, connection)
            #expect(connection.condition == .clean)
            #expect(try await connection.value("SELECT a FROM t") == .int(7))
        }
    }

    /// Holds the lock of the file at `path` while `body` runs.
    private func locking(_ path: String, _ body: () async throws -> Void) async throws {
        let other = SQLiteDriver(configuration: try SQLiteConfiguration(.path(path), journalMode: .delete))
        try await other.with { holder async throws in
            try await holder.run("CREATE TABLE held(a)")
            try await holder.run("BEGIN EXCLUSIVE")
            try await body()
            try await holder.run("ROLLBACK")
            #expect(try await holder.value("SELECT count(*) FROM held") == .int(0))
        }
    }

    @Test("a path that would keep nothing is refused", arguments: ["", ":memory:", "a\0b"])
    func nowhere(path: String) async throws {
        try await with { _, connection async throws in
            let error = try await sqliteError { try await connection.backup(to: path, pagesPerStep: 1) { _ in } }
            #expect(error.code == .misuse)
            #expect(error.message.contains("would be lost"))
        }
    }

    @Test("a file that is no database, and has room for one, is left as it is, and so is the connection")
    func notADatabase() async throws {
        try await with { database, connection async throws in
            let path = database.folder.file("letter.txt")
            let letter = Data(String(repeating: "Dear reader, ", count: 1_000).utf8)
            try letter.write(to: URL(fileURLWithPath: path))
            let error = try await sqliteError { try await connection.backup(to: path, pagesPerStep: 1) { _ in } }
            #expect(error.code == .notADatabase)
            #expect(error.message.contains(path))
            #expect(connection.condition == .clean)
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == letter)
        }
    }

    @Test("a file whose lock is held fails the backup after the busy timeout")
    func locked() async throws {
        try await with { database, connection async throws in
            let path = database.folder.file("copy.db")
            try await locking(path) {
                let error = try await sqliteError { try await connection.backup(to: path, pagesPerStep: 1) { _ in } }
                #expect(error.code == .busy)
                #expect(error.message.contains(path))
            }
        }
    }

    @Test("cancelling the task ends the wait for the file's lock")
    func cancelledWait() async throws {
        try await with(busyTimeout: .seconds(3600)) { database, connection async throws in
            let path = database.folder.file("copy.db")
            try await locking(path) {
                let number = try await connection.perform { try $0.beginBackup(to: path) }
                let begun = Signal()
                let task = Task {
                    try await connection.perform { session in
                        begun.fire()
                        return try session.stepBackup(number, pages: 1)
                    }
                }
                await begun.wait()
                task.cancel()
                await #expect(throws: CancellationError.self) { _ = try await task.value }
                try await connection.perform { try $0.abandonBackup(number) }
                // The pool interrupts a lease in the same way.
                let again = try await connection.perform { try $0.beginBackup(to: path) }
                let pool = Task {
                    try await connection.perform { session in
                        connection.cancel()
                        return try session.stepBackup(again, pages: 1)
                    }
                }
                let error = try await sqliteError { try await pool.value }
                #expect(error.code == .interrupt)
                try await connection.perform { try $0.abandonBackup(again) }
            }
        }
    }

    @Test("a statement of the connection can be interrupted while a backup is under way, and after it")
    func interruptible() async throws {
        let begun = Signal()
        let database = try TestDatabase(functions: [begun.function])
        try await database.with { connection async throws in
            try await connection.executeScript("CREATE TABLE t(a); INSERT INTO t VALUES (7)")
            let number = try await connection.perform { try $0.beginBackup(to: database.folder.file("copy.db")) }
            for round in 0..<2 {
                begun.onFire { connection.cancel() }
                let error = try await sqliteError { try await connection.rows(Signal.endlessQuery) }
                #expect(error.code == .interrupt)
                if round == 0 { try await connection.perform { try $0.abandonBackup(number) } }
            }
        }
    }
}
