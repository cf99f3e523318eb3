@_spi(Driver) import PoolSQL
import Testing

@testable import PoolSQLite

@Suite("SQLite statements")
struct StatementTests {
    @Test("execute tells the rows changed and the key of the row inserted last")
    func results() async throws {
        try await TestDatabase().with { connection async throws in
            let created = try await connection.run("CREATE TABLE t(id INTEGER PRIMARY KEY, a UNIQUE)")
            #expect(created == SQLStatementResult(affectedRows: 0))
            let inserted = try await connection.run("INSERT INTO t(a) VALUES (1), (2), (3)")
            #expect(inserted == SQLStatementResult(affectedRows: 3, lastInsertedID: 3))
            #expect(
                try await connection.run("UPDATE t SET a = a + 10 WHERE id > 1") == SQLStatementResult(affectedRows: 2))
            #expect(try await connection.run("SELECT * FROM t") == SQLStatementResult(affectedRows: 0))
            #expect(
                try await connection.run("INSERT OR IGNORE INTO t(a) VALUES (1)") == SQLStatementResult(affectedRows: 0)
            )
            #expect(try await connection.run("DELETE FROM t") == SQLStatementResult(affectedRows: 3))
            try await connection.run("INSERT INTO t(a) VALUES (1), (2)")
            #expect(try await connection.run("DROP TABLE t") == SQLStatementResult(affectedRows: 0))
            #expect(try await connection.run("CREATE TABLE u AS SELECT 1 UNION SELECT 2").affectedRows == 0)
        }
    }

    @Test("the last inserted ID is that of the statement's own rows, and nil if it inserted none with a rowid")
    func lastInsertedID() async throws {
        let inserts: [(sql: String, id: Int64?)] = [
            ("INSERT INTO t VALUES (5, 'a'), (6, 'b')", 6),
            ("INSERT INTO t VALUES (5, 'x') ON CONFLICT DO UPDATE SET name = 'x'", nil),
            ("INSERT INTO t VALUES (9, 'x'), (5, 'y') ON CONFLICT DO UPDATE SET name = 'y'", 9),
            ("INSERT OR IGNORE INTO t VALUES (5, 'z')", nil),
            ("REPLACE INTO t VALUES (5, 'c')", 5),
            ("INSERT INTO t VALUES (0, 'zero')", 0), ("INSERT INTO t VALUES (-1, 'minus')", -1),
            ("INSERT INTO keyed VALUES ('k')", nil),
            ("UPDATE t SET name = 'd'", nil), ("DELETE FROM t WHERE id = 0", nil),
            ("INSERT INTO watched VALUES (3)", 3),
            ("INSERT INTO watched VALUES (3) ON CONFLICT DO UPDATE SET i = 4", nil),
            ("INSERT INTO seen(name) VALUES ('through a view')", nil),
            ("INSERT INTO t(name) SELECT 'none' WHERE 0", nil),
            ("INSERT INTO found VALUES ('words')", 1),
        ]
        try await TestDatabase().with { connection async throws in
            try await connection.executeScript(
                """
                CREATE TABLE t(id INTEGER PRIMARY KEY, name);
                CREATE TABLE keyed(k PRIMARY KEY) WITHOUT ROWID;
                CREATE TABLE log(id INTEGER PRIMARY KEY, note);
                INSERT INTO log VALUES (100, 'first');
                CREATE TABLE watched(i INTEGER PRIMARY KEY);
                CREATE TRIGGER a AFTER INSERT ON watched BEGIN INSERT INTO log(note) VALUES (last_insert_rowid()); END;
                CREATE TRIGGER b AFTER UPDATE ON watched BEGIN INSERT INTO log(note) VALUES ('update'); END;
                CREATE VIEW seen AS SELECT name FROM t;
                CREATE TRIGGER c INSTEAD OF INSERT ON seen BEGIN INSERT INTO log(note) VALUES (NEW.name); END;
                CREATE VIRTUAL TABLE found USING fts5(text);
                """)
            for insert in inserts {
                let result = try await connection.run(insert.sql)
                #expect(result.lastInsertedID == insert.id, "\(insert.sql)")
            }
            #expect(try await connection.value("SELECT note FROM log WHERE id = 101") == .int(3))
        }
    }

    @Test("SQL's last_insert_rowid() is what it always was")
    func lastInsertRowID() async throws {
        try await TestDatabase().with { connection async throws in
            try await connection.executeScript(
                "CREATE TABLE t(id INTEGER PRIMARY KEY, parent); CREATE TABLE keyed(k PRIMARY KEY) WITHOUT ROWID")
            #expect(try await connection.value("SELECT last_insert_rowid()") == .int(0))
            try await connection.run("INSERT INTO t VALUES (40, NULL)")
            try await connection.run("INSERT INTO keyed VALUES (last_insert_rowid())")
            #expect(try await connection.value("SELECT k FROM keyed") == .int(40))
            let child = try await connection.run("INSERT INTO t(parent) VALUES (last_insert_rowid())")
            #expect(child.lastInsertedID == 41)
            #expect(try await connection.value("SELECT parent FROM t WHERE id = 41") == .int(40))
            // The second row sees the first, as in SQLite itself.
            try await connection.run("INSERT INTO t(parent) VALUES (last_insert_rowid()), (last_insert_rowid())")
            #expect(try await connection.rows("SELECT parent FROM t WHERE id > 41") == [[.int(41)], [.int(42)]])
            await #expect(throws: SQLiteError.self) { try await connection.run("INSERT INTO t VALUES (40, NULL)") }
            try await connection.run(
                "INSERT INTO t VALUES (40, 1) ON CONFLICT DO UPDATE SET parent = last_insert_rowid()")
            #expect(try await connection.value("SELECT parent FROM t WHERE id = 40") == .int(43))
            #expect(try await connection.value("SELECT last_insert_rowid()") == .int(43))
        }
    }

    @Test("rows that a trigger changes do not count")
    func triggers() async throws {
        try await TestDatabase().with { connection async throws in
            try await connection.executeScript(
                """
                CREATE TABLE t(a); CREATE TABLE log(a);
                CREATE TRIGGER keep AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.a), (new.a); END;
                """)
            #expect(try await connection.run("INSERT INTO t VALUES (1)") == .init(affectedRows: 1, lastInsertedID: 1))
            #expect(try await connection.value("SELECT count(*) FROM log") == .int(2))
        }
    }

    @Test("a query returns columns by name, and rows in order")
    func query() async throws {
        try await TestDatabase().with { connection async throws in
            let rows = try await connection.query("SELECT 1 AS one, 'x' AS two UNION ALL SELECT 2, 'y'")
            #expect(rows.columns.names == ["one", "two"])
            #expect(try rows.decode((Int, String).self).map(\.1) == ["x", "y"])
            let empty = try await connection.query("SELECT 1 AS one WHERE 0")
            #expect(empty.columns.names == ["one"])
            #expect(empty.isEmpty)
            #expect(try await connection.query("CREATE TABLE t(a)").isEmpty)
        }
    }

    @Test("too few or too many bind values are refused")
    func bindCounts() async throws {
        try await TestDatabase().with { connection async throws in
            for binds in [[], [SQLValue.int(1)], [.int(1), .int(2), .int(3)]] {
                let error = try await sqliteError { try await connection.query(SQL(raw: "SELECT ?, ?", binds: binds)) }
                #expect(error.code == .range)
                #expect(error.message.contains("2 placeholders, but \(binds.count) bind values"))
            }
            #expect(try await connection.value("SELECT ? + 0", .int(7)) == .int(7))
        }
    }

    @Test("more placeholders than SQLite has room for are refused with a remedy")
    func tooManyBinds() async throws {
        try await TestDatabase().with { connection async throws in
            let placeholders = Array(repeating: "?", count: 250_001).joined(separator: ",")
            let error = try await sqliteError { try await connection.rows("SELECT 1 WHERE 1 IN (\(placeholders))") }
            #expect(error.message.contains("too many SQL variables"))
            #expect(error.remedy?.contains("executeBatch") == true)
        }
    }

    @Test(
        "text with more than one statement is refused before it runs",
        arguments: [
            "SELECT 1; SELECT 2", "CREATE TABLE t(a);\n-- x\n/* y */ CREATE TABLE u(a)", "SELECT 1;;x",
        ])
    func severalStatements(text: String) async throws {
        try await TestDatabase().with { connection async throws in
            let error = try await sqliteError { try await connection.rows(text) }
            #expect(error.code == .misuse)
            #expect(error.remedy?.contains("executeScript") == true)
            #expect(try await connection.value("SELECT count(*) FROM sqlite_master") == .int(0))
        }
    }

    @Test(
        "white space, semicolons and comments may follow a statement",
        arguments: [
            "SELECT 7;", " SELECT 7 ; ; \n", "SELECT 7 -- the end", "SELECT 7; /* the end */",
            "/* a */ SELECT 7 /* open",
            "-- a\nSELECT 7; -- b\n /* c */;",
        ])
    func trailingComments(text: String) async throws {
        try await TestDatabase().with { connection async throws in
            #expect(try await connection.value(text) == .int(7))
        }
    }

    @Test("text without a statement is refused", arguments: ["", " ", ";", "-- nothing", "/* nothing */ ;"])
    func empty(text: String) async throws {
        try await TestDatabase().with { connection async throws in
            let error = try await sqliteError { try await connection.rows(text) }
            #expect(error.code == .misuse)
            #expect(error.message == "The SQL text holds no statement")
        }
    }

    @Test("an error names its code, its place and its text, and never its bind values")
    func errors() async throws {
        try await TestDatabase().with { connection async throws in
            let syntax = try await sqliteError { try await connection.rows("SELECT * FORM t") }
            #expect(syntax.code == .error)
            #expect(syntax.offset == 9)
            #expect(syntax.sql == "SELECT * FORM t")
            try await connection.run("CREATE TABLE t(a UNIQUE NOT NULL CHECK (a <> 'bad'))")
            try await connection.run("INSERT INTO t VALUES ('secret')")
            let unique = try await sqliteError { try await connection.run("INSERT INTO t VALUES (?)", .text("secret")) }
            #expect(unique.code == .constraintUnique)
            #expect(unique.code.primary == .constraint)
            #expect(unique.code.rawValue == 2067)
            #expect(unique.message == "UNIQUE constraint failed: t.a")
            #expect(!unique.description.contains("secret"))
            #expect(unique.description.contains("constraintUnique, 2067"))
            let null = try await sqliteError { try await connection.run("INSERT INTO t VALUES (?)", .null) }
            #expect(null.code == .constraintNotNull)
            let check = try await sqliteError { try await connection.run("INSERT INTO t VALUES ('bad')") }
            #expect(check.code == .constraintCheck)
            let missing = try await sqliteError { try await connection.rows("SELECT * FROM nowhere") }
            #expect(missing.remedy != nil)
            #expect(connection.condition == .clean)
        }
    }

    @Test("a batch runs a statement once for each set of values, and stops at the first failure")
    func batch() async throws {
        try await TestDatabase().with { connection async throws in
            try await connection.run("CREATE TABLE t(id INTEGER PRIMARY KEY, a UNIQUE)")
            let insert = SQL(raw: "INSERT INTO t(a) VALUES (?)")
            let results = try await connection.executeBatch(insert, [[.int(1)], [.int(2)], [.null]])
            #expect(results.map(\.lastInsertedID) == [1, 2, 3])
            #expect(try await connection.executeBatch(insert, []).isEmpty)
            let error = try await sqliteError {
                try await connection.executeBatch(insert, [[.int(8)], [.int(1)], [.int(9)]])
            }
            #expect(error.code == .constraintUnique)
            #expect(try await connection.rows("SELECT a FROM t WHERE a > 2") == [[.int(8)]])
        }
    }

    @Test("a script runs statement by statement, and stops at the first failure")
    func script() async throws {
        try await TestDatabase().with { connection async throws in
            try await connection.executeScript(
                "-- a\nCREATE TABLE t(a);;\n/* b; */ INSERT INTO t VALUES ('x;y'); SELECT 1;")
            try await connection.executeScript("")
            #expect(try await connection.value("SELECT a FROM t") == .text("x;y"))
            let error = try await sqliteError {
                try await connection.executeScript("INSERT INTO t VALUES (1); INSERT INTO u VALUES (1); DROP TABLE t")
            }
            #expect(error.message == "no such table: u")
            #expect(try await connection.value("SELECT count(*) FROM t") == .int(2))
            let placeholder = try await sqliteError { try await connection.executeScript("SELECT ?") }
            #expect(placeholder.code == .range)
            let zero = try await sqliteError { try await connection.executeScript("SELECT 1;\0 SELECT 2") }
            #expect(zero.message.contains("zero byte"))
        }
    }

    @Test("prepare checks a statement, and says what it takes and returns")
    func prepare() async throws {
        try await TestDatabase().with { connection async throws in
            try await connection.run("CREATE TABLE t(a, b)")
            let description = try await connection.prepare(SQL(raw: "SELECT a, b AS c FROM t WHERE a = ? AND b = ?"))
            #expect(description == SQLStatementDescription(parameterCount: 2, columnNames: ["a", "c"]))
            await #expect(throws: SQLiteError.self) { try await connection.prepare("SELECT nothing FROM t") }
        }
    }

    @Test("a schema that changes underfoot is noticed, with no error and with the new columns", arguments: [0, 100])
    func schemaChange(cacheCapacity: Int) async throws {
        let database = try TestDatabase(statementCacheCapacity: cacheCapacity)
        try await database.with(.writer) { writer async throws in
            try await writer.executeScript("CREATE TABLE t(a); INSERT INTO t VALUES (1)")
            try await database.with(.reader) { reader async throws in
                let before = try await reader.query("SELECT * FROM t")
                #expect(before.columns.names == ["a"])
                try await writer.executeScript("ALTER TABLE t ADD COLUMN b DEFAULT 7; ALTER TABLE t RENAME a TO first")
                let after = try await reader.query("SELECT * FROM t")
                #expect(after.columns.names == ["first", "b"])
                #expect(after.first.map { Array($0.values) } == [.int(1), .int(7)])
                #expect(before.columns.names == ["a"])
                try await writer.run("DROP TABLE t")
                let error = try await sqliteError { try await reader.query("SELECT * FROM t") }
                #expect(error.message == "no such table: t")
            }
        }
    }

    @Test("the cache keeps the statements used last, and nothing is lost where it is small", arguments: [0, 1, 2, 3])
    func cacheEviction(capacity: Int) async throws {
        try await TestDatabase(statementCacheCapacity: capacity).with { connection async throws in
            for round in 0..<3 {
                for number in [1, 2, 3, 1, 4, 1, 2] {
                    #expect(try await connection.value("SELECT \(number) * ?", .int(10)) == .int(Int64(number * 10)))
                }
                #expect(try await connection.perform { $0.cache.count } == capacity, "round \(round)")
            }
        }
    }

    @Test("the least recently used statement falls out first")
    func cacheOrder() async throws {
        try await TestDatabase(statementCacheCapacity: 2).with { connection async throws in
            for text in ["SELECT 1", "SELECT 2", "SELECT 1", "SELECT 3"] { _ = try await connection.rows(text) }
            let kept = try await connection.perform { session in
                ["SELECT 1", "SELECT 2", "SELECT 3"].filter { session.cache.find($0) != nil }
            }
            #expect(kept == ["SELECT 1", "SELECT 3"])
        }
    }

    @Test("statements that differ only in how a letter is composed are different statements")
    func canonicalEquivalence() async throws {
        try await TestDatabase().with { connection async throws in
            #expect(try await connection.value("SELECT length('e\u{301}')") == .int(2))
            #expect(try await connection.value("SELECT length('\u{e9}')") == .int(1))
        }
    }

    @Test("bind values do not outlive their statement")
    func bindingsAreCleared() async throws {
        try await TestDatabase().with { connection async throws in
            #expect(try await connection.value("SELECT ?1", .text("x")) == .text("x"))
            await #expect(throws: SQLiteError.self) { try await connection.rows("SELECT ?1") }
            #expect(try await connection.value("SELECT ?1", .null) == .null)
        }
    }
}
