@_spi(Driver) internal import PoolSQL

/// The time zone of a session, as far as values depend on it.
enum SessionZone: Sendable {
    /// A `TIMESTAMP` is a moment.
    case utc
    /// A `TIMESTAMP` is the time of a wall clock in an unknown place.
    case other
}

extension SQLRowsBuilder {
    /// Appends a value that a session in `zone` has sent.
    mutating func append(_ value: SQLValue, in zone: SessionZone) {
        if zone != .utc, case .timestamp(let timestamp) = value {
            append(localTimestamp: timestamp)
        } else {
            append(value)
        }
    }
}
