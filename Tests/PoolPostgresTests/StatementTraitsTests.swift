import Foundation
import Testing

@testable import PoolPostgres

@Suite("What the text of a statement tells")
struct StatementTraitsTests {
    @Test(
        "what may change the session is seen behind constants, quotes and keywords",
        arguments: [
            #"SELECT E'it\'s', set_config('a.b', 'c', false)"#, #"SELECT e'\\', set_config('a.b', 'c', false)"#,
            #"SELECT E'a''\'', set_config('a.b', 'c', false)"#, #"SELECT "set_config"('a.b', 'c', false)"#,
            #"SELECT pg_catalog."set_config"('a.b', 'c', false)"#, #"SELECT "pg_advisory_lock"(77)"#,
            #"CREATE TABLE "pg_temp".t (a int)"#, #"SET "x.y" = local"#, #"SET "local".x = 1"#, "SET a = local",
            "SET SESSION a = 1", "SET SESSION AUTHORIZATION x", "SET ROLE x", "SET TIME ZONE 'UTC'", "RESET a",
            "SELECT $tag1$ x $tag1$, set_config('a.b', 'c', false)", "SELECT $1; SET a = 1",
            "SELECT 1$a, '$'; SET b = '$'",
            "SET \"a\"='1'; PREPARE x AS SELECT 1", "SELECT 'x' /* ' */; SET a = 'b'", "SELECT '\\'; SET a = '1'",
            // Keywords that are names where a dot or a value follows.
            "SET local.tenant = 'x'", "SET transaction.tenant = 'x'", "SET constraints.tenant TO 'x'", "SET local = 1",
            "SET LOCAL search_path = 'pg_temp', 'public'", "SET LOCAL \"Search_Path\" = a", "SET LOCAL SCHEMA 'a'",
            "SET LOCAL standard_conforming_strings = off", "SET", "SET; SELECT 1",
            // A comment that a carriage return ends, and escapes that the scanner does not know.
            "--\rSET statement_timeout = 12345", "SELECT 1 --\r, set_config('a.b', 'c', false)",
            #"SELECT U&"set\005fconfig"('a.b', 'c', false)"#, #"CREATE TABLE U&"pg\005ftemp".leak2 (i int)"#,
            #"SELECT u&'\0041'"#, "SELECT E'a'\n'\\'', set_config('a.b', 'c', false), '", "SELECT 'no end",
            "SELECT \"no end", "SELECT $a$ no end", "SELECT 1 /* no end", "SELECT 1 $a",
        ])
    func changes(text: String) {
        #expect(!StatementTraits(of: text).keepsSession)
    }

    @Test(
        "what is not known to be harmless counts as a change",
        arguments: [
            "SELECT f()", "SELECT f ()", "SELECT f/**/()", "SELECT app.f(1)", "SELECT \"f\"(1)",
            "SELECT \"LOWER\"('a')",
            "SELECT public.lower('a')", "SELECT * FROM f(1)", "SELECT * FROM t JOIN f(1) ON true",
            "SELECT CASE WHEN true THEN insert(1) END", "SELECT * FROM a JOIN b ON conflict(a.i)", "SELECT join(1)",
            "SELECT by(1)", "SELECT over(1)", "SELECT DISTINCT ON (a) over(1) FROM t", "SELECT a LIKE b ESCAPE f(1)",
            "SELECT 1 OPERATOR(pg_catalog.+) 1", "SELECT a AT TIME ZONE f(1)", "INSERT INTO t VALUES (f(1))",
            "INSERT INTO t (a) SELECT f(1)", "UPDATE t SET a = f(1)", "DELETE FROM t WHERE f(a)",
            "WITH x(a) AS (SELECT f(1)) SELECT * FROM x", "WITH x AS (SELECT 1) SELECT f(1)", "VALUES (f(1))",
            "MERGE INTO t USING s ON true WHEN NOT MATCHED THEN INSERT (a) VALUES (f(1))",
            "INSERT INTO t VALUES (1) ON CONFLICT (f(a)) DO NOTHING", "SELECT (x).f(1)", "SELECT f\u{212A}(1)",
            "SELECT loc\u{212A}(1)", "EXPLAIN ANALYZE SELECT f(1)", "EXPLAIN (ANALYZE) EXECUTE x",
            "EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1", "SHOW a; SELECT f(1)", "(SELECT f(1))",
            "LOCK TABLE t; LOAD 'x'",
            "UPDATE pg_settings SET setting = 'x'", "UPDATE pg_catalog.pg_settings SET setting = 'x'",
            "UPDATE \"pg_settings\" SET setting = 'x'", "WITH x AS (UPDATE pg_settings SET setting = '1') SELECT 1",
            "INSERT INTO pg_temp.t VALUES (1)", "SELECT 1 INTO t", "SELECT 1 AS a INTO TEMP t FROM s",
            "SELECT nextval('s')", "SELECT lastval()", "SELECT currval('s')", "SELECT setseed(0.5)", "LOAD 'x'",
            "CREATE TABLE t (a int)", "ALTER ROLE a SET b = 1", "DROP TABLE t", "CALL p()", "DO 'BEGIN END'",
            "LISTEN x",
            "UNLISTEN *", "DECLARE c CURSOR WITH HOLD FOR SELECT 1", "EXECUTE x", "PREPARE x AS SELECT 1", "nonsense",
            "DISCARD ALL", "SELECT pg_advisory_lock(1)", "SELECT query_to_xml('SELECT f()', true, true, '')",
            "SELECT dblink_exec('x')", "SELECT ts_stat('SELECT f()')", "1", "'a'", "SELECT 1)",
        ])
    func unknown(text: String) {
        #expect(!StatementTraits(of: text).keepsSession)
    }

    @Test(
        "what only reads and writes rows is known to keep the session",
        arguments: [
            #"SELECT E'\'; SET a = 1'"#, "SELECT $a1$; SET a = 1; $a1$", "SET LOCAL a = 1", "SET TRANSACTION READ ONLY",
            "SET CONSTRAINTS ALL DEFERRED", "SET CONSTRAINTS \"a\" DEFERRED", #"SELECT 1 AS "temp""#,
            "SELECT 'SET'; SELECT ';SET a = 1'", "SELECT e FROM t", "SELECT \"a'b\", 'set_config'",
            "SELECT \"a\"\"set_\"",
            "SET LOCAL app.tenant = 'x'", "SET LOCAL ROLE a", "SET LOCAL TIME ZONE 'UTC'", "", ";", "-- nothing",
            "SELECT now(), lower(a), pg_catalog.upper('a'), \"lower\"('a'), count(*) FILTER (WHERE a) OVER (PARTITION BY (b))",
            "SELECT CAST(a AS numeric(10, 2)), b::varchar(3), c::timestamptz(3), interval '1 day', extract(year FROM d)",
            "SELECT * FROM (VALUES (1, 2)) AS v(a, b)", "SELECT * FROM unnest($1::int[]) v(a)",
            "SELECT ARRAY[1], ROW(1, 2)",
            "SELECT * FROM jsonb_to_recordset($1) AS x(a int, b numeric(3, 1))", "TABLE t", "VALUES (1), (2)",
            "WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t), u (m) AS MATERIALIZED (SELECT 1) SELECT * FROM t",
            "(SELECT 1) UNION (SELECT 2)", "SELECT DISTINCT ON (a) a, lower(b) FROM t",
            "SELECT * FROM t WHERE (a, b) IN ((1, 2))",
            "SELECT coalesce(a, 1), greatest(a, b), nullif(a, b) FROM t GROUP BY ROLLUP (a), (b) HAVING (a > 1)",
            "SELECT * FROM a JOIN (SELECT 1 AS i) b USING (i) LEFT JOIN LATERAL (SELECT 2) c ON (true)",
            "INSERT INTO t (a, b) VALUES ($1, $2) ON CONFLICT (a) DO UPDATE SET b = excluded.b RETURNING (a)",
            "INSERT INTO app.t AS x (a) SELECT 1", "INSERT INTO \"t\" DEFAULT VALUES", "INSERT INTO t SELECT * FROM s",
            "UPDATE ONLY t SET a = a + 1 WHERE b = ANY ($1)", "UPDATE t SET a = 1 FROM s WHERE t.i = s.i",
            "DELETE FROM t USING s WHERE t.i = s.i RETURNING t.*", "INSERT INTO t VALUES (pg_backend_pid())",
            "MERGE INTO t USING s ON t.i = s.i WHEN NOT MATCHED THEN INSERT (a, b) VALUES (1, 2) WHEN MATCHED THEN DELETE",
            "WITH x AS (DELETE FROM t RETURNING *) INSERT INTO s SELECT * FROM x",
            "SELECT * FROM t FOR UPDATE SKIP LOCKED",
            "SELECT * FROM pg_settings", "SELECT pg_sleep(1), pg_notify('a', 'b'), pg_advisory_xact_lock(1)",
            "BEGIN ISOLATION LEVEL SERIALIZABLE", "START TRANSACTION READ ONLY", "COMMIT AND CHAIN",
            "ROLLBACK TO SAVEPOINT a",
            "SAVEPOINT a; RELEASE a", "SHOW ALL", "EXPLAIN (ANALYZE, BUFFERS) SELECT 1",
            "EXPLAIN ANALYZE VERBOSE DELETE FROM t",
            "COPY t (a, b) FROM STDIN WITH (FORMAT csv)", "COPY (SELECT 1) TO STDOUT", "NOTIFY x, 'y'", "TRUNCATE t, s",
            "LOCK TABLE t IN SHARE MODE", "FETCH ALL FROM c", "CLOSE c", "SELECT 1 -- a\r\n, 2", "SELECT\t1\u{0B}",
            "SELECT a FROM t TABLESAMPLE system_rows", "SELECT 'a\\d' ~ '\\d'", "SELECT lower(\"Ünïcode\") FROM \"t\"",
        ])
    func keeps(text: String) {
        #expect(StatementTraits(of: text).keepsSession)
    }

    @Test("a backslash in a string is noted, because of servers to which it is an escape")
    func backslash() {
        #expect(StatementTraits(of: #"SELECT 'a\d'"#).contains(.needsStandardStrings))
        #expect(!StatementTraits(of: #"SELECT E'a\d'"#).contains(.needsStandardStrings))
    }

    @Test(
        "what only the end of the session undoes is noted",
        arguments: [
            "LOAD 'x'", "SELECT pg_replication_origin_session_setup('x')", "SELECT \"pg_backup_start\"('x')",
            "SELECT dblink_connect('x')",
        ])
    func cannotBeUndone(text: String) {
        #expect(StatementTraits(of: text).contains(.cannotBeUndone))
        #expect(!StatementTraits(of: text).keepsSession)
    }

    @Test(
        "what changes the meaning of names is seen",
        arguments: [
            "SET search_path = a", "SET LOCAL search_path TO a", "set session \"search_path\" = a", "SET SCHEMA 'a'",
            "SET LOCAL ROLE a", "SET SESSION AUTHORIZATION a", "RESET search_path", "RESET ALL", "DISCARD ALL",
            "SELECT set_config('search_path', 'a', true)", "CALL f()",
        ])
    func changesNames(text: String) {
        #expect(StatementTraits(of: text).contains(.changesNames))
    }

    @Test("other settings leave names as they are", arguments: ["SET work_mem = 1", "SET LOCAL a.b = 1", "LISTEN x"])
    func leavesNames(text: String) {
        #expect(!StatementTraits(of: text).contains(.changesNames))
    }

    @Test("only one query or change of rows that calls nothing but what computes is plain")
    func plain() {
        for text in [
            "SELECT a FROM t WHERE b = $1", "SELECT lower($1)", "INSERT INTO t VALUES ($1)", "SELECT random()",
        ] {
            #expect(StatementTraits(of: text).contains(.isPlain), "\(text)")
        }
        for text in [
            "SELECT f($1)", "SELECT 1; SELECT 2", "SELECT 1 INTO t", "CALL p()", "DO ''", "SELECT pg_notify('a', 'b')",
            "SELECT nextval('s')", "COPY t FROM STDIN", "EXPLAIN SELECT 1", "COMMIT", "EXECUTE x",
            "INSERT INTO t VALUES (f())",
        ] {
            #expect(!StatementTraits(of: text).contains(.isPlain), "\(text)")
        }
        #expect(!StatementTraits(of: "INSERT INTO t VALUES ($1)").contains(.onlyReads))
    }

    @Test("no text makes the scanner go beyond its end")
    func ends() {
        let pieces = [
            "'", "\"", "E'", "\\", "$", "$a$", "$1", "/*", "*/", "--", "\n", ";", "SET", " ", "local", "(", "é", ")",
            "\0",
            "EXPLAIN", "WITH", ".", "U&'", "INSERT", "INTO",
        ]
        for first in pieces {
            for second in pieces {
                for third in pieces { _ = StatementTraits(of: first + second + third) }
            }
        }
    }

    // MARK: What the package itself runs

    @Test("each query that the benchmarks and the examples run is known to keep the session")
    func ownTexts() throws {
        let repository = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
        var count = 0
        for folder in ["Benchmarks/Sources", "Examples/Sources"] {
            let files = try #require(
                FileManager.default.enumerator(at: repository.appending(path: folder), includingPropertiesForKeys: nil))
            for case let file as URL in files where file.pathExtension == "swift" {
                for text in Self.statements(in: try String(contentsOf: file, encoding: .utf8)) {
                    count += 1
                    #expect(StatementTraits(of: text).keepsSession, "\(file.lastPathComponent): \(text)")
                }
            }
        }
        #expect(count > 30)
    }

    /// The literals that begin as a query, a change of rows or an end of a transaction does, with placeholders for what
    /// is interpolated.
    private static func statements(in source: String) -> [String] {
        let literal = /"""\s*(?<block>(?:(?!""").)*)"""|"(?<line>(?:\\.|[^"\\\n])*)"/.dotMatchesNewlines()
        return source.matches(of: literal).compactMap { match in
            let text = String(match.output.block ?? match.output.line ?? "")
            guard
                text.prefixMatch(of: /(SELECT|INSERT|UPDATE|DELETE|WITH|VALUES|MERGE|COPY|BEGIN|COMMIT|ROLLBACK)\s/)
                    != nil
            else { return nil }
            return text.replacing(/\\\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)/, with: "$1")
        }
    }
}
