import Foundation
import Testing

@testable import PoolSQLite

@Suite("What old schemas, other processes and read-only disks want of SQLite")
struct LegacyTests {
    private static let script = """
        CREATE TABLE p(f, l, active);
        CREATE VIEW full AS SELECT f || " " || l AS name FROM p;
        CREATE TABLE log(m);
        CREATE TRIGGER tr AFTER INSERT ON p BEGIN INSERT INTO log VALUES ("added " || new.f); END;
        CREATE TABLE d(x DEFAULT "abc", CHECK (x <> "bad"));
        """
    private static let uses = [
        "INSERT INTO p VALUES ('Bob', 'M', 0)", "VACUUM", "ALTER TABLE p RENAME COLUMN active TO isActive",
        "INSERT INTO d DEFAULT VALUES",
    ]

    @Test("texts in double quotes work where the configuration accepts them, also after a reset")
    func accepted() async throws {
        let database = try TestDatabase(acceptsQuotedTexts: true)
        try await database.with { connection async throws in
            try await connection.executeScript(Self.script)
            for text in Self.uses { try await connection.run(text) }
            try await connection.run("PRAGMA foreign_keys = OFF")
            try await connection.reset()
            #expect(try await connection.rows("SELECT name FROM full") == [[.text("Bob M")]])
            #expect(try await connection.rows("SELECT m FROM log") == [[.text("added Bob")]])
            #expect(try await connection.rows("SELECT x FROM d") == [[.text("abc")]])
        }
    }

    @Test("else they are an error whose remedy names the setting")
    func refused() async throws {
        let database = try TestDatabase(acceptsQuotedTexts: true)
        try await database.with { try await $0.executeScript(Self.script) }
        let path = database.path
        try await SQLiteDriver(configuration: SQLiteConfiguration(path: path)).with { connection async throws in
            for text in ["SELECT * FROM full", "INSERT INTO p VALUES (1, 2, 3)", "SELECT \"typo\" FROM p"] {
                let error = try await sqliteError { try await connection.run(text) }
                #expect(error.remedy?.contains("acceptsQuotedTexts") == true)
                #expect(error.remedy?.contains("single quotes") == true)
            }
        }
    }

    @Test(
        "a WAL that cannot be shared names the URL's immutable=1, and not a lease that writes",
        arguments: [264, 520, 1288, 1544])
    func readOnlyWAL(code: Int32) {
        let error = SQLiteError(SQLiteError.Code(rawValue: code), "attempt to write a readonly database")
        #expect(error.remedy?.contains("immutable=1") == true)
        #expect(error.remedy?.contains("readWrite") == false)
        #expect(error.code.description.hasPrefix("readOnly") == true)
        #expect(SQLiteError(.readOnly, "attempt").remedy?.contains(".readWrite") == true)
    }

    @Test(
        "preparing asks the database, also about a statement that is kept and a schema that another connection has changed"
    )
    func prepareAsks() async throws {
        let database = try TestDatabase()
        try await database.with(.writer) { writer async throws in
            try await writer.run("CREATE TABLE t(id)")
            try await database.with(.reader) { reader async throws in
                _ = try await reader.rows("SELECT * FROM t")
                #expect(try await reader.prepare("SELECT * FROM t").columnNames == ["id"])
                try await writer.run("ALTER TABLE t ADD COLUMN b")
                #expect(try await reader.prepare("SELECT * FROM t").columnNames == ["id", "b"])
                #expect(try await reader.query("SELECT * FROM t").columns.names == ["id", "b"])
                try await writer.run("DROP TABLE t")
                let error = try await sqliteError { try await reader.prepare("SELECT * FROM t") }
                #expect(error.message.contains("no such table"))
                #expect(reader.condition == .clean)
            }
        }
    }

    @Test("a byte order mark is white space, before, after and between statements")
    func byteOrderMark() async throws {
        try await TestDatabase().with { connection async throws in
            for text in ["SELECT 7;\u{FEFF}", "\u{FEFF}SELECT 7", "SELECT 7;\u{FEFF} \u{FEFF}-- and a comment"] {
                #expect(try await connection.value(text) == .int(7))
            }
            try await connection.executeScript("\u{FEFF}CREATE TABLE t(a);\u{FEFF}INSERT INTO t VALUES (1);\u{FEFF}")
            #expect(try await connection.value("SELECT a FROM t") == .int(1))
            let error = try await sqliteError { try await connection.run("SELECT 7;\u{FEFF}SELECT 8") }
            #expect(error.message.contains("more than one statement"))
        }
    }
}
