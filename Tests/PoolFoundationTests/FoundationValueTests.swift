import Foundation
import PoolFoundation
import PoolSQL
import Testing

@Suite("Foundation's types as values")
struct FoundationValueTests {
    private func roundTrip<Value: SQLCodable & Equatable>(_ value: Value) throws -> Bool {
        try Value(sqlValue: value.sqlValue) == value
    }

    private func reason(_ value: some SQLEncodable) -> String? {
        if case .invalid(let error) = value.sqlValue { error.description } else { nil }
    }

    @Test("a UUID keeps its bytes, and decodes from each form that databases have")
    func uuids() throws {
        let text = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
        let uuid = try #require(UUID(uuidString: text))
        #expect(uuid.sqlValue == SQLUUID(text).map(SQLValue.uuid))
        #expect(uuid.bytes.first == 0xF8 && uuid.bytes.last == 0xF6 && uuid.bytes.count == 16)
        for value in [uuid.sqlValue, .text(text.uppercased()), .bytes(uuid.bytes)] {
            #expect(try UUID(sqlValue: value) == uuid)
        }
        for _ in 0..<100 { #expect(try roundTrip(UUID())) }
        for value in [SQLValue.text("x"), .bytes([1]), .int(1), .null] {
            #expect(throws: SQLConversionError.self) { try UUID(sqlValue: value) }
        }
    }

    @Test("a date keeps its microseconds, and a second trip changes nothing", arguments: [1, 2, 3])
    func dates(seed: UInt64) throws {
        var generator = Numbers(state: seed)
        for _ in 0..<10_000 {
            let date = Date(timeIntervalSinceReferenceDate: .random(in: -8.5e9...8.5e9, using: &generator))
            let once = try Date(sqlValue: date.sqlValue)
            #expect(abs(once.timeIntervalSince(date)) < 1e-6)
            #expect(once.sqlValue == date.sqlValue)
            #expect(try Date(sqlValue: once.sqlValue) == once)
        }
        for _ in 0..<10_000 {
            let moment = SQLZonedTimestamp(
                microsecondsSince1970: .random(in: -6_000_000_000_000_000...9_000_000_000_000_000, using: &generator))
            #expect(try Date(sqlValue: .zonedTimestamp(moment)).sqlValue == .zonedTimestamp(moment))
        }
    }

    @Test("a date decodes from what databases store, in UTC if it has no offset")
    func datesOfDatabases() throws {
        let date = Date(timeIntervalSince1970: 1_700_000_000.25)
        let timestamp = try #require(SQLTimestamp("2023-11-14 22:13:20.25"))
        for value in [
            date.sqlValue, .timestamp(timestamp), .text("2023-11-14 22:13:20.25"),
            .text("2023-11-15T00:13:20.25+02:00"),
        ] {
            #expect(try Date(sqlValue: value) == date)
        }
        for value in [SQLValue.int(1), .double(1), .text("infinity"), .text("today"), .null] {
            #expect(throws: SQLConversionError.self) { try Date(sqlValue: value) }
        }
    }

    @Test("a date that cannot be stored is refused, and one that cannot be held is not rounded")
    func datesBeyond() throws {
        for seconds in [Double.infinity, -.infinity, .nan] {
            #expect(
                reason(Date(timeIntervalSinceReferenceDate: seconds))
                    == "A bind value of type Date cannot be stored: it is not finite")
        }
        for seconds in [1e13, -1e13, 9.3e12, .greatestFiniteMagnitude] {
            #expect(
                reason(Date(timeIntervalSinceReferenceDate: seconds))
                    == "A bind value of type Date cannot be stored: it is too far from 1970")
        }
        #expect(reason(Date.distantPast) == nil && reason(Date.distantFuture) == nil)
        #expect(try roundTrip(Date.distantPast) && roundTrip(Date.distantFuture))
        let last = try #require(SQLTimestamp("9999-12-31 23:59:59.999999"))
        #expect(throws: SQLConversionError.self) { try Date(sqlValue: .timestamp(last)) }
        for end in [Int64.min, .max] {
            let moment = SQLZonedTimestamp(microsecondsSince1970: end)
            #expect(throws: SQLConversionError.self) { try Date(sqlValue: .zonedTimestamp(moment)) }
        }
    }

    @Test("a decimal keeps all its digits, and more digits than it can hold are not rounded")
    func decimals() throws {
        let texts = [
            "0", "-1", "1.5", "0.00000000000000000000000000000000000001", "99999999999999999999999999999999999999",
            "-12345678901234567890.123456789012345678", "1e100", "3e-100",
        ]
        for text in texts {
            let decimal = try #require(Decimal(string: text))
            #expect(try roundTrip(decimal), "\(text)")
            #expect(try SQLDecimal(sqlValue: decimal.sqlValue) == SQLDecimal(text))
        }
        #expect(try roundTrip(Decimal.greatestFiniteMagnitude) && roundTrip(Decimal.leastFiniteMagnitude))
        #expect(try roundTrip(Decimal.leastNonzeroMagnitude))
        #expect(Decimal.nan.sqlValue == .decimal(.nan))
        #expect(try Decimal(sqlValue: .decimal(.nan)).isNaN)
        #expect(try Decimal(sqlValue: .int(.min)) == Decimal(Int64.min))
        #expect(try Decimal(sqlValue: .double(0.1)) == Decimal(string: "0.1"))
        let tooLong = String(repeating: "9", count: 39)
        for text in [tooLong, "0." + tooLong, "1e300", "1e-300", "Infinity"] {
            let decimal = try #require(SQLDecimal(text))
            #expect(throws: SQLConversionError.self, "\(text)") { try Decimal(sqlValue: .decimal(decimal)) }
        }
        #expect(throws: SQLConversionError.self) { try Decimal(sqlValue: .bool(true)) }
    }

    @Test("data is bytes, and a URL is its text")
    func dataAndURLs() throws {
        #expect(try roundTrip(Data(0...255)) && roundTrip(Data()))
        #expect(throws: SQLConversionError.self) { try Data(sqlValue: .text("x")) }
        let url = try #require(URL(string: "https://user@example.com:8080/a%20b/?q=1#f"))
        #expect(try roundTrip(url))
        let relative = try #require(URL(string: "b?c", relativeTo: url))
        #expect(relative.sqlValue == .text("https://user@example.com:8080/a%20b/b?c"))
        for text in ["", "a b", "http://ex ample.com"] {
            #expect(throws: SQLConversionError.self, "\(text)") { try URL(sqlValue: .text(text)) }
        }
    }

    private enum Mood: String, Codable, SQLCodable { case glad, sad }

    private struct Address: Codable, Equatable {
        var street: String
        var since: Date?
        var scores: [Double] = []
        var key = Data([1, 2, 3])
        var mood = Mood.glad
    }

    @Test("JSON of one's own type comes back, with sorted keys and readable dates")
    func documents() throws {
        let address = Address(
            street: "\"Ü\" \\ \u{0}", since: Date(timeIntervalSince1970: 1_700_000_000.25), scores: [0.1])
        let column = SQLJSONColumn(address)
        #expect(try roundTrip(column))
        #expect(
            SQLJSONColumn(Address(street: "x", since: address.since)).sqlValue
                == .json(
                    #"{"key":"AQID","mood":"glad","scores":[],"since":"2023-11-14T22:13:20.250000Z","street":"x"}"#))
        #expect(column.street == address.street)
        #expect(try roundTrip(SQLJSONColumn(["a": [1, 2]])))
        #expect(try roundTrip(SQLJSONColumn(Address?.none)))
        #expect(SQLJSONColumn<Address>?.none.sqlValue == .null)
        #expect([Mood.glad, .sad].sqlValue == .array([.text("glad"), .text("sad")]))
    }

    @Test("a document that cannot be encoded, or is another's, names the place and never the value")
    func faultyDocuments() throws {
        let faulty = SQLJSONColumn(Address(street: "x", scores: [1, .nan]))
        #expect(
            reason(faulty)
                == "A bind value of type SQLJSONColumn<Address> cannot be stored: $.scores[1] is a value that JSON cannot hold"
        )
        #expect(reason(SQLJSONColumn([Date(timeIntervalSince1970: .nan)])) != nil)
        let documents = [
            (#"{"street":1}"#, "$.street is not of type String"), ("{", "the text is no JSON, or not that of the type"),
            (#"{"key":"AQID","mood":"glad","scores":[]}"#, #"$ has no key "street""#),
            (#"{"key":"AQID","mood":"secret","scores":[],"street":""}"#, "$.mood is not a value of its type"),
            (
                #"{"key":"AQID","mood":"sad","scores":[null],"street":""}"#,
                "$.scores[0] is null, and not of type Double"
            ),
        ]
        for (text, reason) in documents {
            let error = #expect(throws: SQLConversionError.self) {
                try SQLJSONColumn<Address>(sqlValue: .json(text))
            }
            #expect(error?.reason == reason)
        }
    }
}

/// The same numbers for the same seed.
private struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
