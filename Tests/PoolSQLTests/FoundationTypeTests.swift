import Foundation
import Testing

@testable import PoolSQL

@Suite("Types of Foundation, which no column holds as they decode themselves")
struct FoundationTypeTests {
    private struct Holder<Value: Decodable>: Decodable { var column: Value }

    private struct Attempt: Sendable, CustomTestStringConvertible {
        let type: String
        let advice: String
        let value: SQLValue
        let property: @Sendable (SQLRow) throws -> Void
        let row: @Sendable (SQLRow) throws -> Void
        var testDescription: String { type }

        init<Value: Decodable & SendableMetatype>(_ type: Value.Type, _ advice: String, _ value: SQLValue) {
            self.type = "\(type)"
            self.advice = advice
            self.value = value
            property = { _ = try $0.decode(Holder<Value>.self) }
            row = { _ = try $0.decode(Value.self) }
        }
    }

    private static let attempts = [
        Attempt(UUID.self, "SQLUUID", .uuid(.random())), Attempt(Decimal.self, "SQLDecimal", .decimal(1)),
        Attempt(Data.self, "[UInt8]", .bytes([1])), Attempt(URL.self, "String", .text("https://example.org")),
        Attempt(Date.self, "SQLZonedTimestamp", .double(0)), Attempt(Date.self, "SQLZonedTimestamp", .text("2024")),
    ]

    private func row(_ value: SQLValue) -> SQLRow {
        SQLRows(columns: SQLColumns(names: ["column"]), values: [value])[0]
    }

    @Test("as a property each names the type that was asked for, and the way out", arguments: attempts)
    private func properties(_ attempt: Attempt) throws {
        let error = try #require(throws: SQLDecodingError.self) { try attempt.property(row(attempt.value)) }
        #expect(error.expectedType == attempt.type)
        #expect(error.columnName == "column")
        #expect(error.description.contains("use \(attempt.advice)"))
    }

    @Test("as the only column likewise, and a Date is not read as seconds since 2001", arguments: attempts)
    private func onlyColumn(_ attempt: Attempt) throws {
        let error = try #require(throws: SQLDecodingError.self) { try attempt.row(row(attempt.value)) }
        #expect(error.expectedType == attempt.type)
        #expect(error.description.contains("use \(attempt.advice)"))
        #expect(throws: SQLDecodingError.self) {
            try SQLRows(columns: SQLColumns(names: ["column"]), values: [.double(0)]).decode(Date.self)
        }
    }

    @Test("NULL is told as such")
    func null() throws {
        struct Keyed: Decodable { var column: UUID }
        let error = try #require(throws: SQLDecodingError.self) { try row(.null).decode(Keyed.self) }
        #expect(error.code == .unexpectedNull)
        #expect(error.expectedType == "UUID")
        #expect(error.reason?.contains("optional") == true)
    }

    @Test("another type that decodes itself is named, too")
    func others() throws {
        enum Status: String, Decodable { case open }
        struct Ticket: Decodable { var column: Status }
        struct Place: Decodable { var town: String }
        struct Person: Decodable { var column: Place }
        struct List: Decodable { var column: [Status] }
        #expect(throws: SQLDecodingError.self) { try row(.int(1)).decode(Ticket.self) }
        for (error, type) in [
            (#expect(throws: SQLDecodingError.self) { try row(.int(1)).decode(Ticket.self) }, "Status"),
            (#expect(throws: SQLDecodingError.self) { try row(.json("{}")).decode(Person.self) }, "Place"),
            (#expect(throws: SQLDecodingError.self) { try row(.array([])).decode(List.self) }, "Array<Status>"),
        ] {
            #expect(error?.expectedType == type)
        }
    }

    @Test("an array says which element does not fit, a String and a Double what to do")
    func values() throws {
        func text(_ body: () throws -> Void) -> String {
            (#expect(throws: SQLDecodingError.self, performing: body)).map { "\($0)" } ?? ""
        }
        #expect(text { _ = try row(.array([.int(1), .null])).decode([Int].self) }.contains("expected Int, found null"))
        #expect(text { _ = try row(.uuid(.random())).decode(String.self) }.contains("cast it to a text"))
        let third = try #require(SQLDecimal("0.33333333333333333333"))
        #expect(text { _ = try row(.decimal(third)).decode(Double.self) }.contains("decode SQLDecimal, or cast"))
    }
}
