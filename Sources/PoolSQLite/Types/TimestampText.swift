internal import PoolSQL

extension SQLiteConfiguration.TimestampText {
    func text(of time: SQLTime) -> String {
        switch self {
        case .sqlite: Self.sqlite(time)
        case .iso8601: time.description
        }
    }

    func text(of timestamp: SQLTimestamp) -> String {
        switch self {
        case .sqlite: "\(timestamp.date) \(Self.sqlite(timestamp.time))"
        case .iso8601: timestamp.description
        }
    }

    func text(of moment: SQLZonedTimestamp) -> String {
        switch self {
        case .sqlite: text(of: SQLTimestamp(inUTC: moment))
        case .iso8601: moment.description
        }
    }

    /// The time with no, three or six digits after the point: SQLite itself writes none or three, and a longer text
    /// compares as greater, like the time.
    private static func sqlite(_ time: SQLTime) -> String {
        let text = time.description
        guard let point = text.utf8.lastIndex(of: UInt8(ascii: ".")) else { return text }
        let digits = text.utf8.distance(from: point, to: text.utf8.endIndex) - 1
        return text + String(repeating: "0", count: (digits > 3 ? 6 : 3) - digits)
    }
}
