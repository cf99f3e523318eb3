extension EngineConfiguration {
    /// The connections that are reserved for this pool in a budget.
    var reservedConnections: Int { lanes.reduce(0) { $0 + $1.minimum } }

    init(
        _ configuration: PoolConfiguration, lanes: [PoolLaneConfiguration], hooks: HookPresence, checksItself: Bool
    ) {
        self.init(
            maximumConnections: configuration.maximumConnections,
            maximumWaiters: configuration.maximumWaiters ?? .max,
            concurrentConnects: configuration.concurrentConnects,
            lanes: Self.lanes(lanes, of: configuration),
            connectTimeout: configuration.connectTimeout.wholeNanoseconds,
            validateAfterIdle: configuration.validateAfterIdle?.wholeNanoseconds ?? .never,
            validationTimeout: configuration.validationTimeout.wholeNanoseconds,
            resetTimeout: configuration.resetTimeout.wholeNanoseconds,
            idleTimeout: configuration.idleTimeout?.wholeNanoseconds ?? .never,
            maximumLifetime: configuration.maximumLifetime?.wholeNanoseconds ?? .never,
            lifetimeJitter: configuration.lifetimeJitter,
            maximumUses: configuration.maximumUses.map { Int32($0) } ?? .max,
            initialBackoff: configuration.initialBackoff.wholeNanoseconds,
            maximumBackoff: configuration.maximumBackoff.wholeNanoseconds,
            waitersBackoff: configuration.waitersBackoff.wholeNanoseconds,
            leakWarning: configuration.leakWarning?.wholeNanoseconds ?? .never,
            isLastInFirstOut: configuration.idleOrder == .lastInFirstOut,
            validatesEveryGrant: hooks.acquire || configuration.validateAfterIdle == .zero,
            hasSessionHook: hooks.session, resetsEveryRelease: hooks.release,
            checksItself: checksItself)
    }

    /// Shares out the pool's minimums in the order of the lanes, on top of the lanes' own minimums.
    private static func lanes(_ lanes: [PoolLaneConfiguration], of configuration: PoolConfiguration) -> [Lane] {
        var missing = configuration.minimumConnections - lanes.reduce(0) { $0 + $1.minimumConnections }
        var missingIdle = configuration.minimumIdle
        return lanes.map { lane in
            var maximum = min(lane.maximumConnections, configuration.maximumConnections)
            if lane.shard != nil, let perShard = configuration.maximumConnectionsPerShard {
                maximum = min(maximum, perShard)
            }
            let extra = max(0, min(missing, maximum - lane.minimumConnections))
            missing -= extra
            let minimumIdle = min(missingIdle, maximum)
            missingIdle -= minimumIdle
            return Lane(
                maximum: maximum, minimum: min(maximum, lane.minimumConnections + extra), minimumIdle: minimumIdle,
                growth: configuration.growthIncrement, closesLast: lane.closesLast)
        }
    }
}

extension PoolConfiguration {
    /// The longest pause between connects while an acquire waits, so that it has time for several of them.
    fileprivate var waitersBackoff: Duration { min(maximumBackoff, .seconds(3), acquireTimeout / 10) }
}
