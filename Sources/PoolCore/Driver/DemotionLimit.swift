internal import Synchronization

/// How often the refusals of servers that only read may end the generation of a driver's connections.
///
/// A server that has become a replica refuses each write, and the connections of its time must go, so that the next
/// ones lead to the primary. An application that writes to a replica by mistake gets the same refusal from each new
/// connection: it must not cost the pool all of them each time. A driver asks its limit at each such refusal, and keeps
/// the connection where the answer is no.
@_spi(Driver)
public final class DemotionLimit: Sendable {
    /// At most one refusal in so long a time ends a generation.
    public static let pause = Duration.seconds(5)

    private let latest = Mutex<ContinuousClock.Instant?>(nil)

    public init() {}

    /// True if a refusal at `now` ends a generation, which counts as one that does.
    public func mayEndGeneration(now: ContinuousClock.Instant) -> Bool {
        latest.withLock { latest in
            if let latest, now - latest < Self.pause { return false }
            latest = now
            return true
        }
    }
}
