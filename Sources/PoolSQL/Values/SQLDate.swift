/// A day of the Gregorian calendar, which is applied to all years, also those before it was in use.
///
/// Years are counted as ISO 8601 does: 0 is the year 1 BC, -1 is 2 BC. The text form is `2024-01-31`; years below 0 and
/// above 9999 have a sign, as in `-0043-03-15` and `+12024-01-31`.
public struct SQLDate: Sendable, Hashable {
    /// The years that can be represented. They include all that the common databases store.
    public static let years = -9_999_999...9_999_999

    private let storedYear: Int32
    private let storedMonth: UInt8
    private let storedDay: UInt8

    /// The year; 0 is the year 1 BC.
    public var year: Int { Int(storedYear) }
    /// The month, 1 to 12.
    public var month: Int { Int(storedMonth) }
    /// The day of the month, 1 to 31.
    public var day: Int { Int(storedDay) }

    /// Makes a date. Nil if there is no such day, or if the year is not in ``years``.
    public init?(year: Int, month: Int, day: Int) {
        guard Self.years.contains(year), 1...12 ~= month,
            1...GregorianCalendar.days(inMonth: month, of: year) ~= day
        else { return nil }
        self.init(checkedYear: year, month: month, day: day)
    }

    /// Makes a date from the number of days since 1970-01-01. Nil if the year is not in ``years``.
    public init?(daysSince1970: Int) {
        guard GregorianCalendar.dayRange.contains(daysSince1970) else { return nil }
        let (year, month, day) = GregorianCalendar.date(daysSince1970: daysSince1970)
        self.init(checkedYear: year, month: month, day: day)
    }

    /// Makes a date that was checked before. Traps unless the year fits 32 bits, the month and the day 8.
    init(checkedYear year: Int, month: Int, day: Int) {
        storedYear = Int32(year)
        storedMonth = UInt8(month)
        storedDay = UInt8(day)
    }

    /// The number of days since 1970-01-01, which is 0.
    public var daysSince1970: Int {
        GregorianCalendar.daysSince1970(year: year, month: month, day: day)
    }
}

extension SQLDate: Comparable {
    public static func < (left: Self, right: Self) -> Bool {
        (left.storedYear, left.storedMonth, left.storedDay) < (right.storedYear, right.storedMonth, right.storedDay)
    }
}

extension SQLDate: LosslessStringConvertible {
    /// Reads the form that ``description`` has. Nil for any other text, also for days that do not exist.
    public init?(_ description: String) {
        var scanner = TextScanner(description)
        guard let date = scanner.date(), scanner.isAtEnd else { return nil }
        self = date
    }

    public var description: String {
        [UInt8].text(write)
    }

    func write(to text: inout [UInt8]) {
        if year < 0 {
            text.append("-")
        } else if year > 9999 {
            text.append("+")
        }
        text.append(abs(year), width: 4)
        text.append("-")
        text.append(month, width: 2)
        text.append("-")
        text.append(day, width: 2)
    }
}

extension SQLDate: Codable {
    public init(from decoder: any Decoder) throws {
        self = try decoder.decodeText(as: Self.self)
    }

    public func encode(to encoder: any Encoder) throws {
        try encoder.encodeText(of: self)
    }
}
