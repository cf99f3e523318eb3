/// The limits of an engine, in its own units.
struct EngineConfiguration: Sendable {
    struct Lane: Sendable {
        var maximum: Int
        var minimum = 0
        /// Connections kept idle beyond those that are leased.
        var minimumIdle = 0
        /// The number of connections that an acquire that finds none opens.
        var growth = 1
        var closesLast = false
    }

    var maximumConnections: Int
    /// The number of acquires that may wait for a release; `.max` for any number.
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
    /// The number of leases that a connection serves.
    var maximumUses = Int32.max
    var initialBackoff: Nanoseconds = 100_000_000
    var maximumBackoff: Nanoseconds = 30_000_000_000
    /// The longest pause while an acquire waits for the lane.
    var waitersBackoff: Nanoseconds = 3_000_000_000
    var leakWarning: Nanoseconds = .never
    var isLastInFirstOut = true

    /// True if there is an acquire hook: every grant goes through validation.
    var validatesEveryGrant = false
    /// True if there is a session hook: an acquire whose session is not as that hook left it waits for it.
    var hasSessionHook = false
    /// True if there is a release hook: every release goes through reset.
    var resetsEveryRelease = false

    /// True if, in debug builds, the engine checks all of its state after each call.
    var checksItself = false

    /// The time without an answer after which a connect holds up no other. It goes on until its own deadline.
    var silentAfter: Nanoseconds { max(4_000_000_000, connectTimeout / 5 * 2) }

    /// True if a connection that comes back may go to the next lease with nothing done or counted in between.
    var allowsCaching: Bool {
        isLastInFirstOut && !validatesEveryGrant && !resetsEveryRelease && maximumUses == .max
    }
}
