public import PoolSQL

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

extension Date: SQLCodable {
    /// A ``SQLValue/zonedTimestamp(_:)``, rounded to the microsecond, which is as much as databases store.
    ///
    /// A date that is not finite, or more than 292,277 years from 1970, is ``SQLValue/invalid(_:)``.
    public var sqlValue: SQLValue {
        guard let microseconds = microsecondsSince1970 else {
            let reason = timeIntervalSince1970.isFinite ? "it is too far from 1970" : "it is not finite"
            return .invalid(SQLEncodingError(Date.self, reason: reason))
        }
        return .zonedTimestamp(SQLZonedTimestamp(microsecondsSince1970: microseconds))
    }

    /// Decodes `zonedTimestamp`, `timestamp`, and `text` in the form of a timestamp; what has no offset from UTC is in
    /// UTC. Throws ``SQLConversionError`` for other values, and for moments whose microseconds the type cannot hold:
    /// those from about 1729 to 2273 it can.
    public init(sqlValue: SQLValue) throws {
        let moment: SQLZonedTimestamp?
        if case .timestamp(let timestamp) = sqlValue {
            moment = SQLZonedTimestamp(timestamp)
        } else {
            do {
                moment = try SQLZonedTimestamp(sqlValue: sqlValue)
            } catch let error as SQLConversionError {
                throw SQLConversionError(expected: Date.self, actual: sqlValue, reason: error.reason)
            }
        }
        guard let moment, let date = Date(exactly: moment) else {
            throw SQLConversionError(
                expected: Date.self, actual: sqlValue,
                reason: "the type cannot hold the microseconds so far from 2001; decode SQLZonedTimestamp")
        }
        self = date
    }

    /// Decodes as ``init(sqlValue:)`` does, and throws ``SQLConversionError`` for a timestamp of a session that is in
    /// another time zone than UTC.
    public init(cell: borrowing SQLCell) throws {
        if cell.isLocalTimestamp {
            throw SQLConversionError(
                expected: Date.self, actual: cell.sqlValue,
                reason:
                    "the session is in another time zone than UTC; decode SQLTimestamp, or let the session be in UTC")
        }
        try self.init(sqlValue: cell.sqlValue)
    }

    private static var microsecondsFrom1970To2001: Int64 { Int64(timeIntervalBetween1970AndReferenceDate) * 1_000_000 }

    /// Nil if the date is not finite, or beyond 64 bits of microseconds.
    private var microsecondsSince1970: Int64? {
        // Counted from 2001, as the type counts: a sum in floating point would lose digits.
        let seconds = timeIntervalSinceReferenceDate.rounded(.down)
        guard let whole = Int64(exactly: seconds) else { return nil }
        let fraction = Int64(((timeIntervalSinceReferenceDate - seconds) * 1e6).rounded())  // from 0 to 1,000,000
        let (microseconds, overflow) = whole.multipliedReportingOverflow(by: 1_000_000)
        if overflow { return nil }
        let (sum, sumOverflow) = microseconds.addingReportingOverflow(fraction + Self.microsecondsFrom1970To2001)
        return sumOverflow ? nil : sum
    }

    /// Nil if the type cannot hold the microseconds.
    private init?(exactly moment: SQLZonedTimestamp) {
        let (microseconds, overflow) = moment.microsecondsSince1970.subtractingReportingOverflow(
            Self.microsecondsFrom1970To2001)
        if overflow { return nil }
        let (seconds, fraction) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        self.init(timeIntervalSinceReferenceDate: Double(seconds) + Double(fraction) / 1e6)
        guard microsecondsSince1970 == moment.microsecondsSince1970 else { return nil }
    }
}
