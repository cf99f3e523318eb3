/// The time and the randomness that a pool uses, so that tests can step them.
public struct PoolEnvironment: Sendable {
    /// The pool's clock. The default is the system's monotonic clock.
    public var time: any PoolTime
    /// Returns uniformly distributed numbers: for pauses between connects and for lifetimes. The default is the
    /// system's generator.
    public var random: @Sendable () -> UInt64

    /// Makes an environment, by default of the system's clock and random numbers.
    public init(
        time: any PoolTime = PoolSystemTime(), random: @escaping @Sendable () -> UInt64 = { .random(in: .min ... .max) }
    ) {
        self.time = time
        self.random = random
    }
}
