import Foundation
import PoolSQL

/// How psql prints a value, written down a second time.
enum ServerText {
    /// Nil for NULL.
    static func of(_ value: SQLValue, type: String) -> String? {
        switch value {
        case .null: nil
        case .bool(let value): value ? "t" : "f"
        case .int(let value): "\(value)"
        case .double(let value): double(value, isSmall: type.hasPrefix("float4"))
        case .decimal(let value): value.description
        case .text(let text), .json(let text): text
        case .bytes(let bytes): "\\x" + bytes.map { String(format: "%02x", $0) }.joined()
        case .date(let date): day(date) + era(date)
        case .time(let time): self.time(time)
        case .timestamp(let value): "\(day(value.date)) \(time(value.time))" + era(value.date)
        case .zonedTimestamp(let value): zoned(SQLTimestamp(inUTC: value))
        case .uuid(let value): value.description
        case .array(let values): array(values, type: type)
        // No result contains it.
        case .invalid: nil
        }
    }

    /// With the session's time zone at UTC.
    private static func zoned(_ value: SQLTimestamp) -> String {
        "\(day(value.date)) \(time(value.time))+00" + era(value.date)
    }

    /// The server prints the fewest digits that lead back to the same number, and so does Swift, in another form.
    private static func double(_ value: Double, isSmall: Bool) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        let shortest = isSmall ? "\(Float(value))" : "\(value)"
        return "number \(shortest)"
    }

    /// Puts what psql has printed of a number into the same form.
    static func comparable(_ printed: String, type: String) -> String {
        switch type {
        case "float4": Float(printed).flatMap { $0.isFinite ? "number \($0)" : nil } ?? printed
        case "float8": Double(printed).flatMap { $0.isFinite ? "number \($0)" : nil } ?? printed
        default: printed
        }
    }

    private static func day(_ date: SQLDate) -> String {
        String(format: "%04d-%02d-%02d", date.year > 0 ? date.year : 1 - date.year, date.month, date.day)
    }

    private static func era(_ date: SQLDate) -> String { date.year > 0 ? "" : " BC" }

    private static func time(_ time: SQLTime) -> String {
        var text = String(format: "%02d:%02d:%02d", time.hour, time.minute, time.second)
        guard time.microsecond > 0 else { return text }
        text += String(format: ".%06d", time.microsecond)
        while text.hasSuffix("0") { text.removeLast() }
        return text
    }

    private static func array(_ values: [SQLValue], type: String) -> String {
        let elements = values.map { value -> String in
            if case .array(let inner) = value { return array(inner, type: type) }
            guard let text = of(value, type: String(type.dropLast(2))) else { return "NULL" }
            return quoted(text)
        }
        return "{" + elements.joined(separator: ",") + "}"
    }

    private static func quoted(_ text: String) -> String {
        let special: Set<Character> = ["{", "}", ",", "\"", "\\"]
        let needsQuotes =
            text.isEmpty || text.lowercased() == "null"
            || text.unicodeScalars.contains {
                special.contains(Character($0)) || "\t\n\r\u{0B}\u{0C} ".unicodeScalars.contains($0)
            }
        if !needsQuotes { return text }
        var result = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { result += "\\" }
            result.unicodeScalars.append(scalar)
        }
        return result + "\""
    }
}
