import Foundation
import PoolSQLite
import PoolTesting
import Testing

@Suite("SQLite passes the conformance kit")
struct SQLiteConformanceTests {
    private static let endless: SQL =
        "WITH RECURSIVE endless(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM endless) SELECT max(n) FROM endless"

    private static let columnTypes: [ConformanceValueKind: String] = [
        .bool: "INTEGER", .int: "INTEGER", .double: "REAL", .decimal: "TEXT", .text: "TEXT", .bytes: "BLOB",
        .date: "TEXT", .time: "TEXT", .timestamp: "TEXT", .zonedTimestamp: "TEXT", .uuid: "TEXT", .json: "TEXT",
    ]

    private static var onFile: SQLConformanceSubject<SQLiteDriver> {
        var subject = SQLConformanceSubject(
            columnTypes: columnTypes, longStatement: endless, placeholder: .questionMark
        ) {
            let path = FileManager.default.temporaryDirectory.appendingPathComponent("pool-\(UUID().uuidString)").path
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            return SQLiteDriver(configuration: try SQLiteConfiguration(path: path + "/test.db"))
        }
        subject.dispose = { driver in
            guard case .path(let path) = driver.configuration.location else { return }
            try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent)
        }
        subject.expressionThatFailsAt500 = { "abs(CASE \($0) WHEN 500 THEN -9223372036854775808 ELSE 1 END)" }
        subject.statementThatFailsAtItsEnd = (
            "CREATE TABLE late (i INTEGER PRIMARY KEY, j INTEGER REFERENCES late DEFERRABLE INITIALLY DEFERRED)",
            "INSERT INTO late SELECT i, 5000 FROM numbers RETURNING i"
        )
        subject.sessionChanges = [
            ("CREATE TEMPORARY TABLE leftover (i INTEGER)", "SELECT 1 FROM leftover UNION SELECT 2"),
            ("PRAGMA foreign_keys = OFF", "SELECT 1 FROM pragma_foreign_keys WHERE foreign_keys = 0"),
            ("ATTACH ':memory:' AS leftover", "SELECT 1 FROM pragma_database_list WHERE name = 'leftover'"),
            ("PRAGMA recursive_triggers = ON", "SELECT 1 FROM pragma_recursive_triggers WHERE recursive_triggers = 1"),
        ]
        subject.makeRefusedDriver = {
            SQLiteDriver(configuration: try SQLiteConfiguration(path: "/no/such/folder/test.db"))
        }
        return subject
    }

    @Test(arguments: SQLDriverConformance(onFile).checks)
    func `on a file`(check: ConformanceCheck) async throws {
        try await check.run()
    }
}
