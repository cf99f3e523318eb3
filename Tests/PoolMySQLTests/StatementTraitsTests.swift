import Foundation
import Testing

@testable import PoolMySQL

@Suite("What a statement's text says on MySQL")
struct StatementTraitsTests {
    @Test(
        "what is known to be harmless keeps the session",
        arguments: [
            "", ";", "SELECT 1", "select a.b, `c` from t as x where a in (1, 2) and (b = ? or c like 'x%')",
            "(SELECT 1) UNION (SELECT 2)",
            "SELECT COUNT(*), MAX(`a`) FROM t GROUP BY b HAVING count(*) > 1 ORDER BY 1 LIMIT 5", "VALUES (1), (2)",
            "SELECT CASE WHEN a THEN (1) ELSE (2) END, CAST(a AS DECIMAL(10, 2)), a DIV (2) FROM t JOIN u USING (id)",
            "WITH RECURSIVE x (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x WHERE n < 5) SELECT n FROM x",
            "INSERT INTO t (a, b) VALUES (?, ?), (1, DEFAULT)", "INSERT INTO `d`.`t`(a) SELECT a FROM u",
            "INSERT t SET a = 1",
            "INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = VALUES(a)",
            "REPLACE INTO t (a) VALUES (NOW(6)) RETURNING a",
            "UPDATE t SET a = a + 1, b = COALESCE(?, b) WHERE id = 7", "DELETE FROM t WHERE a < '2020-01-01'",
            "SELECT * FROM t WHERE id = 1 FOR UPDATE", "SELECT 5--3, 1 -- comment\n + 2 # another\n / 3 /* and one */",
            "SELECT \"a\", 'it''s', x'00', _utf8mb4'a', date'2020-01-01', @@sql_mode, @@session.sort_buffer_size",
            "START TRANSACTION READ ONLY", "BEGIN", "begin work;", "COMMIT AND NO CHAIN", "ROLLBACK TO SAVEPOINT a",
            "SAVEPOINT `a b`",
            "RELEASE SAVEPOINT a", "SHOW TABLES LIKE 'a%'", "EXPLAIN SELECT 1", "DO 0", "DESCRIBE t",
            "CREATE TABLE IF NOT EXISTS t (a VARCHAR(50) DEFAULT 'x', PRIMARY KEY (a), FOREIGN KEY (a) REFERENCES u(a))",
            "CREATE TABLE t AS SELECT a FROM u", "DROP TABLE IF EXISTS t, u", "ALTER TABLE t ADD COLUMN b INT",
            "TRUNCATE TABLE t",
            "CREATE UNIQUE INDEX i ON t (a)", "SELECT 1; UPDATE t SET a = 1; COMMIT",
        ])
    func harmless(text: String) { #expect(StatementTraits(of: text).contains(.keepsSession)) }

    @Test(
        "whatever else there is counts as a change",
        arguments: [
            "SET a = 1", "SET SESSION sql_mode = ''", "SET LOCAL a = 1", "SET STATEMENT a = 1 FOR SELECT 1", "USE d",
            "CALL p()", "LOCK TABLES t READ",
            "UNLOCK TABLES", "FLUSH TABLES", "HANDLER t OPEN", "PREPARE a FROM 'x'", "EXECUTE a",
            "EXECUTE IMMEDIATE 'x'",
            "DEALLOCATE PREPARE a", "XA START 'a'", "LOAD DATA INFILE 'a' INTO TABLE t", "nonsense", "DROP DATABASE d",
            "TRUNCATE t",
            "BEGIN NOT ATOMIC SELECT 1; END", "IF 1 THEN SET ROLE boss; END IF",
            "FOR i IN (SELECT 1) DO SET ROLE boss; END FOR",
            "WHILE 1 DO SELECT 1; END WHILE", "COMMIT RELEASE", "ROLLBACK RELEASE",
            "SELECT 1; IF 1 THEN SET ROLE boss; END IF; SELECT 2",
            "SELECT f()", "SELECT d.count(1)", "SELECT count (1)", "SELECT `count`(1)", "SELECT \"count\"(1)",
            "SELECT `f` (1)", "INSERT INTO t (a) VALUES (f())",
            "INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = LAST_INSERT_ID(a)", "UPDATE t SET a = f(a)",
            "DELETE FROM t WHERE f (a)",
            "SELECT GET_LOCK('a', 0)", "DO RELEASE_LOCK('a')", "SELECT @a", "SELECT @a := 1", "SELECT 1 INTO @a",
            "SELECT 1 INTO OUTFILE 'a'",
            "SELECT a INTO x FROM t", "SELECT NEXT VALUE FOR s", "SELECT s.nextval", "SELECT LASTVAL(s)",
            "SELECT PREVIOUS VALUE FOR s",
            "CREATE TEMPORARY TABLE t (a INT)", "CREATE OR REPLACE TEMPORARY TABLE t (a INT)", "DROP TEMPORARY TABLE t",
            "CREATE TABLE t AS SELECT f() AS a", "CREATE TABLE t (a INT) SELECT f() AS a", "CREATE VIEW v AS SELECT 1",
            "CREATE FUNCTION f() RETURNS INT RETURN 1",
            "/*! SET a = 1 */", "SELECT 1 /*! , GET_LOCK('a', 0) */", "/*!999999 ' */ SET ROLE boss -- '",
            "/*!50701 ' */ SET ROLE boss -- '",
            "/*M! SET a = 1 */", "SELECT /*+ SET_VAR(a = 1) */ 1", "SELECT 'a\\', GET_LOCK(1, 0), 'b\\'",
            "SELECT 1 AS \"a\\\", GET_LOCK('ansi', 0), 2 AS \"b\"",
            "SELECT 'x\\', @hidden := 5, 'y\\'", "SELECT 'open", "SELECT `open", "SELECT 1 /* open", "SELECT \"open",
            "SELECT 1 -- a\rSELECT f()",
            "SELECT 1 # a\rb", "SELECT 1\u{0}", "SELECT {fn f()}", "SELECT \\N", "SELECT * FROM t PROCEDURE ANALYSE()",
            "WITH x AS (SELECT f()) SELECT * FROM x", "VALUES (f())", "SHOW TABLES WHERE f(1)", "EXPLAIN SELECT f()",
            "KILL 5", "ANALYZE TABLE t",
        ])
    func changing(text: String) {
        let traits = StatementTraits(of: text)
        #expect(traits.changesSession)
        #expect(traits.isDisjoint(with: [.onlyReads, .isPlain, .isPlainInsert]))
    }

    @Test("one statement of several that is not known is enough")
    func several() {
        for text in ["SELECT 1; SET @a = 1; SELECT 2", "SET @a = 1; SELECT 1", "SELECT 1; SET @a = 1"] {
            #expect(StatementTraits(of: text).changesSession, "\(text)")
            #expect(StatementTraits(of: text).mayDoAnything, "\(text)")
        }
    }

    @Test(
        "what begins a transaction is told from what only looks like it",
        arguments: [
            ("BEGIN", true), ("begin work", true), ("START TRANSACTION READ ONLY", true),
            ("/* x */ COMMIT AND CHAIN", true),
            ("ROLLBACK WORK AND CHAIN", true), ("SELECT 1; BEGIN", true), ("COMMIT", false),
            ("COMMIT AND NO CHAIN", false),
            ("ROLLBACK TO SAVEPOINT chain", false), ("SELECT 'BEGIN'", false),
            ("BEGIN NOT ATOMIC SELECT 1; END", false),
        ])
    func begins(text: String, isSo: Bool) { #expect(StatementTraits(of: text).contains(.beginsTransaction) == isSo) }

    @Test("what the benchmarks and the examples run on MySQL keeps the session, but for dropping a database")
    func ownStatements() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        var count = 0
        for folder in ["Benchmarks/Sources/PoolBenchmarks", "Benchmarks/Sources/Measuring", "Examples/Sources"] {
            let files = FileManager.default.enumerator(
                at: root.appending(path: folder), includingPropertiesForKeys: nil)
            while let file = files?.nextObject() as? URL {
                let foreign = ["Postgres", "SQLite", "Readme"].contains { file.lastPathComponent.contains($0) }
                guard file.pathExtension == "swift", !foreign else { continue }
                for text in Self.statements(in: try String(contentsOf: file, encoding: .utf8)) {
                    count += 1
                    #expect(StatementTraits(of: text).contains(.keepsSession), "\(file.lastPathComponent): \(text)")
                }
            }
        }
        #expect(count > 30)
    }

    /// The literals that begin as statements do, with a placeholder for each interpolation.
    private static func statements(in source: String) -> [String] {
        let literals =
            source.matches(of: #/"""\n([\s\S]*?)\n *"""/#).map(\.1)
            + source.matches(of: #/"((?:[^"\\\n]|\\.)*)"/#).map(\.1)
        let commands = ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "CREATE ", "DROP TABLE"]
        return literals.map { literal in
            literal.trimming(while: \.isWhitespace).replacing(#/\\\(identifier: [^()]*\)/#, with: "`t`")
                .replacing(#/\\\(raw: [^()]*\)/#, with: " ").replacing(
                    #/\\\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)/#, with: "?")
        }
        // What ends within an interpolation was cut off at a quote of the source.
        .filter { text in !text.contains("\\(") && commands.contains { text.hasPrefix($0) } }
    }
}

extension Substring {
    fileprivate func trimming(while isBlank: (Character) -> Bool) -> String { String(drop(while: isBlank)) }
}
