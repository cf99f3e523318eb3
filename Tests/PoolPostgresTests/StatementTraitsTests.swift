import PoolCore
import Testing

@testable import PoolPostgres

@Suite("What the text of a statement tells")
struct StatementTraitsTests {
    @Test(
        "what changes the session is seen behind constants, quotes and keywords",
        arguments: [
            #"SELECT E'it\'s', set_config('a.b', 'c', false)"#, #"SELECT e'\\', set_config('a.b', 'c', false)"#,
            #"SELECT E'a''\'', set_config('a.b', 'c', false)"#, #"SELECT "set_config"('a.b', 'c', false)"#,
            #"SELECT pg_catalog."set_config"('a.b', 'c', false)"#, #"SELECT "pg_advisory_lock"(77)"#,
            #"CREATE TABLE "pg_temp".t (a int)"#, #"SET "x.y" = local"#, #"SET "local".x = 1"#, "SET a = local",
            "SET SESSION a = 1", "SET SESSION AUTHORIZATION x", "SET ROLE x", "SET TIME ZONE 'UTC'", "RESET a",
            "SELECT $tag1$ x $tag1$, set_config('a.b', 'c', false)", "SELECT $1; SET a = 1",
            "SELECT 1$a, '$'; SET b = '$'",
            "SET \"a\"='1'; PREPARE x AS SELECT 1", "SELECT 'x' /* ' */; SET a = 'b'", "SELECT '\\'; SET a = '1'",
        ])
    func changes(text: String) {
        #expect(StatementTraits(of: text).contains(.changesSession))
    }

    @Test(
        "what changes nothing is not taken for it",
        arguments: [
            #"SELECT E'\'; SET a = 1'"#, "SELECT $a1$; SET a = 1; $a1$", "SET LOCAL a = 1", "SET TRANSACTION READ ONLY",
            "SET CONSTRAINTS ALL DEFERRED", #"SELECT 1 AS "temp""#, "SELECT 'SET'; SELECT ';SET a = 1'",
            "SELECT e FROM t",
            "SELECT \"a'b\", 'set_config'", "SELECT \"a\"\"set_\"",
        ])
    func changesNothing(text: String) {
        #expect(!StatementTraits(of: text).contains(.changesSession))
    }

    @Test("a statement after SET is one of its own")
    func afterSetting() {
        #expect(StatementTraits(of: "SET \"a\"='1'; PREPARE x AS SELECT 1").contains(.changesPrepared))
        #expect(StatementTraits(of: "SET a; DEALLOCATE x").contains(.changesPrepared))
        #expect(StatementTraits(of: "SET; DISCARD ALL").contains(.changesPrepared))
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

    @Test("only what reads and calls nothing may be run twice")
    func plain() {
        #expect(StatementTraits(of: "SELECT a FROM t WHERE b = $1").contains(.isPlain))
        for text in ["SELECT f($1)", "INSERT INTO t VALUES ($1)", "SELECT 1; SELECT 2", "SELECT 1 INTO t"] {
            #expect(!StatementTraits(of: text).contains(.isPlain))
        }
    }

    @Test("no text makes the scanner go beyond its end")
    func ends() {
        let pieces = [
            "'", "\"", "E'", "\\", "$", "$a$", "$1", "/*", "*/", "--", "\n", ";", "SET", " ", "local", "(", "é",
        ]
        for first in pieces {
            for second in pieces {
                for third in pieces { _ = StatementTraits(of: first + second + third) }
            }
        }
    }
}
