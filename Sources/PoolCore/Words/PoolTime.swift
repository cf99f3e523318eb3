/// The source of a pool's time. The default is the system's monotonic clock; tests step a manual one.
public protocol PoolTime: Sendable {
    /// The current time. Never earlier than an instant returned before.
    func now() -> PoolInstant

    /// Suspends until `instant`, or throws `CancellationError` as soon as the task is cancelled.
    func sleep(until instant: PoolInstant) async throws

    /// True for a clock that advances on its own; false for a stepped test clock. If true, the pool may hand a
    /// connection from lease to lease for up to 0.1 s without reading the time. The default is false.
    var isRealTime: Bool { get }
}

extension PoolTime {
    /// The default is false.
    public var isRealTime: Bool { false }
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
    public var isRealTime: Bool { true }

    /// The time since this clock was made.
    public func now() -> PoolInstant {
        PoolInstant(nanoseconds: (clock.now - start).wholeNanoseconds)
    }

    /// Suspends until `instant`, or throws `CancellationError` when the task is cancelled.
    public func sleep(until instant: PoolInstant) async throws {
        try await clock.sleep(until: start + .nanoseconds(instant.nanoseconds))
    }
}
