/// Reads dates and times from the start of a text, strictly: each function returns nil unless it finds exactly the
/// thing that it is named after.
struct TextScanner {
    private var rest: Substring.UTF8View

    init(_ text: String) {
        rest = Substring(text).utf8
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard let byte = rest.first, UInt32(byte) == character.value else { return false }
        rest.removeFirst()
        return true
    }

    /// Reads a number of `digits` digits; it ends before the first digit that would be too many.
    mutating func number(digits: ClosedRange<Int>) -> Int? {
        var value = 0
        var count = 0
        while count < digits.upperBound, let digit = nextDigit() {
            value = value * 10 + digit
            count += 1
        }
        return digits.contains(count) ? value : nil
    }

    private mutating func nextDigit() -> Int? {
        guard let byte = rest.first, 0x30...0x39 ~= byte else { return nil }
        rest.removeFirst()
        return Int(byte) - 0x30
    }

    /// Reads a date: `2024-01-31`, `-0043-03-15`, `+12024-01-31`.
    mutating func date() -> SQLDate? {
        let isNegative = skip("-")
        if !isNegative { _ = skip("+") }
        guard let year = number(digits: 4...7), !(isNegative && year == 0),
            skip("-"), let month = number(digits: 2...2), skip("-"), let day = number(digits: 2...2)
        else { return nil }
        return SQLDate(year: isNegative ? -year : year, month: month, day: day)
    }

    /// Reads a time: `12:30`, `12:30:59`, `12:30:59.123456`.
    mutating func time() -> SQLTime? {
        guard let hour = number(digits: 2...2), skip(":"), let minute = number(digits: 2...2) else { return nil }
        guard skip(":") else { return SQLTime(hour: hour, minute: minute) }
        guard let second = number(digits: 2...2) else { return nil }
        guard skip(".") else { return SQLTime(hour: hour, minute: minute, second: second) }
        guard let microsecond = fraction() else { return nil }
        return SQLTime(hour: hour, minute: minute, second: second, microsecond: microsecond)
    }

    /// Reads the digits after the point, in millionths. More than six are too precise to keep, unless the rest are
    /// zeros.
    private mutating func fraction() -> Int? {
        var value = 0
        var count = 0
        while let digit = nextDigit() {
            if count < 6 {
                value = value * 10 + digit
            } else if digit != 0 {
                return nil
            }
            count += 1
        }
        guard count > 0 else { return nil }
        for _ in min(count, 6)..<6 { value *= 10 }
        return value
    }

    /// Reads a timestamp: `2024-01-31T12:30:59`, or a space instead of the `T`.
    mutating func timestamp() -> SQLTimestamp? {
        guard let date = date(), skip("T") || skip("t") || skip(" "), let time = time() else { return nil }
        return SQLTimestamp(date: date, time: time)
    }

    /// Reads an offset: `Z`, `+01`, `+01:00`, `+0100`, `-03:30:15`; the result is in seconds ahead of UTC.
    mutating func offset() -> Int? {
        if skip("Z") || skip("z") { return 0 }
        let isNegative = skip("-")
        guard isNegative || skip("+"), let hours = number(digits: 2...2), hours < 24 else { return nil }
        var seconds = hours * 3600
        for unit in [60, 1] where !isAtEnd {
            _ = skip(":")
            guard let number = number(digits: 2...2), number < 60 else { return nil }
            seconds += number * unit
        }
        return isNegative ? -seconds : seconds
    }
}

extension [UInt8] {
    /// Makes a string of ASCII text, with room for a timestamp.
    static func text(_ write: (inout Self) -> Void) -> String {
        var bytes: Self = []
        bytes.reserveCapacity(32)
        write(&bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    mutating func append(_ character: Unicode.Scalar) {
        append(UInt8(ascii: character))
    }

    /// Appends a number that is not negative, with zeros before it up to `width` digits.
    mutating func append(_ number: Int, width: Int) {
        var divisor = 1
        for _ in 1..<width { divisor *= 10 }
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }
}
