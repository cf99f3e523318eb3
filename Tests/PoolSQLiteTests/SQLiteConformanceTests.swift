import Foundation
import PoolCore
import PoolSQLite
import PoolTesting
import Testing

@Suite("SQLite and the conformance kit", .timeLimit(.minutes(3)))
struct SQLiteConformanceTests {
    private static var subject: ConformanceSubject<SQLiteDriver> {
        let folder = FileManager.default.temporaryDirectory.appending(path: "pool-conformance")
        var subject = ConformanceSubject<SQLiteDriver>(
            columnTypes: [
                .bool: "BOOLEAN", .int: "INTEGER", .double: "REAL", .decimal: "TEXT", .text: "TEXT", .bytes: "BLOB",
                .date: "TEXT", .time: "TEXT", .timestamp: "TEXT", .zonedTimestamp: "TEXT", .uuid: "TEXT", .json: "TEXT",
            ],
            longStatement: """
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT count(*) FROM n
                """,
            placeholder: .questionMark,
            makeDriver: {
                let database = folder.appending(path: UUID().uuidString)
                try FileManager.default.createDirectory(at: database, withIntermediateDirectories: true)
                return SQLiteDriver(configuration: try SQLiteConfiguration(path: database.appending(path: "db").path))
            })
        subject.dispose = { driver in
            guard case .path(let path) = driver.configuration.location else { return }
            try? FileManager.default.removeItem(at: URL(filePath: path).deletingLastPathComponent())
        }
        subject.expressionThatFailsAt500 = { "CASE WHEN \($0) = 500 THEN abs(-9223372036854775807 - 1) ELSE \($0) END" }
        subject.sessionChanges = [
            ("CREATE TEMPORARY TABLE leftover (i INTEGER)", "SELECT * FROM temp.leftover UNION SELECT 1"),
            ("PRAGMA foreign_keys = OFF", "SELECT * FROM pragma_foreign_keys WHERE foreign_keys = 0"),
        ]
        subject.makeRefusedDriver = {
            SQLiteDriver(configuration: try SQLiteConfiguration(path: "/no/such/folder/database"))
        }
        return subject
    }

    @Test("SQLite keeps every promise of a driver", arguments: DriverConformance(SQLiteConformanceTests.subject).checks)
    func conforms(check: ConformanceCheck) async throws {
        try await check.run()
    }
}
