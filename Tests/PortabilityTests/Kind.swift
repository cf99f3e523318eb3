import PoolSQL

/// The kinds of values that each of the databases can store.
enum Kind: String, Sendable, Hashable, CaseIterable {
    case bool, int, double, decimal, text, bytes, date, time, timestamp, moment, uuid, json

    /// Ordinary values, and those at the ends.
    var samples: [SQLValue] {
        switch self {
        case .bool: [.bool(true), .bool(false)]
        case .int:
            [0, 1, -1, 127, 255, -32_769, 65_536, 4_294_967_296, .max, .min, .max - 1, .min + 1].map { .int($0) }
        case .double:
            [0, 1, 0.1, -1.5, 1.0 / 3, .pi, 1e-300, 1e300, .greatestFiniteMagnitude, .leastNormalMagnitude]
                .map { .double($0) }
        case .decimal:
            // With a fraction: SQLite refuses whole numbers of more than 64 bits.
            ["0", "1.1", "-0.0000000001", "123456789012345678901234567890.0123456789"]
                .compactMap { SQLDecimal($0) }.map { .decimal($0) }
        case .text: Self.texts.map { .text($0) }
        case .bytes:
            [[], [0], [0, 1, 0], [0x27, 0x22, 0x5C, 0x25], Array(0...255), Array(repeating: 0xA5, count: 100_000)]
                .map { .bytes($0) }
        case .date:
            ["1970-01-01", "2024-02-29", "1900-03-01", "9999-12-31"].compactMap { SQLDate($0).map { .date($0) } }
        case .time: ["00:00:00", "12:34:56.000001", "23:59:59.999999"].compactMap { SQLTime($0).map { .time($0) } }
        case .timestamp:
            ["1970-01-01 00:00:00", "2024-02-29 23:59:59.999999", "1900-01-01 12:00:00.5"].compactMap {
                SQLTimestamp($0).map { .timestamp($0) }
            }
        case .moment:
            [1_000_000, 1_700_000_000_123_456, 2_000_000_000_000_001].map {
                .zonedTimestamp(SQLZonedTimestamp(microsecondsSince1970: $0))
            }
        case .uuid:
            ["00000000-0000-0000-0000-000000000000", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"]
                .compactMap { SQLUUID($0).map { .uuid($0) } }
        case .json:
            [#"{"a":[1,2.5,null,true],"ü":"\u0000 \"'\\ 🏦"}"#, "[]", "null", #""text""#].map { .json($0) }
        }
    }

    /// Each plane of Unicode, from its first character to its last, and what drivers get wrong.
    private static let texts: [String] = {
        let planes = (0...16).map { plane -> String in
            let scalars = [0x1, 0x41, 0x301, 0xD7FF, 0xE000, 0xF600, 0xFFFD].compactMap {
                Unicode.Scalar(UInt32(plane) << 16 | $0)
            }
            return scalars.reduce(into: "") { $0.unicodeScalars.append($1) }
        }
        let odd = ["", " ", "trailing ", "'; DROP TABLE x; --", "\\", "\"`$1?:a@b%_", "\r\n\t", "e\u{301}", "é", "👩‍👩‍👧"]
        return planes + odd + [String(repeating: "ß", count: 100_000)]
    }()

    /// The value as the application's own type, in words that tell all of it.
    func read(_ row: SQLRow, at index: Int) throws -> String {
        if try row[index, as: SQLValue.self].isNull { return "NULL" }
        return switch self {
        case .bool: "\(try row[index, as: Bool.self])"
        case .int: "\(try row[index, as: Int64.self])"
        case .double: "\(try row[index, as: Double.self])"
        case .decimal: try row[index, as: SQLDecimal.self].withoutPadding
        // Strings that only look alike must not pass for the same.
        case .text: "\(Array(try row[index, as: String.self].utf8).hashed)"
        case .bytes: "\(try row[index, as: [UInt8].self].hashed)"
        case .date: "\(try row[index, as: SQLDate.self])"
        case .time: "\(try row[index, as: SQLTime.self])"
        case .timestamp: "\(try row[index, as: SQLTimestamp.self])"
        case .moment: "\(try row[index, as: SQLZonedTimestamp.self].microsecondsSince1970)"
        case .uuid: "\(try row[index, as: SQLUUID.self])"
        case .json: try row[index, as: SQLJSON.self].text
        }
    }

    /// What ``read(_:at:)`` must say of a value.
    func written(_ value: SQLValue) -> String {
        switch value {
        case .null: "NULL"
        case .text(let text): Array(text.utf8).hashed
        case .bytes(let bytes): bytes.hashed
        case .zonedTimestamp(let moment): "\(moment.microsecondsSince1970)"
        case .decimal(let decimal): decimal.withoutPadding
        case .int, .bool, .double, .date, .time, .timestamp, .uuid, .json, .array, .invalid: "\(value)"
        }
    }

    /// True where a value can be looked for in the same way everywhere. MariaDB takes letters for the same that differ
    /// in their case or accent, Postgres does not compare JSON, and SQLite compares decimals and moments as texts.
    var canBeFound: Bool { [.bool, .int, .bytes, .date, .uuid].contains(self) }
}

extension SQLDecimal {
    /// The shortest text of all that are the same number: MariaDB writes as many places as its column has.
    fileprivate var withoutPadding: String {
        var text = description
        guard text.contains(".") else { return text }
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
        return text
    }
}

extension [UInt8] {
    /// All that matters of bytes, in a line: their number, the first of them, and a sum of FNV-1a over all.
    fileprivate var hashed: String {
        let sum = reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
        return "\(count) bytes \(prefix(40).map(String.init).joined(separator: " ")), \(sum)"
    }
}
