internal import Logging
internal import Synchronization

/// The pool without its driver's type: the engine, its lock, and everything around them.
///
/// Not generic, so that the compiler sees the whole pool when it compiles it; a generic pool used from another module
/// would look up its types at each step.
@usableFromInline
final class PoolShell: Sendable {
    let name: String
    let driver: any ErasedDriver
    let time: any PoolTime
    let random: @Sendable () -> UInt64
    let logger: Logger
    let observer: (any PoolObserver)?
    /// True if there is an observer. Stored, because every release that takes the lock reads it.
    let isObserved: Bool
    /// True if there is an observer, or the logger takes traces.
    private let isWatched: Bool
    let hub = EventHub()
    /// True if an observer, a trace log or an event reader wants each lease reported: only then are such events made.
    var hasListeners: Bool { isWatched || hub.hasReaders }
    let alarm = Alarm()
    let startedAt: Nanoseconds
    /// The configured timeout, atomic because it is read before the lock is taken.
    let acquireTimeout: Atomic<Nanoseconds>
    /// The driver's lanes as of init, in engine order. Current limits and on-demand lanes are in `PoolState.lanes`.
    let lanes: [PoolLaneConfiguration]
    let hooks: HookPresence
    let laneForReading: Int?
    let laneForWriting: Int?
    /// The caches of the two lanes: one and the same if one lane serves both; nil if nothing is cached.
    let cacheForReading: LeaseCache?
    let cacheForWriting: LeaseCache?
    let hasSessionHook: Bool
    let credentials: CredentialStore
    /// The budget that the pool shares with others; nil for a pool without one.
    let permits: (any PermitSource)?
    let state: PoolLock<PoolState>

    init(
        driver: any ErasedDriver, configuration: PoolConfiguration, lanes: [PoolLaneConfiguration],
        hooks: HookPresence, credentials: PoolCredentialProvider?, observer: (any PoolObserver)?, logger: Logger,
        environment: PoolEnvironment,
        permits: (any PermitIssuer)?
    ) throws(PoolConfigurationError) {
        self.driver = driver
        name = configuration.name
        self.lanes = lanes
        self.observer = observer
        isObserved = observer != nil
        isWatched = observer != nil || logger.logLevel == .trace
        self.logger = logger
        time = environment.time
        random = environment.random
        acquireTimeout = Atomic(configuration.acquireTimeout.wholeNanoseconds)
        self.hooks = hooks
        startedAt = environment.time.now().nanoseconds
        hasSessionHook = hooks.session
        self.credentials = CredentialStore(provider: credentials)
        laneForReading = lanes.firstIndex { $0.serves.contains(.readOnly) }
        laneForWriting = lanes.firstIndex { $0.serves.contains(.readWrite) }
        // No cache while each lease is reported, nor with a stepped clock, which would not end the caching in time.
        let mayCache = !isWatched && environment.time.isRealTime && permits == nil
        cacheForWriting = mayCache && laneForWriting != nil ? LeaseCache() : nil
        cacheForReading =
            laneForReading == laneForWriting ? cacheForWriting : mayCache && laneForReading != nil ? LeaseCache() : nil
        let limits = EngineConfiguration(
            configuration, lanes: lanes, hooks: hooks, checksItself: EngineSelfCheck.isOn)
        self.permits = try permits?.join(reserving: limits.reservedConnections)
        let engine = Engine(configuration: limits, sharesBudget: permits != nil)
        state = PoolLock(PoolState(engine: engine, configuration: configuration, lanes: lanes, startedAt: startedAt))
    }

    var leaseCaches: [LeaseCache] {
        [cacheForWriting, cacheForReading === cacheForWriting ? nil : cacheForReading].compactMap(\.self)
    }

    var configuration: PoolConfiguration { state.withLock { $0.configuration } }

    func engineConfiguration(
        _ configuration: PoolConfiguration, lanes: [PoolLaneConfiguration]
    ) -> EngineConfiguration {
        EngineConfiguration(
            configuration, lanes: lanes, hooks: hooks, checksItself: EngineSelfCheck.isOn)
    }

    func start() {
        report(.created(configuration))
        permits?.attach(self)
        transition { $0.engine.start(&$1) }
        // Ask now, so that a fault of the provider shows early, and the first acquire does not wait for it.
        if credentials.hasProvider { Task.detached { _ = try? await self.currentCredentials() } }
    }

    func timeout(of options: AcquireOptions) -> Nanoseconds {
        let timeout = options.timeout?.wholeNanoseconds ?? acquireTimeout.load(ordering: .relaxed)
        guard let deadline = options.deadline else { return timeout }
        let now = ContinuousClock.now
        return deadline > now ? min(timeout, now.duration(to: deadline).wholeNanoseconds) : 0
    }

    /// The lane that the options name, regardless of their identity.
    func baseLane(for options: AcquireOptions) -> Int? {
        if let shard = options.shard {
            return lanes.firstIndex { $0.shard == shard && $0.serves.contains(options.access) }
        }
        return options.access == .readOnly ? laneForReading : laneForWriting
    }

    /// Performs one transition: under the lock the engine decides and its effects are looked up; after it they are
    /// performed.
    ///
    /// - Parameters:
    ///   - endsCaching: false for a transition that handles cached connections itself.
    ///   - random: a random number for those calls of the engine that need one.
    func transition<Value: Sendable>(
        endsCaching: Bool = true, random: UInt64? = nil, _ body: (inout PoolState, inout Turn) -> Value
    ) -> Value {
        let read = time.now().nanoseconds
        var actions = ActionList()
        let value = state.withLock { state in
            // The time was read without the lock: another thread may have read a later time and come first. For the
            // engine, time never runs back.
            let now = max(read, state.latest)
            state.latest = now
            var turn = Turn(now: now, random: random)
            if endsCaching { endCaching(&state, &turn) }
            let value = body(&state, &turn)
            if !state.reports.isEmpty {
                actions.append(contentsOf: state.reports.map(Action.report))
                state.reports.removeAll()
            }
            if !turn.effects.isEmpty { resolve(turn.effects, &state, now, &actions) }
            return value
        }
        actions.perform(on: self)
        return value
    }
}

/// Identifies the task that runs now, for as long as it lives; 0 is none.
func currentTask() -> UInt {
    unsafe withUnsafeCurrentTask { task in
        // The value is a reference to the task and nothing else. Reading its bytes costs a third of copying it.
        unsafe withUnsafeBytes(of: task) { unsafe $0.load(as: UInt.self) }
    }
}
