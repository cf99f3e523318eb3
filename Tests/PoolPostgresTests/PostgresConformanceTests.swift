import PoolPostgres
import PoolTesting
import Testing

extension PostgresTests {
    @Suite("Postgres and the conformance kit", .timeLimit(.minutes(5)))
    struct PostgresConformanceTests {
        private static func subject(
            _ execution: SQLExecution, statementCacheCapacity: Int = 100
        ) -> SQLConformanceSubject<PostgresDriver> {
            var subject = SQLConformanceSubject<PostgresDriver>(
                columnTypes: [
                    .bool: "BOOLEAN", .int: "BIGINT", .double: "DOUBLE PRECISION", .decimal: "NUMERIC", .text: "TEXT",
                    .bytes: "BYTEA", .date: "DATE", .time: "TIME", .timestamp: "TIMESTAMP",
                    .zonedTimestamp: "TIMESTAMPTZ",
                    .uuid: "UUID", .json: "JSON", .array: "BIGINT[]",
                ],
                longStatement: "SELECT pg_sleep(1000)",
                placeholder: .dollarNumber,
                makeDriver: {
                    let server = try PrivatePostgres.shared.get()
                    let schema = try await server.createSchema()
                    return PostgresDriver(
                        configuration: try PostgresConfiguration(
                            server.connection(more: schema), statementCacheCapacity: statementCacheCapacity,
                            execution: execution))
                })
            // With something random in it, it is evaluated only when its row is sent.
            subject.expressionThatFailsAt500 = {
                "(\($0) + (random() * 0)::bigint) / CASE WHEN \($0) = 500 THEN 0 ELSE 1 END"
            }
            subject.statementThatFailsAtItsEnd = (
                "CREATE TABLE late (i BIGINT PRIMARY KEY, j BIGINT REFERENCES late DEFERRABLE INITIALLY DEFERRED)",
                "INSERT INTO late SELECT i, 5000 FROM numbers RETURNING i"
            )
            subject.lockingClause = "FOR UPDATE"
            subject.sessionChanges = [
                ("CREATE TEMPORARY TABLE leftover (i INTEGER)", "SELECT i FROM leftover UNION SELECT 1"),
                ("SET search_path = nowhere", "SELECT 1 WHERE current_setting('search_path') LIKE '%nowhere%'"),
                ("SELECT set_config('work_mem', '99MB', false)", "SELECT 1 WHERE current_setting('work_mem') = '99MB'"),
                ("SET ROLE pg_monitor", "SELECT 1 WHERE current_user = 'pg_monitor'"),
                ("SET SESSION AUTHORIZATION pg_monitor", "SELECT 1 WHERE session_user = 'pg_monitor'"),
                (
                    "SELECT pg_advisory_lock(77)",
                    "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
                ),
                ("LISTEN somewhere", "SELECT pg_listening_channels()"),
                ("DECLARE kept CURSOR WITH HOLD FOR SELECT 1", "SELECT 1 FROM pg_cursors WHERE name = 'kept'"),
                ("PREPARE kept AS SELECT 1", "SELECT 1 FROM pg_prepared_statements WHERE name = 'kept'"),
            ]
            subject.makeRefusedDriver = {
                PostgresDriver(configuration: try PrivatePostgres.shared.get().configuration("no_such_database"))
            }
            return subject
        }

        @Test(
            "Postgres keeps every promise of a driver",
            arguments: SQLDriverConformance(PostgresConformanceTests.subject(.caller)).checks)
        func conforms(check: ConformanceCheck) async throws {
            try await check.run()
        }

        @Test(
            "Postgres keeps every promise on the event loop, without prepared statements",
            arguments: SQLDriverConformance(PostgresConformanceTests.subject(.driver, statementCacheCapacity: 0)).checks
        )
        func conformsOnLoop(check: ConformanceCheck) async throws {
            try await check.run()
        }
    }
}
