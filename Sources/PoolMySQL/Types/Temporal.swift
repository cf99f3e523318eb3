internal import PoolSQL

/// Makes dates and times from their parts.
///
/// Values that the server stores and the calendar does not have (`0000-00-00`, `2024-02-00`) become text in the
/// server's format, and so does a `TIME` that is no time of day.
enum Temporal {
    static func date(_ year: Int, _ month: Int, _ day: Int) -> SQLValue {
        SQLDate(year: year, month: month, day: day).map { .date($0) } ?? .text(dateText(year, month, day))
    }

    static func timestamp(_ year: Int, _ month: Int, _ day: Int, _ clock: Clock, isMoment: Bool) -> SQLValue {
        guard let date = SQLDate(year: year, month: month, day: day), let time = clock.timeOfDay,
            let timestamp = SQLTimestamp(date: date, time: time)
        else { return .text("\(dateText(year, month, day)) \(clock.text)") }
        if isMoment, let moment = SQLZonedTimestamp(timestamp) { return .zonedTimestamp(moment) }
        return .timestamp(timestamp)
    }

    static func time(_ clock: Clock, isNegative: Bool) -> SQLValue {
        if !isNegative || clock.microseconds == 0, let time = clock.timeOfDay { return .time(time) }
        return .text("\(isNegative ? "-" : "")\(clock.text)")
    }

    /// Hours, minutes and seconds, of which the hours may exceed a day.
    struct Clock {
        var hours = 0
        var minutes = 0
        var seconds = 0
        var fraction = 0

        /// False for parts that no `TIME` has: https://mariadb.com/kb/en/time/
        var isInBounds: Bool {
            (0...838).contains(hours) && (0..<60).contains(minutes) && (0..<60).contains(seconds)
                && (0..<1_000_000).contains(fraction)
        }

        var microseconds: Int64 {
            // Each cannot overflow, because a part has at most 9 digits: those that ``DigitReader`` takes.
            let seconds = Int64(hours) * 3_600 + Int64(minutes) * 60 + Int64(seconds)  // fits, because of that.
            return seconds * 1_000_000 + Int64(fraction)  // fits, because of that.
        }

        /// The time of day; nil if it is more than 24 hours.
        var timeOfDay: SQLTime? { SQLTime(microsecondsSinceMidnight: microseconds) }

        /// The text `hhh:mm:ss`, followed by a fraction of up to six digits if there is one.
        var text: String {
            var text = "\(padded(hours, 2)):\(padded(minutes, 2)):\(padded(seconds, 2))"
            if fraction != 0 {
                var digits = padded(fraction, 6)[...]
                while digits.hasSuffix("0") { digits.removeLast() }
                text += ".\(digits)"
            }
            return text
        }
    }

    private static func dateText(_ year: Int, _ month: Int, _ day: Int) -> String {
        "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        let missing = max(0, width - digits.utf8.count)  // fits, because a number has few digits.
        return "\(String(repeating: "0", count: missing))\(digits)"  // small, because the width is.
    }
}
