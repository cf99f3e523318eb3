import Foundation
import PoolSQLite
import Testing

@Suite("A pool of SQLite")
struct PoolRuleTests {
    @Test("a change that the driver's lanes do not allow is refused, and nothing has changed")
    func refusedChange() async throws {
        let folder = TemporaryFolder()
        let pool = try SQLitePool(path: folder.file(), configuration: PoolConfiguration(maximumConnections: 1))
        let before = pool.configuration
        await #expect(throws: PoolConfigurationError.self) {
            try await pool.reconfigure {
                $0.maximumConnections = 4
                $0.acquireTimeout = .seconds(7)
            }
        }
        #expect(pool.configuration == before)
        #expect(pool.status == .open)
        #expect(try await pool.query("SELECT 1").decode(Int.self) == [1])
        try await pool.close(drain: .zero)
    }

    @Test("a connection whose file was put aside is replaced at its next validation, and the acquire does not notice")
    func replacedFile() async throws {
        let folder = TemporaryFolder()
        let pool = try SQLitePool(
            database: SQLiteConfiguration(.path(folder.file()), journalMode: .delete),
            configuration: PoolConfiguration(maximumConnections: 1, validateAfterIdle: .zero))
        try await pool.execute("CREATE TABLE t(a)")
        try await pool.execute("INSERT INTO t VALUES (1)")
        try FileManager.default.moveItem(atPath: folder.file(), toPath: folder.file("aside.db"))
        try FileManager.default.copyItem(atPath: folder.file("aside.db"), toPath: folder.file())
        #expect(try await pool.query("SELECT a FROM t").decode(Int.self) == [1])
        #expect(pool.statistics.connectionsClosed[.validationFailed] == 1)
        #expect(pool.statistics.connectionsOpened == 2)
        #expect(pool.statistics.timedOut == 0)
        try await pool.close(drain: .zero)
    }
}
