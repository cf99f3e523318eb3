/// All state that a pool's lock protects: the engine, and the objects that its ids stand for.
struct PoolState: ~Copyable {
    /// The objects of one slot of the engine.
    struct Entry {
        var pooled: PooledConnection?
        var origin = LeaseOrigin.none
        /// The error that broke the connection, or made a job on it fail: reported when it is closed.
        var failure: (any Error)?
        /// The number of leases that the connection has had.
        var leases = 0
        /// The task of the job under way, once it is known.
        var work: Task<Void, Never>?
        var jobNumber: UInt64 = 0
        var isJobCancelled = false
        /// The lease that an observer was told of.
        var observedLease: ObservedOperation?
    }

    /// The shell's notes on a lane.
    struct Lane {
        var configuration: PoolLaneConfiguration
        /// The identity that its connections act as; nil is the pool's own user.
        var identity: PoolIdentity?
        var lastError: (any Error)?
        /// The hook's error, which acquires that wait throw unchanged; nil if a hook is not the cause.
        var hookError: (any Error)?
    }

    /// The key of a lane made for an identity.
    struct LaneKey: Hashable {
        var base: Int
        var identity: PoolIdentity
    }

    var engine: Engine
    var configuration: PoolConfiguration
    var entries: [Entry] = []
    var waiters: [PendingAcquire?] = []
    var lanes: [Lane]
    private var identityLanes: [LaneKey: Int] = [:]
    var closers: [CheckedContinuation<Void, Never>] = []
    /// Called before the `closers` are resumed.
    var closeActions: [@Sendable () -> Void] = []
    /// The tasks that wait for a goal of the engine. Outcomes of goals without a waiting task yet are in `endedGoals`.
    var goals: [GoalNumber: CheckedContinuation<GoalOutcome, Never>] = [:]
    var endedGoals: [GoalNumber: GoalOutcome] = [:]
    /// The time at which the counters began to count.
    var countingSince: Nanoseconds
    /// Events of the transition under way, reported before its effects.
    var reports: [PoolEvent] = []
    /// The time of the latest transition.
    var latest = Nanoseconds.min
    var alarmRequest: UInt64 = 0
    /// True while a ``Pool/reconfigure(resetStatistics:_:)`` is about to put its change into force.
    var isChanging = false
    var nextOperation: UInt64 = 0

    init(
        engine: consuming Engine, configuration: PoolConfiguration, lanes: [PoolLaneConfiguration],
        startedAt: Nanoseconds
    ) {
        self.engine = engine
        self.configuration = configuration
        self.lanes = lanes.map { Lane(configuration: $0) }
        countingSince = startedAt
    }

    /// The lane for connections that act as `identity` and are otherwise like those of the lane `base`; made if need
    /// be.
    mutating func lane(for identity: PoolIdentity, like base: Int) -> Int {
        let key = LaneKey(base: base, identity: identity)
        if let lane = identityLanes[key] { return lane }
        var configuration = lanes[base].configuration
        configuration.name += " as \(identity)"
        configuration.minimumConnections = 0
        let index = engine.addLane(like: base)
        let lane = Lane(configuration: configuration, identity: identity)
        if index < lanes.count {
            identityLanes = identityLanes.filter { $0.value != index }
            lanes[index] = lane
        } else {
            lanes.append(lane)
        }
        identityLanes[key] = index
        return index
    }

    mutating func beginJob(on id: ConnectionID) -> Job {
        while entries.count <= id.position { entries.append(Entry()) }
        entries[id.position].work = nil
        entries[id.position].isJobCancelled = false
        entries[id.position].jobNumber += 1
        return Job(id: id, number: entries[id.position].jobNumber)
    }

    /// Remembers the task of a job, for as long as the job is the slot's latest.
    /// - Returns: whether the job was cancelled meanwhile.
    mutating func attach(_ task: Task<Void, Never>, to job: Job) -> Bool {
        guard entries.indices.contains(job.id.position), entries[job.id.position].jobNumber == job.number
        else { return false }
        entries[job.id.position].work = task
        return entries[job.id.position].isJobCancelled
    }

    func isCancelled(_ job: Job) -> Bool {
        let entry = entries[job.id.position]
        return entry.jobNumber != job.number || entry.isJobCancelled
    }

    /// Cancels the slot's job: now, if the task is returned and then cancelled, or as soon as it is attached.
    mutating func cancelWork(of id: ConnectionID) -> Task<Void, Never>? {
        entries[id.position].isJobCancelled = true
        return entries[id.position].work
    }

    func laneName(of id: ConnectionID) -> String {
        lanes[lane(of: id)].configuration.name
    }

    func lane(of id: ConnectionID) -> Int {
        engine.lane(of: id)
    }

    mutating func takeWaiter(_ id: WaiterID) -> PendingAcquire? {
        let waiter = waiters[id.position]
        waiters[id.position] = nil
        return waiter
    }

    mutating func put(_ waiter: PendingAcquire, at id: WaiterID) {
        while waiters.count <= id.position { waiters.append(nil) }
        waiters[id.position] = waiter
    }

    /// Notes the acquire that the connection is leased to.
    mutating func noteLease(_ id: ConnectionID, for origin: LeaseOrigin) -> PooledConnection? {
        entries[id.position].origin = origin
        entries[id.position].leases &+= 1
        return entries[id.position].pooled
    }
}
