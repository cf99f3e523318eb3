/// A point on a pool's own monotonic clock.
public struct PoolInstant: Sendable, Hashable, Comparable {
    /// Nanoseconds since an arbitrary start that stays fixed for the whole life of the clock.
    public let nanoseconds: Int64

    /// Makes an instant from the clock's reading.
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// Later than every instant that a clock will show.
    public static let distantFuture = PoolInstant(nanoseconds: .max)

    public static func < (left: Self, right: Self) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// Adds a duration; saturates instead of wrapping around.
    public static func + (instant: Self, duration: Duration) -> Self {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
        return PoolInstant(nanoseconds: overflow ? (duration < .zero ? .min : .max) : sum)
    }

    /// The time between two instants; saturates instead of wrapping around.
    public static func - (later: Self, earlier: Self) -> Duration {
        let (difference, overflow) = later.nanoseconds.subtractingReportingOverflow(earlier.nanoseconds)
        return .nanoseconds(overflow ? (later < earlier ? .min : .max) : difference)
    }
}
