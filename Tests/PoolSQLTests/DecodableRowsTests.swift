import Foundation
import Testing

@testable import PoolSQL

@Suite("Rows as Decodable types")
struct DecodableRowsTests {
    private func row(_ values: KeyValuePairs<String, SQLValue>) -> SQLRow {
        SQLRows(columns: SQLColumns(names: values.map(\.key)), values: values.map(\.value))[0]
    }

    @Test("all standard types and those of this package are decoded by column name")
    func leaves() throws {
        enum Color: String, Decodable { case red }
        enum Size: Int, Decodable, SQLDecodable { case large = 3 }
        struct Everything: Decodable {
            var a: Bool, b: Int, c: Int8, d: UInt64, e: Double, f: Float, g: String, h: [UInt8]
            var i: SQLDate, j: SQLUUID, k: SQLDecimal, l: Color, m: Size, n: [Int], o: Int?, p: SQLJSON?, q: Color?
        }
        let uuid = SQLUUID.random()
        let decoded = try row([
            "q": .null, "a": .int(1), "b": .int(2), "c": .int(3), "d": .decimal(SQLDecimal(UInt64.max)),
            "e": .double(5.5),
            "f": .double(0.5), "g": .text("g"), "h": .bytes([1]), "i": .text("2024-01-31"), "j": .uuid(uuid),
            "k": .decimal(7), "l": .text("red"), "m": .int(3), "n": .array([.int(1)]), "o": .null, "p": .json("{}"),
        ]).decode(Everything.self)
        #expect(decoded.a && decoded.b == 2 && decoded.c == 3 && decoded.d == .max && decoded.e == 5.5)
        #expect(decoded.f == 0.5 && decoded.g == "g" && decoded.h == [1] && decoded.i.day == 31 && decoded.j == uuid)
        #expect(decoded.k == 7 && decoded.l == .red && decoded.m == .large && decoded.n == [1] && decoded.o == nil)
        #expect(decoded.p?.text == "{}" && decoded.q == nil)
    }

    @Test("properties in camel case find columns in snake case when asked to")
    func snakeCase() throws {
        struct Person: Decodable, Equatable {
            var firstName: String
            var lineID: Int
            var urlOfHome2: String
        }
        let values = row(["first_name": .text("Ada"), "line_id": .int(1), "url_of_home2": .text("x")])
        let person = Person(firstName: "Ada", lineID: 1, urlOfHome2: "x")
        #expect(try values.decode(Person.self, naming: .snakeCase) == person)
        let error = #expect(throws: SQLDecodingError.self) { try values.decode(Person.self) }
        #expect(error?.code == .noSuchColumn)
        #expect(error?.columnName == "firstName")
    }

    @Test(
        "names are split into words where a reader would",
        arguments: [
            ("id", "id"), ("firstName", "first_name"), ("homeURL", "home_url"), ("URLString", "url_string"),
            ("aB", "a_b"), ("already_snake", "already_snake"), ("v2Beta", "v2_beta"), ("Name", "name"), ("", ""),
            ("one_Two", "one_two"),
        ])
    func words(property: String, column: String) {
        #expect(SQLColumnNaming.snakeCase.columnName(for: property) == column)
    }

    @Test("an optional property without a column is nil, another is an error")
    func missingColumns() throws {
        struct Loose: Decodable { var id: Int, note: String? }
        struct Strict: Decodable { var id: Int, note: String }
        let values = row(["id": .int(1)])
        #expect(try values.decode(Loose.self).note == nil)
        let error = #expect(throws: SQLDecodingError.self) { try values.decode(Strict.self) }
        #expect(error?.columnName == "note")
    }

    @Test("a column that occurs twice is an error if a property asks for it")
    func ambiguousColumns() throws {
        struct Asking: Decodable { var id: Int? }
        struct Indifferent: Decodable { var name: String }
        let values = row(["id": .int(1), "id": .int(2), "name": .text("x")])
        #expect(try values.decode(Indifferent.self).name == "x")
        let error = #expect(throws: SQLDecodingError.self) { try values.decode(Asking.self) }
        #expect(error?.code == .ambiguousColumn)
    }

    @Test("a failure within names column, row and types")
    func mismatch() throws {
        enum Color: String, Decodable { case red }
        struct Thing: Decodable { var color: Color }
        let wrongType = #expect(throws: SQLDecodingError.self) { try row(["color": .int(1)]).decode(Thing.self) }
        #expect(wrongType?.code == .typeMismatch)
        #expect(wrongType?.columnName == "color")
        #expect(wrongType?.row == 0)
        let wrongCase = #expect(throws: SQLDecodingError.self) { try row(["color": .text("blue")]).decode(Thing.self) }
        #expect(wrongCase?.columnName == "color")
        #expect(wrongCase?.expectedType == "Color")
        #expect(wrongCase?.description.contains("blue") == false)
        let null = #expect(throws: SQLDecodingError.self) { try row(["color": .null]).decode(Thing.self) }
        #expect(null?.code == .unexpectedNull)
    }

    @Test("an object within a column is refused with advice")
    func nestedObjects() throws {
        struct Inner: Decodable { var a: Int }
        struct Outer: Decodable { var inner: Inner }
        let error = #expect(throws: SQLDecodingError.self) {
            try row(["inner": .json("{\"a\":1}")]).decode(Outer.self)
        }
        #expect(error?.code == .unsupportedType)
        #expect(error?.columnName == "inner")
        #expect(error?.description.contains("SQLJSON") == true)
    }

    @Test("a UUID of Foundation is read from text")
    func foundationUUID() throws {
        struct Keyed: Decodable { var id: UUID }
        let uuid = UUID()
        #expect(try row(["id": .text(uuid.uuidString)]).decode(Keyed.self).id == uuid)
    }

    @Test("the types of this package keep their text in other encodings")
    func codable() throws {
        struct Stored: Codable, Equatable {
            var decimal: SQLDecimal, date: SQLDate, time: SQLTime, timestamp: SQLTimestamp, moment: SQLZonedTimestamp
            var uuid: SQLUUID, json: SQLJSON
        }
        let stored = try Stored(
            decimal: #require(SQLDecimal("1.50")), date: #require(SQLDate("2024-01-31")),
            time: #require(SQLTime("12:00")),
            timestamp: #require(SQLTimestamp("2024-01-31T12:00:00")),
            moment: #require(SQLZonedTimestamp("2024-01-31T12:00:00Z")), uuid: .random(), json: SQLJSON(text: "{}"))
        let data = try JSONEncoder().encode(stored)
        #expect(String(decoding: data, as: UTF8.self).contains("\"1.50\""))
        #expect(try JSONDecoder().decode(Stored.self, from: data) == stored)
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([SQLDate].self, from: Data("[\"x\"]".utf8)) }
    }
}
