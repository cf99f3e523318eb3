/// A date and a time of day without a zone: the reading of a wall clock, wherever it hangs.
///
/// The text form is `2024-01-31T12:30:59.5`. Within the years 0 to 9999 the order of the texts is the order of the
/// values.
public struct SQLTimestamp: Sendable, Hashable {
    /// The day.
    public let date: SQLDate
    /// The time of day, before 24:00:00.
    public let time: SQLTime

    /// Makes a timestamp. 24:00:00 becomes 00:00:00 of the day after, so that each moment has one form.
    ///
    /// Nil only for 24:00:00 of the last day that ``SQLDate`` can represent.
    public init?(date: SQLDate, time: SQLTime) {
        if time.microsecondsSinceMidnight < SQLTime.microsecondsInDay {
            self.date = date
            self.time = time
        } else {
            guard let next = SQLDate(daysSince1970: date.daysSince1970 + 1) else { return nil }
            self.date = next
            self.time = .midnight
        }
    }

    /// Makes the timestamp that a clock in UTC shows at `instant`.
    public init(inUTC instant: SQLZonedTimestamp) {
        let (days, microseconds) = instant.microsecondsSince1970.flooredDivision(by: SQLTime.microsecondsInDay)
        // 64 bits of microseconds reach 292,277 years from 1970, and ``SQLDate`` goes much further.
        let (year, month, day) = GregorianCalendar.date(daysSince1970: Int(days))
        date = SQLDate(checkedYear: year, month: month, day: day)
        time = SQLTime(checked: microseconds)
    }
}

extension SQLTimestamp: Comparable {
    public static func < (left: Self, right: Self) -> Bool {
        (left.date, left.time) < (right.date, right.time)
    }
}

extension SQLTimestamp: LosslessStringConvertible {
    /// Reads the form that ``description`` has; a space may stand for the `T`, and the seconds may be missing. Nil for
    /// any other text, also for one with an offset, which is a ``SQLZonedTimestamp``.
    public init?(_ description: String) {
        var scanner = TextScanner(description)
        guard let timestamp = scanner.timestamp(), scanner.isAtEnd else { return nil }
        self = timestamp
    }

    public var description: String {
        [UInt8].text { text in
            date.write(to: &text)
            text.append("T")
            time.write(to: &text)
        }
    }
}

extension SQLTimestamp: Codable {
    public init(from decoder: any Decoder) throws {
        self = try decoder.decodeText(as: Self.self)
    }

    public func encode(to encoder: any Encoder) throws {
        try encoder.encodeText(of: self)
    }
}
