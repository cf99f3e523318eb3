import Testing

@testable import PoolSQL

@Suite("Conversions between Swift and SQL values")
struct SQLConversionTests {
    enum Color: String, SQLCodable { case red, green }
    enum Level: Int, SQLCodable { case low = 1, high = 2 }
    struct UserID: RawRepresentable, SQLCodable, Equatable { var rawValue: Int }

    /// Fails unless `value` becomes `sqlValue`, and comes back from it.
    private func expectRoundTrip<Value: SQLCodable & Equatable>(_ value: Value, _ sqlValue: SQLValue) throws {
        #expect(value.sqlValue == sqlValue)
        #expect(try Value(sqlValue: sqlValue) == value)
    }

    private func expectRefusal<Value: SQLDecodable>(_ type: Value.Type, _ values: SQLValue...) {
        for value in values {
            #expect(throws: SQLConversionError.self, "\(type) from \(value)") { try Value(sqlValue: value) }
        }
    }

    @Test("standard types go both ways")
    func roundTrips() throws {
        try expectRoundTrip(true, .bool(true))
        try expectRoundTrip(Int.min, .int(.min))
        try expectRoundTrip(Int8(-128), .int(-128))
        try expectRoundTrip(UInt8(255), .int(255))
        try expectRoundTrip(UInt32.max, .int(4_294_967_295))
        try expectRoundTrip(UInt64(Int64.max), .int(.max))
        try expectRoundTrip(UInt64.max, .decimal(SQLDecimal(UInt64.max)))
        try expectRoundTrip(Int128.min, .decimal(SQLDecimal(Int128.min)))
        try expectRoundTrip(1.5, .double(1.5))
        try expectRoundTrip(Float(1.5), .double(1.5))
        try expectRoundTrip(-Double.infinity, .double(-.infinity))
        try expectRoundTrip("a\0b", .text("a\0b"))
        try expectRoundTrip([1, 2, 255] as [UInt8], .bytes([1, 2, 255]))
        try expectRoundTrip([] as [UInt8], .bytes([]))
        try expectRoundTrip([1, 2] as [Int], .array([.int(1), .int(2)]))
        try expectRoundTrip([[1], []] as [[Int]], .array([.array([.int(1)]), .array([])]))
        try expectRoundTrip([1, nil] as [Int?], .array([.int(1), .null]))
        try expectRoundTrip(Int?.none, .null)
        try expectRoundTrip(Int?.some(3), .int(3))
        try expectRoundTrip(Color.green, .text("green"))
        try expectRoundTrip(Level.high, .int(2))
        try expectRoundTrip(UserID(rawValue: 7), .int(7))
        try expectRoundTrip(SQLJSON(text: "{}"), .json("{}"))
        try expectRoundTrip(SQLValue.array([.null, .bool(false)]), .array([.null, .bool(false)]))
        #expect("abc".dropFirst().sqlValue == .text("bc"))
    }

    @Test("the types of this package decode from their own case and from text")
    func companions() throws {
        try expectRoundTrip(try #require(SQLDate("2024-02-29")), .date(try #require(SQLDate("2024-02-29"))))
        #expect(try SQLDate(sqlValue: .text("2024-02-29")).day == 29)
        #expect(try SQLTime(sqlValue: .text("24:00:00")).hour == 24)
        #expect(try SQLTimestamp(sqlValue: .text("2024-02-29 12:00:00")).time.hour == 12)
        #expect(try SQLZonedTimestamp(sqlValue: .text("1970-01-01T01:00:00+01")).microsecondsSince1970 == 0)
        let uuid = SQLUUID.random()
        #expect(try SQLUUID(sqlValue: .text(uuid.description)) == uuid)
        #expect(try SQLUUID(sqlValue: .bytes(uuid.bytes)) == uuid)
        #expect(try SQLDecimal(sqlValue: .text("1.50")).description == "1.50")
        #expect(try SQLDecimal(sqlValue: .int(-3)) == -3)
        #expect(try SQLDecimal(sqlValue: .double(0.1)).description == "0.1")
        #expect(try SQLJSON(sqlValue: .text("[]")).text == "[]")
        #expect(try String(sqlValue: .json("[]")) == "[]")
    }

    @Test("a number decodes as another type only if nothing is lost")
    func exactNumbers() throws {
        #expect(try Int(sqlValue: .double(1.0)) == 1)
        #expect(try Int(sqlValue: .decimal(#require(SQLDecimal("12.000")))) == 12)
        #expect(try Double(sqlValue: .int(1 << 53)) == 9_007_199_254_740_992)
        #expect(try Double(sqlValue: .decimal(#require(SQLDecimal("0.10")))) == 0.1)
        #expect(try Double(sqlValue: .decimal(.nan)).isNaN)
        #expect(try Float(sqlValue: .double(.nan)).isNaN)
        #expect(try Float(sqlValue: .decimal(#require(SQLDecimal("0.1")))) == 0.1)
        #expect(try Bool(sqlValue: .int(1)))
        #expect(try !Bool(sqlValue: .int(0)))
        expectRefusal(Int.self, .double(1.5), .double(.nan), .double(.infinity), .double(1e19))
        expectRefusal(Int.self, .decimal(try #require(SQLDecimal("1.5"))), .decimal(.nan), .bool(true), .text("1"))
        expectRefusal(Int8.self, .int(128), .int(-129))
        expectRefusal(UInt64.self, .int(-1))
        expectRefusal(Double.self, .int((1 << 53) + 1), .text("1.5"), .bool(true))
        expectRefusal(Double.self, .decimal(try #require(SQLDecimal("0.12345678901234567890"))))
        expectRefusal(Float.self, .double(0.1), .int(16_777_217))
        expectRefusal(Bool.self, .int(2), .int(-1), .double(1), .text("true"))
    }

    @Test("other mixtures are refused")
    func refusals() throws {
        expectRefusal(String.self, .int(1), .bytes([65]), .date(try #require(SQLDate("2024-01-01"))), .null)
        expectRefusal([UInt8].self, .text("a"), .array([.int(1)]))
        expectRefusal([Int].self, .bytes([1]), .int(1), .array([.null]), .array([.text("1")]))
        expectRefusal(SQLDate.self, .text("2024-02-30"), .int(0), .text("2024-01-01T00:00:00"))
        expectRefusal(SQLTime.self, .text("noon"), .int(0))
        expectRefusal(SQLTimestamp.self, .text("2024-01-01T00:00:00Z"), .int(0))
        expectRefusal(SQLZonedTimestamp.self, .text("2024-01-01T00:00:00+99"), .int(0), .double(0))
        expectRefusal(SQLUUID.self, .bytes([1, 2, 3]), .text("no"), .int(1))
        expectRefusal(SQLDecimal.self, .text("abc"), .bool(true))
        expectRefusal(Color.self, .text("blue"), .int(1), .null)
        expectRefusal(Level.self, .int(3), .text("low"))
        expectRefusal(Int?.self, .text("1"))
    }

    @Test("NULL decodes as every optional, and as nothing else")
    func nulls() throws {
        #expect(try Int?(sqlValue: .null) == nil)
        #expect(try Color?(sqlValue: .null) == nil)
        #expect(try [Int]?(sqlValue: .null) == nil)
        #expect(SQLValue(sqlValue: .null).isNull)
        expectRefusal(Int.self, .null)
        expectRefusal(Bool.self, .null)
        expectRefusal(Double.self, .null)
        expectRefusal([UInt8].self, .null)
        expectRefusal(SQLDecimal.self, .null)
        expectRefusal(SQLUUID.self, .null)
        expectRefusal(SQLJSON.self, .null)
    }

    @Test("a failed conversion says what was expected and found, and keeps the value to itself")
    func messages() {
        let error = #expect(throws: SQLConversionError.self) { try Color(sqlValue: .text("secret")) }
        #expect(error?.expectedType == "Color")
        #expect(error?.actualType == "text")
        #expect(error?.description == "expected Color, found text: no case has this raw value")
        let date = #expect(throws: SQLConversionError.self) { try SQLDate(sqlValue: .text("secret")) }
        #expect(date?.description.contains("secret") == false)
    }
}
