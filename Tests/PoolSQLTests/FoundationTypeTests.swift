import Foundation
import Testing

@testable import PoolSQL

@Suite("Types of Foundation, which no column holds as they decode themselves")
struct FoundationTypeTests {
    private static let expected = [
        "column, UUID, import PoolFoundation, or use SQLUUID",
        "column, Decimal, import PoolFoundation, or use SQLDecimal",
        "column, Data, import PoolFoundation, or use [UInt8]", "column, URL, import PoolFoundation, or use String",
        "column, Date, import PoolFoundation, or use SQLZonedTimestamp",
        "column, Date, import PoolFoundation, or use SQLZonedTimestamp",
    ]

    /// In a process that is not linked with PoolFoundation, as this one is.
    @Test("without PoolFoundation each is refused with advice, as a property and as the only column")
    func advice() throws {
        let lines = try linesOfWorker()
        for (number, text) in Self.expected.enumerated() {
            for line in [lines[2 * number], lines[2 * number + 1]] { #expect(line.hasSuffix(text), "\(line)") }
        }
        // A Date decodes itself from the seconds since 2001, which no database stores.
        #expect(lines[12].hasPrefix("property: unsupportedType, column, ") && lines[12].contains("PoolFoundation"))
        #expect(lines[14].hasPrefix("property: unexpectedNull, column, UUID, "))
    }

    private func linesOfWorker() throws -> [String] {
        var folder = Bundle.main.bundleURL
        for bundle in Bundle.allBundles where bundle.bundlePath.hasSuffix(".xctest") {
            folder = bundle.bundleURL.deletingLastPathComponent()
        }
        let (process, output) = (Process(), Pipe())
        process.executableURL = folder.appendingPathComponent("DecodingWorker")
        process.standardOutput = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        let lines = text.split(separator: "\n").map(String.init)
        try #require(lines.count == 16, "\(text)")
        return lines
    }

    private func row(_ value: SQLValue) -> SQLRow {
        SQLRows(columns: SQLColumns(names: ["column"]), values: [value])[0]
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
