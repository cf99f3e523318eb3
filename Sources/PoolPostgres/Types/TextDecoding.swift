internal import PoolSQL

extension ColumnReader {
    /// Decodes a value in the server's text form, with dates in ISO style. Unreadable values stay text.
    func decodeText(_ bytes: UnsafeRawBufferPointer) -> SQLValue {
        if kind == .bytes, !isArray { return unsafe ByteText.decode(bytes) }
        // Servers before 15 send a byte above 127 unchanged, which is no text.
        if kind == .char, !isArray, bytes.count == 1 { return unsafe .text(CharText.of(bytes[0])) }
        return unsafe value(String(decoding: bytes, as: UTF8.self))
    }

    /// Decodes a value whose text was taken already.
    func value(_ text: String) -> SQLValue { Self.value(text, kind, layers) }

    static func value(_ text: String, _ kind: ValueKind, _ layers: ArrayLayers) -> SQLValue {
        if layers.isEmpty { return value(text, kind) }
        var parser = ArrayTextParser(text, kind: kind, layers)
        return parser.parse() ?? .text(text)
    }

    static func value(_ text: String, _ kind: ValueKind) -> SQLValue {
        let value: SQLValue? =
            switch kind {
            case .bool: text == "t" ? .bool(true) : text == "f" ? .bool(false) : nil
            case .int2, .int4, .int8, .oid: Int64(text).map { .int($0) }
            case .float4: Float(text).map { .double(Double($0)) }
            case .float8: Double(text).map { .double($0) }
            case .numeric: SQLDecimal(text).map { .decimal($0) }
            case .text, .char: .text(text)
            case .bytes: unsafe Array(text.utf8).withUnsafeBytes { bytes in unsafe ByteText.decode(bytes) }
            case .date: DateText.date(text).map { .date($0) }
            case .time: SQLTime(text).map { .time($0) }
            case .timestamp: DateText.timestamp(text).map { .timestamp($0) }
            case .zonedTimestamp: DateText.zonedTimestamp(text)
            case .uuid: SQLUUID(text).map { .uuid($0) }
            case .json, .jsonb: .json(text)
            case .void: .null
            }
        return value ?? .text(text)
    }
}

/// The text of `"char"`, a single byte, as psql prints it: nothing for zero, and a backslash with octal digits above
/// 127. https://www.postgresql.org/docs/current/datatype-character.html
enum CharText {
    static func of(_ byte: UInt8) -> String {
        if byte == 0 { return "" }
        if byte < 0x80 { return String(UnicodeScalar(byte)) }
        return "\\" + String(byte, radix: 8)
    }
}

/// The two text forms of `bytea`.
enum ByteText {
    static func decode(_ text: UnsafeRawBufferPointer) -> SQLValue {
        let backslash = UInt8(ascii: "\\")
        guard text.count >= 2, unsafe text[0] == backslash, unsafe text[1] == UInt8(ascii: "x") else {
            return unsafe decodeEscapes(text)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2 - 1)  // not negative, because of the two before.
        for index in stride(from: 2, to: text.count - 1, by: 2) {
            unsafe bytes.append(digit(text[index]) << 4 | digit(text[index + 1]))
        }
        return .bytes(bytes)
    }

    private static func digit(_ character: UInt8) -> UInt8 {
        character <= UInt8(ascii: "9") ? character &- UInt8(ascii: "0") : (character | 0x20) &- UInt8(ascii: "a") &+ 10
    }

    /// Decodes the older form: a backslash precedes another one, or three octal digits.
    private static func decodeEscapes(_ text: UnsafeRawBufferPointer) -> SQLValue {
        var bytes: [UInt8] = []
        var index = 0
        while index < text.count {
            let character = unsafe text[index]
            if character == UInt8(ascii: "\\"), index + 3 < text.count, unsafe text[index + 1] != character {
                let digits = unsafe [text[index + 1], text[index + 2], text[index + 3]]
                bytes.append(digits.reduce(0) { $0 << 3 | ($1 & 7) })
                index += 4
            } else {
                index += 1
                if character == UInt8(ascii: "\\") { index += 1 }
                bytes.append(character)
            }
        }
        return .bytes(bytes)
    }

    static func encode(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text = Array("\\x".utf8)
        text.reserveCapacity(2 + bytes.count * 2)  // fits, because the bytes do.
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// Decodes dates as the server writes them: years without a sign, and those before 1 with ` BC` at the end.
enum DateText {
    static func date(_ text: String) -> SQLDate? {
        let (text, isBeforeChrist) = era(text)
        return date(text, isBeforeChrist)
    }

    static func timestamp(_ text: String) -> SQLTimestamp? {
        let (text, isBeforeChrist) = era(text)
        let parts = text.split(separator: " ")
        guard parts.count == 2, let date = date(parts[0], isBeforeChrist), let time = SQLTime(String(parts[1])) else {
            return nil
        }
        return SQLTimestamp(date: date, time: time)
    }

    static func zonedTimestamp(_ text: String) -> SQLValue? {
        let (text, isBeforeChrist) = era(text)
        guard let sign = text.lastIndex(where: { $0 == "+" || $0 == "-" }), text.contains(":"),
            let wallClock = timestamp("\(text[..<sign])\(isBeforeChrist ? " BC" : "")"),
            let offset = offset(text[sign...])
        else { return nil }
        if let moment = SQLZonedTimestamp(wallClock, offset: .seconds(offset)) { return .zonedTimestamp(moment) }
        // Beyond the range of microseconds from 1970: the same text as from the binary form, whatever the session's
        // time zone is.
        guard let microseconds = Moment.microseconds(wallClock) else { return nil }
        let (moment, overflow) = microseconds.subtractingReportingOverflow(Int64(offset) * 1_000_000)
        return overflow ? nil : Moment.zonedTimestamp(microseconds: moment)
    }

    private static func era(_ text: String) -> (text: Substring, isBeforeChrist: Bool) {
        text.hasSuffix(" BC") ? (text.dropLast(3), true) : (text[...], false)
    }

    private static func date(_ text: Substring, _ isBeforeChrist: Bool) -> SQLDate? {
        let parts = text.split(separator: "-").compactMap { Int($0) }
        guard parts.count == 3 else { return nil }
        // The year 1 BC is 0.
        guard (0...9_999_999).contains(parts[0]) else { return nil }
        // Fits, because of the bound above.
        return SQLDate(year: isBeforeChrist ? 1 - parts[0] : parts[0], month: parts[1], day: parts[2])
    }

    /// Decodes an offset such as `+02`, `-03:30` or `+01:23:45`, in seconds.
    private static func offset(_ text: Substring) -> Int? {
        let parts = text.dropFirst().split(separator: ":").compactMap { Int($0) }
        guard (1...3).contains(parts.count) else { return nil }
        // The server allows less than 16 hours.
        guard parts.allSatisfy({ (0..<60).contains($0) }) else { return nil }
        let seconds = zip(parts, [3600, 60, 1]).reduce(0) { $0 + $1.0 * $1.1 }
        return text.hasPrefix("-") ? -seconds : seconds
    }
}
