/// The limits of an engine, in its own units.
struct EngineConfiguration: Sendable {
    struct Lane: Sendable {
        var maximum: Int
        var minimum = 0
        var closesLast = false
        /// Its place is taken by another lane once nothing uses it.
        var isTemporary = false
    }

    var maximumConnections: Int
    var maximumWaiters = 500
    var concurrentConnects = 2
    var lanes: [Lane]

    var connectTimeout: Nanoseconds = 10_000_000_000
    var validateAfterIdle: Nanoseconds = 30_000_000_000
    var validationTimeout: Nanoseconds = 5_000_000_000
    var resetTimeout: Nanoseconds = 5_000_000_000
    var idleTimeout: Nanoseconds = 600_000_000_000
    var maximumLifetime: Nanoseconds = 1_800_000_000_000
    var lifetimeJitter = 0.1
    var initialBackoff: Nanoseconds = 100_000_000
    var maximumBackoff: Nanoseconds = 30_000_000_000
    var leakWarning: Nanoseconds = .never
    var isLastInFirstOut = true

    /// There is an acquire hook: every grant goes through validation.
    var validatesEveryGrant = false
    /// There is a release hook: every release goes through reset.
    var resetsEveryRelease = false
}

/// What happened in an engine since it was made.
struct EngineCounters: Hashable, Sendable {
    var acquired = 0
    var acquiredAfterWaiting = 0
    var timedOut = 0
    var cancelled = 0
    var refused = 0
    var opened = 0
    var connectFailures = 0
    var validations = 0
    var resets = 0
    var leakWarnings = 0
    var closed: [CloseReason: Int] = [:]
    var peakLeased = 0
    var peakWaiting = 0
}
