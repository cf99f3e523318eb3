/// A budget that pools can join.
protocol PermitIssuer: Sendable {
    /// Reserves permits for a pool that is about to be made.
    func join(reserving minimum: Int) throws(PoolConfigurationError) -> any PermitSource
}

/// The place where a pool gets permits for its connections, if it shares them with other pools.
protocol PermitSource: Sendable {
    /// Gives the pool permits, and takes spare connections from it, until it is closed.
    func attach(_ pool: PoolShell)

    /// Says how many permits the pool holds and needs; of several demands the one with the greatest number counts.
    func demand(_ demand: PermitDemand)

    /// Reserves the pool's new minimum. Call before the minimum changes, and tell the engine afterwards.
    func reserve(_ minimum: Int) throws(PoolConfigurationError)

    /// The order in which acquires came, across all pools that share the permits.
    func nextArrival() -> UInt64
}
