/// A time of day without a zone, to the microsecond.
///
/// 24:00:00, the end of the day, is allowed and is not the same as 00:00:00. The text form is `12:30:59`, with a
/// fraction of up to six digits if there is one, as in `12:30:59.5`.
public struct SQLTime: Sendable, Hashable {
    static let microsecondsInDay: Int64 = 86_400_000_000

    /// The microseconds since midnight, 0 to 86,400,000,000.
    public let microsecondsSinceMidnight: Int64

    /// Makes a time. Nil if `microsecondsSinceMidnight` is negative or more than a day has.
    public init?(microsecondsSinceMidnight: Int64) {
        guard 0...Self.microsecondsInDay ~= microsecondsSinceMidnight else { return nil }
        self.microsecondsSinceMidnight = microsecondsSinceMidnight
    }

    /// Makes a time. Nil if there is no such time. Leap seconds (`23:59:60`) have no representation.
    public init?(hour: Int, minute: Int, second: Int = 0, microsecond: Int = 0) {
        guard 0...24 ~= hour, 0...59 ~= minute, 0...59 ~= second, 0...999_999 ~= microsecond else { return nil }
        self.init(microsecondsSinceMidnight: Int64(((hour * 60 + minute) * 60 + second) * 1_000_000 + microsecond))
    }

    /// The start of the day, 00:00:00.
    public static let midnight = SQLTime(checked: 0)

    init(checked microseconds: Int64) {
        microsecondsSinceMidnight = microseconds
    }

    /// The hour, 0 to 24.
    public var hour: Int { Int(microsecondsSinceMidnight / 3_600_000_000) }
    /// The minute, 0 to 59.
    public var minute: Int { Int(microsecondsSinceMidnight / 60_000_000 % 60) }
    /// The second, 0 to 59.
    public var second: Int { Int(microsecondsSinceMidnight / 1_000_000 % 60) }
    /// The microsecond, 0 to 999,999.
    public var microsecond: Int { Int(microsecondsSinceMidnight % 1_000_000) }
}

extension SQLTime: Comparable {
    public static func < (left: Self, right: Self) -> Bool {
        left.microsecondsSinceMidnight < right.microsecondsSinceMidnight
    }
}

extension SQLTime: LosslessStringConvertible {
    /// Reads the form that ``description`` has; the seconds may be missing. Nil for any other text, also for a fraction
    /// that is finer than a microsecond.
    public init?(_ description: String) {
        var scanner = TextScanner(description)
        guard let time = scanner.time(), scanner.isAtEnd else { return nil }
        self = time
    }

    public var description: String {
        [UInt8].text(write)
    }

    func write(to text: inout [UInt8]) {
        writeWholeSeconds(to: &text)
        guard microsecond != 0 else { return }
        text.append(".")
        var fraction = microsecond
        var width = 6
        while fraction.isMultiple(of: 10) {
            fraction /= 10
            width -= 1
        }
        text.append(fraction, width: width)
    }

    /// Writes the time, always with six digits after the point.
    func writeMicroseconds(to text: inout [UInt8]) {
        writeWholeSeconds(to: &text)
        text.append(".")
        text.append(microsecond, width: 6)
    }

    private func writeWholeSeconds(to text: inout [UInt8]) {
        text.append(hour, width: 2)
        text.append(":")
        text.append(minute, width: 2)
        text.append(":")
        text.append(second, width: 2)
    }
}

extension SQLTime: Codable {
    public init(from decoder: any Decoder) throws {
        self = try decoder.decodeText(as: Self.self)
    }

    public func encode(to encoder: any Encoder) throws {
        try encoder.encodeText(of: self)
    }
}
