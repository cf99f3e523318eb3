/// A moment in time, to the microsecond, that is the same everywhere.
///
/// The text form is in UTC and always has six digits after the point, as in `2024-01-31T12:30:59.000000Z`: within the
/// years 0 to 9999 the order of the texts is the order of the values, which matters if a database stores texts.
public struct SQLZonedTimestamp: Sendable, Hashable {
    /// The microseconds since 1970, without leap seconds, as all databases count.
    public let microsecondsSince1970: Int64

    /// Makes a moment. Every number of microseconds is one: from the year -290,308 to 294,247.
    public init(microsecondsSince1970: Int64) {
        self.microsecondsSince1970 = microsecondsSince1970
    }

    /// Makes the moment at which a clock that is `offset` ahead of UTC shows `timestamp`. Nil if that is further from
    /// 1970 than 64 bits of microseconds reach, which is about 292,277 years.
    public init?(_ timestamp: SQLTimestamp, offset: Duration = .zero) {
        let days = Int64(timestamp.date.daysSince1970)
        let ofDay = timestamp.time.microsecondsSinceMidnight
        // In 128 bits, since a sum may fit 64 bits although its parts do not, and since no offset is too large for
        // them.
        let microseconds =
            Int128(days) * Int128(SQLTime.microsecondsInDay) + Int128(ofDay) - offset.attoseconds / 1_000_000_000_000
        guard let result = Int64(exactly: microseconds) else { return nil }
        microsecondsSince1970 = result
    }
}

extension SQLZonedTimestamp: Comparable {
    public static func < (left: Self, right: Self) -> Bool {
        left.microsecondsSince1970 < right.microsecondsSince1970
    }
}

extension SQLZonedTimestamp: LosslessStringConvertible {
    /// Reads a timestamp with any offset from UTC: `2024-01-31T12:30:59Z`, `2024-01-31 13:30:59.5+01:00`. A space may
    /// stand for the `T`, and the seconds and the offset's minutes may be missing.
    ///
    /// Nil for any other text, also for one without an offset, which is a ``SQLTimestamp``: only the application knows
    /// whose clock it means.
    public init?(_ description: String) {
        var scanner = TextScanner(description)
        guard let timestamp = scanner.timestamp(), let offset = scanner.offset(), scanner.isAtEnd else { return nil }
        self.init(timestamp, offset: .seconds(offset))
    }

    public var description: String {
        let timestamp = SQLTimestamp(inUTC: self)
        return [UInt8].text { text in
            timestamp.date.write(to: &text)
            text.append("T")
            timestamp.time.writeMicroseconds(to: &text)
            text.append("Z")
        }
    }
}

extension SQLZonedTimestamp: Codable {
    public init(from decoder: any Decoder) throws {
        self = try decoder.decodeText(as: Self.self)
    }

    public func encode(to encoder: any Encoder) throws {
        try encoder.encodeText(of: self)
    }
}
