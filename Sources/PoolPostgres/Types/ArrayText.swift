internal import PoolSQL

/// Parses the text of an array: `{1,NULL,"a \"b\""}`, `{{1,2},{3,4}}`, `[0:1]={1,2}`; or `{(1,1),(0,0);(3,3),(2,2)}`
/// if the elements' type has another delimiter than most.
/// https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
struct ArrayTextParser {
    private let bytes: [UInt8]
    private let kind: ValueKind
    private let delimiter: UInt8
    /// The layers of the elements if they are arrays of another type; else empty.
    private let inner: ArrayLayers
    private var index = 0
    private var depth = 0

    init(_ text: String, kind: ValueKind, _ layers: ArrayLayers) {
        bytes = Array(text.utf8)
        self.kind = kind
        delimiter = layers.delimiter
        inner = layers.inner
    }

    /// Parses the array. Nil if the text is not an array.
    mutating func parse() -> SQLValue? {
        if bytes.first == UInt8(ascii: "["), let equals = bytes.firstIndex(of: UInt8(ascii: "=")) { index = equals + 1 }
        guard let array = array(), index == bytes.count else { return nil }
        return array
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool { take(UInt8(ascii: character)) }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard index < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    private mutating func array() -> SQLValue? {
        guard take("{") else { return nil }
        // The server allows 6 dimensions.
        depth += 1
        defer { depth -= 1 }
        if depth > 6 { return nil }
        if take("}") { return .array([]) }
        var values: [SQLValue] = []
        repeat {
            guard let value = element() else { return nil }
            values.append(value)
        } while take(delimiter)
        return take("}") ? .array(values) : nil
    }

    private mutating func element() -> SQLValue? {
        guard index < bytes.count else { return nil }
        if bytes[index] == UInt8(ascii: "{") { return array() }
        if take("\"") { return quoted().map { ColumnReader.value($0, kind, inner) } }
        let start = index
        while index < bytes.count, bytes[index] != delimiter, bytes[index] != UInt8(ascii: "}") { index += 1 }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        return text == "NULL" ? .null : ColumnReader.value(text, kind, inner)
    }

    private mutating func quoted() -> String? {
        var text: [UInt8] = []
        while index < bytes.count {
            if take("\"") { return String(decoding: text, as: UTF8.self) }
            _ = take("\\")
            guard index < bytes.count else { return nil }
            text.append(bytes[index])
            index += 1
        }
        return nil
    }
}

/// The texts of values that the server accepts, whatever type it infers.
enum ValueText {
    /// The text of a value; nil for NULL.
    static func of(_ value: SQLValue) -> String? {
        switch value {
        // A statement with an invalid value has been refused before.
        case .null, .invalid: nil
        case .bool(let value): value ? "t" : "f"
        case .int(let value): String(value)
        case .double(let value): double(value)
        case .decimal(let value): value.description
        case .text(let value), .json(let value): value
        case .bytes(let value): ByteText.encode(value)
        case .date(let value): date(value)
        case .time(let value): value.description
        case .timestamp(let value): timestamp(value)
        case .zonedTimestamp(let value): zonedTimestamp(value)
        case .uuid(let value): value.description
        case .array(let values): array(values)
        }
    }

    private static func double(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        // A whole number has no point, so that it can be an integer too.
        if let whole = Int64(exactly: value), value.magnitude < 1e15 {
            return value.sign == .minus && whole == 0 ? "-0" : String(whole)
        }
        return value.description
    }

    private static func date(_ date: SQLDate) -> String {
        if date.year > 0 { return String(date.description.trimmingPrefix("+")) }
        guard let positive = SQLDate(year: date.year + 400 * ((-date.year) / 400 + 1), month: date.month, day: date.day)
        else { return date.description }
        // Only month and day are taken from this date: leap years repeat after 400 years.
        let year = String(1 - date.year)
        // With fewer than four digits the year could be a day or a month as well.
        return String(repeating: "0", count: max(0, 4 - year.count)) + year + positive.description.suffix(6) + " BC"
    }

    static func timestamp(_ value: SQLTimestamp, zone: String = "") -> String {
        let day = date(value.date)
        let isBeforeChrist = day.hasSuffix(" BC")
        return (isBeforeChrist ? String(day.dropLast(3)) : day) + " " + value.time.description + zone
            + (isBeforeChrist ? " BC" : "")
    }

    private static func zonedTimestamp(_ value: SQLZonedTimestamp) -> String {
        timestamp(SQLTimestamp(inUTC: value), zone: "+00")
    }

    /// The text of an array.
    ///
    /// - Parameter delimiter: The delimiter of the elements' type.
    static func array(_ values: [SQLValue], delimiter: String = ",") -> String {
        "{" + values.map { element($0, delimiter) }.joined(separator: delimiter) + "}"
    }

    private static func element(_ value: SQLValue, _ delimiter: String) -> String {
        if case .array(let values) = value { return array(values, delimiter: delimiter) }
        guard let text = of(value) else { return "NULL" }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { quoted.unicodeScalars.append("\\") }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }
}
