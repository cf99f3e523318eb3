import Foundation
import PoolPostgres
import PoolTesting
import ServerTestSupport
import Testing

extension PostgresTests {
    /// `POOL_TEST_SEED` repeats a run.
    @Suite("What leases of Postgres leave behind", .timeLimit(.minutes(isFullCampaign ? 10 : 2)))
    struct LeftoverTests {
        /// Everything that the catalogue tells of a session, by what it is. A schema of temporary objects stays, empty,
        /// and so do the settings of a library that was loaded.
        private static let state: SQL = """
            SELECT 'setting ' || name AS what, setting AS value FROM pg_settings WHERE name NOT LIKE '%.%'
            UNION ALL SELECT 'user', current_user || ' ' || session_user
            UNION ALL SELECT 'search path', array_to_string(current_schemas(false), ',')
            UNION ALL SELECT 'relation', relname FROM pg_class WHERE relnamespace = pg_my_temp_schema()
            UNION ALL SELECT 'function', proname FROM pg_proc WHERE pronamespace = pg_my_temp_schema()
            UNION ALL SELECT 'type', typname FROM pg_type WHERE typnamespace = pg_my_temp_schema()
            UNION ALL SELECT 'lock', objid::text FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
            UNION ALL SELECT 'cursor', name FROM pg_cursors WHERE name <> ''
            UNION ALL SELECT 'prepared', name FROM pg_prepared_statements WHERE from_sql
            UNION ALL SELECT 'channel', pg_listening_channels()
            UNION ALL SELECT 'custom', coalesce(current_setting('app.a', true), '')
            UNION ALL SELECT 'custom', coalesce(current_setting('local.tenant', true), '')
            ORDER BY 1, 2
            """

        private static let setUp = """
            CREATE TABLE IF NOT EXISTS left_plain (i int); CREATE SEQUENCE IF NOT EXISTS left_seq;
            CREATE TABLE IF NOT EXISTS left_serial (i serial);
            CREATE OR REPLACE FUNCTION left_path() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
                SET search_path = pg_catalog; PERFORM nextval('public.left_seq'); RETURN 1; END $$;
            CREATE OR REPLACE FUNCTION left_lock() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
                PERFORM pg_advisory_lock(9); PERFORM setseed(0.5); RAISE EXCEPTION 'x'; END $$;
            CREATE OR REPLACE PROCEDURE left_call() LANGUAGE plpgsql AS $$ BEGIN
                SET work_mem = '55MB'; COMMIT; PERFORM 1 / 0; END $$;
            CREATE OR REPLACE VIEW left_view AS SELECT set_config('app.a', 'hidden', false);
            DO $$ BEGIN CREATE ROLE left_role; EXCEPTION WHEN OTHERS THEN NULL; END $$;
            """

        private static let visible = [
            "SELECT 1", "SELECT lower('A'), count(*) FROM left_plain", "INSERT INTO left_plain (i) VALUES (1)",
            "UPDATE left_plain SET i = 2", "DELETE FROM left_plain", "TABLE left_plain", "SHOW work_mem",
            "TRUNCATE left_plain",
            "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT a", "ROLLBACK TO a", "COMMIT AND CHAIN", "nonsense",
            "SELECT missing",
            "SELECT 1 / 0", "SET work_mem = '77MB'", "RESET work_mem", "SET LOCAL work_mem = '66MB'",
            "SET local.tenant = 'x'", "SET app.a = 'x'", "SET LOCAL app.a = 'x'", "--\rSET statement_timeout = 123456",
            "SELECT 1 --\r, set_config('app.a', 'x', false)", #"SELECT U&"set\005fconfig"('app.a', 'x', false)"#,
            "SELECT E'a'\n'\\'', set_config('app.a', 'x', false), '", "SELECT 'a\\', 'x'",
            "UPDATE pg_settings SET setting = '9999' WHERE name = 'lock_timeout'", "SET ROLE left_role",
            "SET SESSION AUTHORIZATION left_role", "SET LOCAL ROLE left_role", "SET search_path = pg_catalog",
            "SET SCHEMA 'pg_catalog'", "SET LOCAL search_path = 'pg_temp', 'public'",
            "CREATE TABLE IF NOT EXISTS left_real (i int)",
            "CREATE TEMP TABLE IF NOT EXISTS left_temp (i int)", #"CREATE TABLE U&"pg\005ftemp".left_odd (i int)"#,
            "SELECT 1 AS i INTO TEMP left_into",
            "CREATE FUNCTION pg_temp.left_f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "SELECT pg_advisory_lock(5)",
            "SELECT pg_advisory_lock(i) FROM generate_series(6, 8) i WHERE 1 / (8 - i) > 0",
            "SELECT pg_advisory_xact_lock(10)", "DECLARE left_cursor CURSOR WITH HOLD FOR SELECT 1",
            "PREPARE left_p AS SELECT 1",
            "DO $$ BEGIN PREPARE left_q AS SELECT 1; END $$", "LISTEN left_channel", "NOTIFY left_channel",
            "SELECT left_path()",
            "SELECT left_lock()", "CALL left_call()", "SELECT nextval('left_seq')", "SELECT nextval('left_seq'), 1 / 0",
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "SET TIME ZONE 'Asia/Tokyo'",
            "SET DateStyle = German",
            "SELECT setseed(0.5)", "LOAD 'plpgsql'", "DISCARD ALL", "DEALLOCATE ALL",
            "EXPLAIN ANALYZE SELECT left_path()",
            "SET standard_conforming_strings = off", "COPY (SELECT left_path()) TO '/dev/null'",
        ]
        private static let hidden = ["SELECT * FROM left_view", "INSERT INTO left_serial DEFAULT VALUES"]

        @Test("after any statements, the next lease finds what a fresh session has", arguments: [true, false])
        func sequences(isFull: Bool) async throws {
            let administrator = try PrivatePostgres.administrator.get()
            try await administrator.withConnection { try await $0.executeScript(Self.setUp) }
            let fresh = try await withConnection { _, connection in try await Self.state(of: connection) }
            let seed =
                ProcessInfo.processInfo.environment["POOL_TEST_SEED"].flatMap { UInt64($0) } ?? .random(in: 0 ... .max)
            print("POOL_TEST_SEED=\(seed)")
            var random = SeededRandom(seed: seed)
            try await withPool(1) {
                $0.resetPolicy = isFull ? .full : .smart
            } _: { pool async throws in
                for _ in 0..<(isFullCampaign ? 5_000 : 80) {
                    let statements = (0...Int.random(in: 0...4, using: &random)).compactMap { _ in
                        (Self.visible + (isFull ? Self.hidden : [])).randomElement(using: &random)
                    }
                    let kind = Int.random(in: 0...3, using: &random)
                    await run(statements, kind, pool)
                    try await pool.withConnection { lease in
                        let found = try await lease.query(Self.state).decode((String, String).self).map {
                            "\($0.0): \($0.1)"
                        }
                        let difference = Set(found).symmetricDifference(fresh)
                        #expect(difference.isEmpty, "seed \(seed), \(kind), \(statements): \(difference)")
                        let error = await #expect(throws: PostgresError.self) {
                            _ = try await lease.query("SELECT lastval()")
                        }
                        #expect(error?.code == .objectNotInPrerequisiteState, "seed \(seed), \(kind), \(statements)")
                    }
                }
            }
        }

        /// Runs statements in a lease that goes on after each failure.
        private func run(_ statements: [String], _ kind: Int, _ pool: PostgresPool) async {
            _ = try? await pool.withConnection { lease async throws in
                switch kind {
                case 0: _ = try? await lease.executeScript(statements.joined(separator: "\n;\n"))
                case 1:
                    _ = try? await lease.transaction { transaction in
                        for statement in statements { _ = try? await transaction.execute(SQL(raw: statement)) }
                    }
                case 2: _ = try? await lease.batch(statements.map { SQL(raw: $0) })
                default:
                    for statement in statements { _ = try? await lease.execute(SQL(raw: statement)) }
                }
            }
        }

        private static func state(of connection: PostgresConnection) async throws -> Set<String> {
            Set(try await connection.query(state).decode((String, String).self).map { "\($0.0): \($0.1)" })
        }
    }
}
