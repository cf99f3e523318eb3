import Testing

@_spi(Driver) @testable import PoolSQL

@Suite("Statements that cannot be read")
struct SQLMistakeTests {
    private func mistake(_ sql: SQL, _ placeholder: SQLDialect.Placeholder) throws -> SQLMistake {
        let text = try sql.rendered(in: SQLDialect(placeholder: placeholder, identifierQuote: "\"")).text
        return SQLMistake(in: text, placeholder: placeholder)
    }

    @Test("an array after IN has the hint of a list", arguments: [SQLDialect.Placeholder.dollarNumber, .questionMark])
    func list(_ placeholder: SQLDialect.Placeholder) throws {
        for sql: SQL in ["SELECT 1 WHERE a IN \([1, 2])", "SELECT 1 WHERE a not in\n \([1, 2])"] {
            #expect(try mistake(sql, placeholder).syntaxHint(from: "")?.contains("\\(binds: values)") == true)
        }
        for sql: SQL in [
            "SELECT 1 WHERE a IN \(binds: [1, 2])", "SELECT min \(1)", "SELECT 'IN' \(1)", "SELECT \"in\" \(1)",
            "SELECT a AS inn, \(1)",
        ] {
            #expect(try mistake(sql, placeholder).syntaxHint(from: "x") == nil)
        }
    }

    @Test("a placeholder where a name belongs points to identifier:")
    func names() throws {
        let hint = SQLMistake(in: "SELECT 1 FROM $1", placeholder: .dollarNumber).syntaxHint(from: "$1\"")
        #expect(hint?.contains("\\(identifier: name)") == true)
    }

    @Test(
        "a value inside quotation marks has a hint of its own",
        arguments: [SQLDialect.Placeholder.dollarNumber, .questionMark])
    func quotes(_ placeholder: SQLDialect.Placeholder) throws {
        #expect(try mistake("SELECT 1 WHERE a LIKE '%\("x")%'", placeholder).countHint?.contains("LIKE") == true)
        #expect(try mistake("SELECT 'it''s', \("x")", placeholder).countHint?.contains("SQL(raw:") == true)
        #expect(try mistake("SELECT 'a'", placeholder).countHint == nil)
    }

    @Test("placeholders that were written by hand point to values and to SQL(raw:binds:)")
    func byHand() {
        #expect(SQLMistake(in: "SELECT $1::int", placeholder: .dollarNumber).countHint?.contains("\\(value)") == true)
        #expect(SQLMistake(in: "SELECT $0, $$a$$", placeholder: .dollarNumber).countHint == nil)
        #expect(SQLMistake(in: "SELECT a ? 'b'", placeholder: .dollarNumber).countHint == nil)
    }
}
