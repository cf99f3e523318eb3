/// All state that a pool's lock protects: the engine, and the objects that its tickets stand for.
struct PoolState: ~Copyable {
    /// The objects of one slot of the engine.
    struct Entry {
        var seat: Seat?
        var claim = LeaseClaim.none
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

    mutating func beginJob(on ticket: ConnectionID) -> Job {
        while entries.count <= ticket.position { entries.append(Entry()) }
        entries[ticket.position].work = nil
        entries[ticket.position].isJobCancelled = false
        entries[ticket.position].jobNumber += 1
        return Job(ticket: ticket, number: entries[ticket.position].jobNumber)
    }

    /// Remembers the task of a job, for as long as the job is the slot's latest.
    /// - Returns: whether the job was cancelled meanwhile.
    mutating func attach(_ task: Task<Void, Never>, to job: Job) -> Bool {
        guard entries.indices.contains(job.ticket.position), entries[job.ticket.position].jobNumber == job.number
        else { return false }
        entries[job.ticket.position].work = task
        return entries[job.ticket.position].isJobCancelled
    }

    func isCancelled(_ job: Job) -> Bool {
        let entry = entries[job.ticket.position]
        return entry.jobNumber != job.number || entry.isJobCancelled
    }

    /// Cancels the slot's job: now, if the task is returned and then cancelled, or as soon as it is attached.
    mutating func cancelWork(of ticket: ConnectionID) -> Task<Void, Never>? {
        entries[ticket.position].isJobCancelled = true
        return entries[ticket.position].work
    }

    func laneName(of ticket: ConnectionID) -> String {
        lanes[lane(of: ticket)].configuration.name
    }

    func lane(of ticket: ConnectionID) -> Int {
        Int(engine.slots[ticket.position].lane)
    }

    mutating func takeWaiter(_ ticket: WaiterID) -> PendingAcquire? {
        let waiter = waiters[ticket.position]
        waiters[ticket.position] = nil
        return waiter
    }

    mutating func put(_ waiter: PendingAcquire, at ticket: WaiterID) {
        while waiters.count <= ticket.position { waiters.append(nil) }
        waiters[ticket.position] = waiter
    }

    /// Notes the holder of the lease of `ticket`.
    mutating func begin(_ ticket: ConnectionID, for claim: LeaseClaim) -> Seat? {
        entries[ticket.position].claim = claim
        entries[ticket.position].leases &+= 1
        return entries[ticket.position].seat
    }
}

/// The place and label of an acquire, which errors and ``Pool/holders()`` show.
@usableFromInline
struct LeaseClaim: Sendable {
    let source: SourcePosition
    let label: String?

    @usableFromInline
    init(fileID: StaticString, line: UInt, label: String?) {
        self.init(source: SourcePosition(fileID, line: line), label: label)
    }

    init(source: SourcePosition, label: String?) {
        self.source = source
        self.label = label
    }

    static let none = LeaseClaim(source: SourcePosition(file: 0, position: 0), label: nil)
}

/// A connect, a validation or a reset. The number tells the jobs of a slot apart.
struct Job: Sendable {
    let ticket: ConnectionID
    let number: UInt64
}
