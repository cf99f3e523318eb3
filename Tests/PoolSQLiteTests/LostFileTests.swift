import Foundation
import PoolTesting
import Testing

@testable import PoolSQLite

@Suite("A pool whose database file is taken away", .timeLimit(.minutes(1)))
struct LostFileTests {
    enum Way: CaseIterable {
        case clear, lifetime, validation
    }

    @Test(
        "the next connection is refused, says what a validation says, and makes no file", arguments: Way.allCases,
        [true, false])
    func vanished(way: Way, isURL: Bool) async throws {
        let folder = TemporaryFolder()
        let path = folder.file("a shop.db")
        let location: SQLiteConfiguration.Location = isURL ? .url("file:\(folder.path)/a%20shop.db") : .path(path)
        let time = ManualTime()
        let pool = try SQLitePool(
            driver: SQLiteDriver(configuration: SQLiteConfiguration(location)), configuration: PoolConfiguration(),
            environment: .stepped(by: time))
        try await pool.execute("CREATE TABLE t(x)")
        try await pool.execute("INSERT INTO t VALUES (1)")
        #expect(try await pool.query("SELECT count(*) FROM t", .readOnly).decode(Int.self) == [1])
        for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            try FileManager.default.removeItem(atPath: folder.file(file))
        }
        switch way {
        case .clear: pool.clear()
        case .lifetime: time.advance(by: .seconds(3_600))
        case .validation: time.advance(by: .seconds(60))
        }
        for options in [AcquireOptions(), .readOnly] {
            let error = await #expect(throws: PoolError.self) {
                try await pool.withConnection(options) { try await $0.execute("CREATE TABLE IF NOT EXISTS t(x)") }
            }
            #expect("\(error as Any)".contains("The database's file was deleted, moved or replaced while it was open"))
            #expect("\(error as Any)".contains("Put the file back, or restart the program"))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
        try await pool.close(drain: .zero)
    }

    @Test("a file that is put back is opened again")
    func putBack() async throws {
        let folder = TemporaryFolder()
        let pool = try SQLitePool(path: folder.file())
        try await pool.execute("CREATE TABLE t(x)")
        try await pool.execute("INSERT INTO t VALUES (1)")
        try await pool.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        try FileManager.default.moveItem(atPath: folder.file(), toPath: folder.file("away.db"))
        pool.clear()
        await #expect(throws: PoolError.self) { try await pool.query("SELECT x FROM t") }
        try FileManager.default.moveItem(atPath: folder.file("away.db"), toPath: folder.file())
        var numbers: [Int]?
        while numbers == nil {
            do {
                numbers = try await pool.query("SELECT x FROM t").decode(Int.self)
            } catch let error as PoolError where error.code == .connectRefused {
                // After a refusal nothing is opened for up to a tenth of a second.
            }
        }
        #expect(numbers == [1])
        try await pool.close()
    }
}
