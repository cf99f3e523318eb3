public import PoolSQL

/// A value of the type `TIME`, which is a length of time: from -838:59:59.999999 to 838:59:59.999999.
///
/// Unlike this type, ``SQLTime``, a time of day, decodes only values from 0 to 24 hours.
/// https://mariadb.com/kb/en/time/
public struct MySQLTime: Sendable, Hashable {
    /// The length in microseconds; may be negative.
    public let microseconds: Int64

    /// Makes a length of time. Nil if it is beyond the type's range.
    public init?(microseconds: Int64) {
        guard (-3_020_399_999_999...3_020_399_999_999).contains(microseconds) else { return nil }
        self.microseconds = microseconds
    }

    /// The length as a `Duration`.
    public var duration: Duration { .microseconds(microseconds) }
}

extension MySQLTime: Comparable {
    /// True if the left length is shorter; negative lengths come first.
    public static func < (left: Self, right: Self) -> Bool { left.microseconds < right.microseconds }
}

extension MySQLTime: LosslessStringConvertible {
    /// Reads the format of ``description``.
    public init?(_ description: String) {
        var reader = DigitReader(description.utf8)
        let isNegative = reader.take("-")
        guard let clock = reader.clock(), reader.isAtEnd else { return nil }
        self.init(microseconds: isNegative ? -clock.microseconds : clock.microseconds)
    }

    /// The length in the server's format, for example `-12:30:59.5`.
    public var description: String {
        let rest = microseconds.magnitude
        let seconds = Int(rest / 1_000_000)
        let clock = Temporal.Clock(
            hours: seconds / 3600, minutes: seconds / 60 % 60, seconds: seconds % 60, fraction: Int(rest % 1_000_000))
        return (microseconds < 0 ? "-" : "") + clock.text
    }
}

extension MySQLTime: SQLCodable {
    /// The length as text in the server's format.
    public var sqlValue: SQLValue { .text(description) }

    /// Decodes a `TIME`: a time of day, or text in the format of ``description``.
    ///
    /// - Throws: an ``SQLConversionError`` for any other value.
    public init(sqlValue: SQLValue) throws {
        switch sqlValue {
        case .time(let time): microseconds = time.microsecondsSinceMidnight
        case .text(let text):
            guard let value = Self(text) else {
                throw SQLConversionError(
                    expected: Self.self, actual: sqlValue, reason: "the text is not in the form of this type")
            }
            self = value
        default: throw SQLConversionError(expected: Self.self, actual: sqlValue)
        }
    }
}
