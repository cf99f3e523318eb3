internal import Synchronization

/// Limits how often a server's refusal to write may end the generation of a driver's connections.
///
/// A server that has become a replica refuses each write, and the connections opened before must be closed, so that the
/// next ones lead to the primary. An application that writes to a replica by mistake gets the same refusal on each new
/// connection, which must not cost the pool all its connections each time. A driver asks its limit at each such
/// refusal, and keeps the connection if the answer is no.
@_spi(Driver)
public final class DemotionLimit: Sendable {
    /// The shortest time between two refusals that each end a generation.
    public static let pause = Duration.seconds(5)

    private let latest = Mutex<ContinuousClock.Instant?>(nil)

    /// Makes a limit that lets the first refusal end a generation.
    public init() {}

    /// True if a refusal at `now` ends a generation. The limit then counts from `now`.
    public func mayEndGeneration(now: ContinuousClock.Instant) -> Bool {
        latest.withLock { latest in
            if let latest, now - latest < Self.pause { return false }
            latest = now
            return true
        }
    }
}
