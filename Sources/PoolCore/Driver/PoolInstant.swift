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

extension Duration {
    /// The duration in nanoseconds, at most ±292 years.
    package var wholeNanoseconds: Int64 {
        let magnitude = attoseconds.magnitude
        let high = UInt64(truncatingIfNeeded: magnitude >> 64)
        let divisor: UInt64 = 1_000_000_000
        // One hardware division: the division of `Int128` would take several. The quotient must fit.
        guard high < divisor else { return attoseconds < 0 ? .min : .max }
        let (quotient, _) = divisor.dividingFullWidth((high, UInt64(truncatingIfNeeded: magnitude)))
        let nanoseconds = Int64(clamping: quotient)
        return attoseconds < 0 ? -nanoseconds : nanoseconds
    }
}

/// The source of a pool's time. The default is the system's monotonic clock; tests step a manual one.
public protocol PoolTime: Sendable {
    /// The current time. Never earlier than an instant returned before.
    func now() -> PoolInstant

    /// Suspends until `instant`, or throws `CancellationError` as soon as the task is cancelled.
    func sleep(until instant: PoolInstant) async throws

    /// True for a clock that advances on its own; false for a stepped test clock. If true, the pool may hand a
    /// connection from lease to lease for up to 0.1 s without reading the time. The default is false.
    var runsByItself: Bool { get }
}

extension PoolTime {
    /// The default is false.
    public var runsByItself: Bool { false }
}

/// The system's monotonic clock.
public struct PoolSystemTime: PoolTime {
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant

    /// Makes a clock that starts at zero now.
    public init() {
        start = clock.now
    }

    /// True: the clock advances on its own.
    public var runsByItself: Bool { true }

    /// The time since this clock was made.
    public func now() -> PoolInstant {
        PoolInstant(nanoseconds: (clock.now - start).wholeNanoseconds)
    }

    /// Suspends until `instant`, or throws `CancellationError` when the task is cancelled.
    public func sleep(until instant: PoolInstant) async throws {
        try await clock.sleep(until: start + .nanoseconds(instant.nanoseconds))
    }
}
