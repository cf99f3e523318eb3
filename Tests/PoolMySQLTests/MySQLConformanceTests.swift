import PoolMySQL
import PoolTesting
import Testing

extension MySQLTests {
    @Suite("MySQL and the conformance kit", .timeLimit(.minutes(5)))
    struct MySQLConformanceTests {
        private static func subject(
            _ change: @escaping @Sendable (inout MySQLTestSettings) -> Void = { _ in }
        ) -> SQLConformanceSubject<MySQLDriver> {
            var subject = SQLConformanceSubject<MySQLDriver>(
                columnTypes: [
                    .bool: "BOOLEAN", .int: "BIGINT", .double: "DOUBLE", .decimal: "DECIMAL(40, 8)", .text: "LONGTEXT",
                    .bytes: "LONGBLOB", .date: "DATE", .time: "TIME(6)", .timestamp: "DATETIME(6)", .uuid: "UUID",
                    .json: "JSON",
                ],
                // A SLEEP that is interrupted returns 1, and one row of it may end as if it had not been: the second
                // row finds the kill.
                longStatement: "SELECT SLEEP(500) FROM (SELECT 1 UNION SELECT 2 UNION SELECT 3) AS rounds",
                placeholder: .questionMark,
                makeDriver: {
                    let server = try PrivateMariaDB.shared.get()
                    var settings = MySQLTestSettings()
                    settings.database = try await server.createDatabase()
                    change(&settings)
                    return MySQLDriver(configuration: try settings.configuration(server))
                })
            // Adding what an integer cannot hold. With something random in it, it is evaluated only when its row is
            // sent.
            subject.expressionThatFailsAt500 = {
                "\($0) + RAND() * 0 + CASE WHEN \($0) = 500 THEN 9223372036854775807 + \($0) ELSE 0 END"
            }
            subject.lockingClause = "FOR UPDATE"
            subject.sessionChanges = [
                ("CREATE TEMPORARY TABLE leftover (i INTEGER)", "SELECT i FROM leftover UNION SELECT 1"),
                ("SET sql_mode = 'ANSI'", "SELECT 1 WHERE @@sql_mode LIKE '%ANSI%'"),
                ("SET @left = 1", "SELECT 1 WHERE @left = 1"),
                ("SELECT @left := 1", "SELECT 1 WHERE @left = 1"),
                ("SELECT 1 INTO @left", "SELECT 1 WHERE @left = 1"),
                ("SET time_zone = '+05:00'", "SELECT 1 WHERE @@time_zone = '+05:00'"),
                ("SET NAMES latin1", "SELECT 1 WHERE @@character_set_client = 'latin1'"),
                ("USE mysql", "SELECT 1 WHERE DATABASE() = 'mysql'"),
                ("SELECT GET_LOCK('left', 0)", "SELECT 1 WHERE IS_USED_LOCK('left') IS NOT NULL"),
                (
                    "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE",
                    "SELECT 1 WHERE @@tx_isolation = 'SERIALIZABLE'"
                ),
                ("PREPARE kept FROM 'SELECT 1'", "EXECUTE kept"),
                ("SET autocommit = 0", "SELECT 1 WHERE @@autocommit = 0"),
            ]
            subject.makeRefusedDriver = {
                var settings = MySQLTestSettings()
                settings.database = "no_such_database"
                return MySQLDriver(configuration: try settings.configuration(PrivateMariaDB.shared.get()))
            }
            return subject
        }

        @Test(
            "MySQL keeps every promise of a driver",
            arguments: SQLDriverConformance(MySQLConformanceTests.subject()).checks)
        func conforms(check: ConformanceCheck) async throws {
            try await check.run()
        }

        @Test(
            "MySQL keeps every promise as text, without a cache, and where bodies stay with their callers",
            arguments: SQLDriverConformance(
                MySQLConformanceTests.subject {
                    $0.statementProtocol = .textWithoutBinds
                    $0.statementCacheCapacity = 0
                    $0.execution = .caller
                    $0.usesBulkExecution = false
                }
            ).checks
        )
        func conformsAsText(check: ConformanceCheck) async throws {
            try await check.run()
        }
    }
}
