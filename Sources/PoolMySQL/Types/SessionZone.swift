/// The time zone of a session, as far as values depend on it.
enum SessionZone: Sendable {
    /// A `TIMESTAMP` is a moment.
    case utc
    /// A `TIMESTAMP` is the time of a wall clock in an unknown place.
    case other
}
