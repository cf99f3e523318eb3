import Testing

@testable import PoolPostgres

@Suite("Values that are not what a Postgres server sends")
struct MalformedValueTests {
    private static let types: [UInt32] =
        [
            TypeID.bool, TypeID.bytes, TypeID.int2, TypeID.int4, TypeID.int8, TypeID.oid, TypeID.float4, TypeID.float8,
            TypeID.numeric, TypeID.text, TypeID.date, TypeID.time, TypeID.timestamp, TypeID.zonedTimestamp, TypeID.uuid,
            TypeID.json, TypeID.jsonb, TypeID.void,
        ] + TypeID.elements.keys.sorted()

    private func binary(_ bytes: [UInt8], _ type: UInt32) -> SQLValue? {
        unsafe bytes.withUnsafeBytes { unsafe ColumnReader(type: type).decodeBinary($0) }
    }

    private func text(_ text: String, _ type: UInt32) -> SQLValue {
        unsafe Array(text.utf8).withUnsafeBytes { unsafe ColumnReader(type: type).decodeText($0) }
    }

    private func array(_ numbers: Int32...) -> [UInt8] {
        numbers.flatMap { number in unsafe withUnsafeBytes(of: number.bigEndian) { unsafe Array($0) } }
    }

    @Test("numbers, times and identifiers of a wrong length are no values")
    func wrongLength() {
        for type in [
            TypeID.bool, TypeID.int2, TypeID.int4, TypeID.int8, TypeID.float8, TypeID.date, TypeID.time, TypeID.uuid,
        ] {
            for length in [0, 3, 5, 9, 17] { #expect(binary(Array(repeating: 0, count: length), type) == nil) }
        }
        #expect(binary([0, 0, 0, 5], TypeID.int4) == .int(5))
        // No time of day, and no version of jsonb.
        #expect(binary([0x7F, 0, 0, 0, 0, 0, 0, 0], TypeID.time) == nil)
        #expect(binary([2, 0x7B, 0x7D], TypeID.jsonb) == nil)
    }

    @Test("a numeric with a negative count, scale or unknown sign is no value")
    func numeric() {
        #expect(binary([0, 1, 0, 0, 0, 0, 0, 0, 0, 7], TypeID.numeric) == .decimal(SQLDecimal(7)))
        for bytes: [UInt8] in [
            [0xFF, 0xFF, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0xFF, 0xFF], [0, 0, 0, 0, 0x12, 0x34, 0, 0],
            [0, 1, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], [0, 2, 0, 0, 0, 0, 0, 0, 0, 1],
        ] {
            #expect(binary(bytes, TypeID.numeric) == nil)
        }
    }

    @Test("an array with sizes that it cannot have is no value")
    func arrays() {
        let type: UInt32 = 1007
        let int4 = Int32(TypeID.int4)
        #expect(binary(array(0, 0, int4), type) == .array([]))
        #expect(binary(array(1, 0, int4, 2, 1, 4, 7, -1), type) == .array([.int(7), .null]))
        #expect(binary(array(2, 0, int4, 1, 1, 2, 1, 4, 7, 4, 8), type) == .array([.array([.int(7), .int(8)])]))
        for numbers in [
            array(-1, 0, int4), array(7, 0, int4), array(1, 0, int4, -1, 1), array(1, 0, int4, .max, 1, 4, 7),
            array(3, 0, int4, .max, 1, .max, 1, .max, 1, 4, 7), array(2, 0, int4, 0, 1, .min, 1),
            array(1, 0, int4, 1, 1, -2), array(1, 0, int4, 1, 1, 5, 7), array(1, 0, int4, 1, 1, 4, 7, 7), array(1, 0),
        ] {
            #expect(binary(numbers, type) == nil, "\(numbers)")
        }
    }

    @Test("texts that are no dates, times or arrays stay texts")
    func texts() {
        for moment in [
            "2000-01-01 00:00:00+9223372036854775807", "2000-01-01 00:00:00+01:9223372036854775807",
            "2000-01-01 00:00:00-2562047788015216:00", "9223372036854775807-01-01 00:00:00+00 BC",
            "-9223372036854775808-01-01 00:00:00+00 BC", "2000-01-01 00:00:00+", "+00 BC", "",
        ] {
            #expect(text(moment, TypeID.zonedTimestamp) == .text(moment))
        }
        #expect(text("9223372036854775807-01-01 BC", TypeID.date) == .text("9223372036854775807-01-01 BC"))
        let deep = String(repeating: "{", count: 1_000_000)
        #expect(text(deep, 1007) == .text(deep))
        for array in ["{", "{1", "{1,", "{\"", "{\"\\", "}", "[=", "[0:1]=", "{1}}"] {
            #expect(text(array, 1007) == .text(array))
        }
        #expect(text("{{{{{{1}}}}}}", 1007) != .text("{{{{{{1}}}}}}"))
    }

    @Test("whatever bytes come, reading them ends")
    func noise() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                // Small numbers, and those near the largest and the least, are what sizes and signs are made of.
                [0, 0, 0, 1, 2, 4, 0x7F, 0x80, 0xFF, UInt8.random(in: 0...255, using: &random)]
                    .randomElement(using: &random) ?? 0
            }
            let letters = bytes.map { Array("{}\\\"x,=[-+:. 019BCN".utf8)[Int($0) % 19] }
            for type in Self.types {
                _ = binary(bytes, type)
                _ = text(String(decoding: letters, as: UTF8.self), type)
            }
        }
    }
}
