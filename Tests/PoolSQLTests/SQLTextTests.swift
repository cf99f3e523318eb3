import PoolTesting
import Testing

@_spi(Driver) @testable import PoolSQL

@Suite("SQL by interpolation")
struct SQLTextTests {
    private let postgres = SQLDialect(placeholder: .dollarNumber, identifierQuote: "\"")
    private let mysql = SQLDialect(placeholder: .questionMark, identifierQuote: "`")

    private func text(_ sql: SQL, in dialect: SQLDialect = .ansi) throws -> String {
        try sql.rendered(in: dialect).text
    }

    @Test("a literal is passed on as it is, question marks included")
    func literal() throws {
        let sql: SQL = "SELECT '{}' ? 'a'"
        #expect(try text(sql) == "SELECT '{}' ? 'a'")
        #expect(try text(sql, in: postgres) == "SELECT '{}' ? 'a'")
        #expect(try sql.rendered(in: .ansi).binds.isEmpty)
    }

    @Test("an interpolated value is a bind, whatever it contains")
    func binds() throws {
        let name = "x'); DROP TABLE users; --"
        let missing: Int? = nil
        let sql: SQL = "SELECT \(name), \(1), \(missing), \(true), \(2.5), \([UInt8](arrayLiteral: 1)) FROM t"
        let (text, binds) = try sql.rendered(in: .ansi)
        #expect(text == "SELECT ?, ?, ?, ?, ?, ? FROM t")
        #expect(binds == [.text(name), .int(1), .null, .bool(true), .double(2.5), .bytes([1])])
        #expect(try self.text(sql, in: postgres) == "SELECT $1, $2, $3, $4, $5, $6 FROM t")
    }

    @Test("a string literal within an interpolation is a bind, not text")
    func literalWithinInterpolation() throws {
        let ascending = Bool("true")
        let sql: SQL = "SELECT \("DROP TABLE x"), \(ascending == true ? "ASC" : "DESC")"
        let (text, binds) = try sql.rendered(in: .ansi)
        #expect(text == "SELECT ?, ?")
        #expect(binds == [.text("DROP TABLE x"), .text("ASC")])
    }

    @Test("text outside ASCII around binds survives the change of placeholders")
    func unicode() throws {
        let sql: SQL = "SELECT 'čšé👩‍👩‍👧' = \("ž") AND 'e\u{301}' = \("x") -- 終"
        #expect(try text(sql, in: postgres) == "SELECT 'čšé👩‍👩‍👧' = $1 AND 'e\u{301}' = $2 -- 終")
        let combining: SQL = "SELECT \(1)\(raw: "\u{301}") FROM \(identifier: "e\u{301}")\(raw: "\u{301}")"
        #expect(
            try Array(text(combining, in: postgres).utf8) == Array("SELECT $1\u{301} FROM \"e\u{301}\"\u{301}".utf8))
        #expect(try Array(text(combining, in: mysql).utf8) == Array("SELECT ?\u{301} FROM `e\u{301}`\u{301}".utf8))
    }

    @Test("placeholders are numbered beyond nine")
    func manyPlaceholders() throws {
        let sql: SQL = "VALUES \(binds: 1 ... 12)"
        #expect(
            try text(sql, in: postgres) == "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)")
    }

    @Test("placeholders are found wherever they are, and however many there are", arguments: [1, 2, 3] as [UInt64])
    func placesOfPlaceholders(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for _ in 0..<300 {
            var sql: SQL = ""
            var (ansi, numbered, backticked, binds) = ("", "", "", [SQLValue]())
            for _ in 0..<Int.random(in: 0...7, using: &random) {
                let isLong = Int.random(in: 0..<20, using: &random) == 0
                let text = String(repeating: "é?", count: isLong ? 40_000 : .random(in: 0...3, using: &random))
                if Int.random(in: 0..<4, using: &random) == 0 {
                    sql += "\(raw: text)\(identifier: "n")"
                    (ansi, numbered, backticked) = (
                        ansi + text + "\"n\"", numbered + text + "\"n\"", backticked + text + "`n`"
                    )
                } else {
                    sql += "\(raw: text)\(binds.count)"
                    binds.append(.int(Int64(binds.count)))
                    (ansi, numbered, backticked) = (
                        ansi + text + "?", numbered + text + "$\(binds.count)", backticked + text + "?"
                    )
                }
            }
            for (dialect, expected) in [(SQLDialect.ansi, ansi), (postgres, numbered), (mysql, backticked)] {
                let rendered = try sql.rendered(in: dialect)
                #expect(rendered.text == expected, "seed \(seed)")
                #expect(rendered.binds == binds, "seed \(seed)")
            }
        }
    }

    @Test(
        "identifiers are quoted as the dialect quotes",
        arguments: [
            ("users", "\"users\"", "`users`"),
            ("we\"ird", "\"we\"\"ird\"", "`we\"ird`"),
            ("we`ird", "\"we`ird\"", "`we``ird`"),
            ("\"\"", "\"\"\"\"\"\"", "`\"\"`"),
            ("", "\"\"", "``"),
            ("a?b", "\"a?b\"", "`a?b`"),
            ("žluť", "\"žluť\"", "`žluť`"),
        ])
    func identifiers(name: String, ansi: String, backtick: String) throws {
        let sql: SQL = "SELECT \(1) FROM \(identifier: name) WHERE \(2)"
        #expect(try text(sql) == "SELECT ? FROM \(ansi) WHERE ?")
        #expect(try text(sql, in: postgres) == "SELECT $1 FROM \(ansi) WHERE $2")
        #expect(try text(sql, in: mysql) == "SELECT ? FROM \(backtick) WHERE ?")
    }

    @Test("a qualified identifier is quoted part by part")
    func qualifiedIdentifier() throws {
        let sql: SQL = "SELECT * FROM \(identifier: "main", "a.b", "c")"
        #expect(try text(sql) == "SELECT * FROM \"main\".\"a.b\".\"c\"")
        #expect(try text(sql, in: mysql) == "SELECT * FROM `main`.`a.b`.`c`")
    }

    @Test("fragments bring their binds and identifiers along")
    func fragments() throws {
        let condition: SQL = "\(identifier: "a") = \(1)"
        let sql: SQL = "SELECT \(0) WHERE \(condition) OR \(condition) LIMIT \(9)"
        #expect(try text(sql, in: postgres) == "SELECT $1 WHERE \"a\" = $2 OR \"a\" = $3 LIMIT $4")
        #expect(try sql.rendered(in: postgres).binds == [.int(0), .int(1), .int(1), .int(9)])
    }

    @Test("parts are joined, left out, and optional")
    func parts() throws {
        let conditions: [SQL] = ["a = \(1)", "b = \(2)"]
        let none: [SQL] = []
        let noPart: SQL? = nil
        let part: SQL? = "LIMIT \(5)"
        let sql: SQL = """
            \(joining: conditions, separator: " AND ")|\(joining: conditions)|\(joining: none)|\
            \(if: true, "x = \(3)")|\(if: false, "y = \(4)")|\(optional: part)|\(optional: noPart)
            """
        #expect(try text(sql, in: postgres) == "a = $1 AND b = $2|a = $3, b = $4||x = $5||LIMIT $6|")
    }

    @Test("an empty list of binds is a list of NULL")
    func emptyList() throws {
        let sql: SQL = "SELECT 1 WHERE 1 IN \(binds: [Int]())"
        #expect(try text(sql) == "SELECT 1 WHERE 1 IN (NULL)")
        #expect(try sql.rendered(in: .ansi).binds.isEmpty)
    }

    @Test("statements are added to each other")
    func addition() throws {
        var sql: SQL = "SELECT \(1)"
        sql += " WHERE \(2)"
        let longer = sql + " LIMIT \(3)"
        #expect(try text(longer, in: postgres) == "SELECT $1 WHERE $2 LIMIT $3")
        #expect(try longer.rendered(in: postgres).binds == [.int(1), .int(2), .int(3)])
        #expect(try text(sql, in: postgres) == "SELECT $1 WHERE $2")
    }

    @Test("text known at run time keeps its own placeholders")
    func rawStatement() throws {
        let sql = SQL(raw: "SELECT $1, $2", binds: [1, "a"])
        #expect(try text(sql, in: mysql) == "SELECT $1, $2")
        #expect(try sql.rendered(in: mysql).binds == [.int(1), .text("a")])
    }

    @Test("placeholders by hand do not mix with interpolated ones")
    func mixedPlaceholders() throws {
        let byHand = SQL(raw: "a = ?", binds: [1])
        for sql in ["\(byHand) AND b = \(2)", "\(byHand) AND \(identifier: "b") = \(2)"] as [SQL] {
            let error = #expect(throws: SQLStatementError.self) { try sql.rendered(in: mysql) }
            #expect(error?.code == .mixedPlaceholders)
        }
        let withIdentifier: SQL = "\(identifier: "t") WHERE \(byHand)"
        #expect(try text(withIdentifier, in: mysql) == "`t` WHERE a = ?")
    }

    @Test("a zero byte in the text is an error, wherever it comes from")
    func zeroBytes() {
        let statements: [SQL] = [
            "SELECT '\0'", "SELECT \(1) \(raw: "\0")", "SELECT \(identifier: "a\0b")", SQL(raw: "\0"),
            SQL(raw: String(repeating: "x", count: 1000) + "\0"),
        ]
        for sql in statements {
            for dialect in [SQLDialect.ansi, postgres, mysql] {
                let error = #expect(throws: SQLStatementError.self) { try sql.rendered(in: dialect) }
                #expect(error?.code == .zeroByte)
            }
        }
        #expect(throws: Never.self) { try ("SELECT \("\0")" as SQL).rendered(in: .ansi) }
    }

    @Test("a statement with open parameters is not run")
    func openParameters() {
        let sql: SQL = "SELECT \(.parameter), \(1), \(.parameter)"
        let error = #expect(throws: SQLStatementError.self) { try sql.rendered(in: .ansi) }
        #expect(error?.code == .openParameters)
        #expect(error?.description.contains("2 open parameters") == true)
    }

    @Test("a statement is known again by its text and the places of its values, whatever these are")
    func sameRendering() {
        func select(_ value: Int) -> SQL { "SELECT name FROM t WHERE id = \(value)" }
        let known = select(1).withoutValues
        #expect(select(2).rendersAs(known))
        #expect(select(2).values == [.int(2)])
        let others: [SQL] = [
            "SELECT name FROM t WHERE id = ?", "SELECT name FROM u WHERE id = \(1)",
            "SELECT name FROM t WHERE id = \(1) ",
            "SELECT name FROM t WHERE id = \(.parameter)", select(1) + SQL(raw: "", binds: [2]), "SELECT \(1) FROM t",
            "",
        ]
        for other in others { #expect(!other.rendersAs(known)) }
    }

    @Test(
        "a text that differs in one byte is another, wherever that is, and so is one that is written with other characters"
    )
    func sameBytes() {
        for count in 0...40 {
            let bytes = [UInt8](repeating: 0x78, count: count)
            let sql = SQL(raw: String(decoding: bytes, as: UTF8.self))
            #expect(SQL(raw: String(decoding: bytes, as: UTF8.self)).rendersAs(sql))
            for place in 0..<count {
                var others = bytes
                others[place] = 0x79
                #expect(!SQL(raw: String(decoding: others, as: UTF8.self)).rendersAs(sql))
            }
        }
        // Equal for Swift, and of the same length.
        let (one, two) = ("SELECT 's\u{323}\u{307}'", "SELECT 's\u{307}\u{323}'")
        #expect(one == two)
        #expect(!SQL(raw: one).rendersAs(SQL(raw: two)))
    }

    @Test("descriptions show the types of binds, and the contents only on demand")
    func descriptions() {
        let sql: SQL = "SELECT \("secret"), \(1)"
        for text in [sql.description, sql.debugDescription, "\(sql)", String(reflecting: sql), "\([sql])"] {
            #expect(text.contains("SELECT ?, ? [2 binds: text, int]"))
            #expect(!text.contains("secret"))
        }
        var dumped = ""
        dump(sql, to: &dumped)
        #expect(!dumped.contains("secret"))
        #expect(sql.descriptionWithBinds == "SELECT ?, ? [\"secret\", 1]")
        #expect(("SELECT 1" as SQL).description == "SELECT 1")
    }

    @Test("a name is quoted as the dialect does, and its quotation marks are doubled, also those with an accent")
    func quotedNames() {
        #expect(postgres.quoted("a\"b`c") == "\"a\"\"b`c\"")
        #expect(mysql.quoted("a\"b`c") == "`a\"b``c`")
        #expect(Array(mysql.quoted("`\u{301}").unicodeScalars) == ["`", "`", "`", "\u{301}", "`"])
    }
}
