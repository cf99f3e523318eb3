/// The state of one lane.
///
/// What the engine asks a lane on its way through an acquire or a release is inlined: a call would copy the whole lane.
struct EngineLane {
    var limits: EngineConfiguration.Lane
    private(set) var counts = SlotCounts()
    /// Idle connections in the order in which they were parked.
    private(set) var idle = LinkedList()
    var waiters = WaiterQueue()
    /// The generation of the lane's connections. Rises when all that are open become unusable together.
    var epoch: UInt32 = 0

    /// The number of connections that an acquire wants to exist; 0 once they do, or cannot.
    var growth = 0
    /// The number of connections that the goals and the rotation want to exist.
    var goalFloor = 0

    /// The number of connects that failed since the last success.
    var failures = 0
    /// The instant before which no connect begins.
    var retryAt: Nanoseconds = 0
    /// The pause until `retryAt`: its beginning, and its length as a part of the longest one, from 0 to 1.
    var pausedSince: Nanoseconds = 0
    var pauseShare = 0.0
    /// The instant at which the last connect began.
    var attemptedAt: Nanoseconds = 0
    /// The number of connections in a row that broke at their first use, and the instant at which the last of them did.
    var stillbirths = 0
    var stillbornAt = Nanoseconds.min
    /// Connects under way to the lane's server, including those of temporary lanes, but not the silent ones.
    private(set) var connects = 0
    /// True if the last connect failed in a way that waiting does not mend.
    var isRefused = false

    private(set) var phase = PoolError.Phase.queue
    private var phaseSince: Nanoseconds = 0
    private var phaseTimes = PhaseTimes()

    init(limits: EngineConfiguration.Lane) {
        self.limits = limits
    }

    // MARK: Called by SlotTable alone

    /// Follows a slot of the lane into another state.
    mutating func move(
        _ slot: Int32, from old: SlotState, to new: SlotState, in table: inout Table<Slot, ConnectionID>,
        _ now: Nanoseconds
    ) {
        if old == .idle { idle.remove(slot, in: &table) }
        counts.change(old, by: -1)
        counts.change(new, by: 1)
        if new == .idle { idle.append(slot, in: &table) }
        if !waiters.isEmpty { settlePhase(now) }
    }

    mutating func changeSilent(by amount: Int) { counts.silent += amount }

    mutating func changeConnects(by amount: Int) { connects += amount }

    // MARK: Phases

    /// Charges the time until `now` to the phase that ends, and sets the phase that begins.
    mutating func settlePhase(_ now: Nanoseconds) {
        phaseTimes[phase] += now - phaseSince
        phaseSince = now
        phase = currentPhase
    }

    func phaseTimes(at now: Nanoseconds) -> PhaseTimes {
        var times = phaseTimes
        times[phase] += now - phaseSince
        return times
    }

    /// The phase that the first waiter of the lane is in.
    var currentPhase: PoolError.Phase {
        if counts.opening > 0 || failures > 0 { return .connect }
        if counts.validating > 0 { return .validate }
        return counts.resetting > 0 ? .reset : .queue
    }

    /// False if there is certainly nothing to be done for the lane.
    @inline(__always)
    var mayBeServed: Bool {
        !idle.isEmpty && waiters.count > counts.validating || shortfall > 0 && counts.total < limits.maximum
    }

    /// True if the lane is below its own maximum.
    var canGrow: Bool { counts.total < limits.maximum }

    /// True while one connect at a time finds out whether the server is there.
    @inline(__always)
    var isProbing: Bool { failures > 0 || counts.silent > 0 }

    /// True if connects succeed, but their connections break at the first use: a pooler without its server, for one.
    @inline(__always)
    var isHollow: Bool { stillbirths > 1 }

    /// The lane that this temporary one was made from; nil for a lane of the driver.
    var base: Int?

    var isUnused: Bool {
        base != nil && counts.total == 0 && waiters.isEmpty
    }

    /// Connections to open: for waiters, for minimums, for growth and goals.
    @inline(__always)
    var shortfall: Int {
        let ahead = waiters.count - counts.onTheWay + limits.minimumIdle - counts.idle
        return max(urgentShortfall, ahead, max(growth, goalFloor) - counts.live)
    }

    /// The part of `shortfall` for which idle connections of other lanes may be closed.
    @inline(__always)
    var urgentShortfall: Int {
        max(waiters.count - counts.onTheWay, limits.minimum - counts.live)
    }

    /// The number of connections that the idle timeout leaves alone.
    @inline(__always)
    var idleFloor: Int { max(limits.minimum, goalFloor) }
}

extension [EngineLane] {
    /// The lane that stands for the server of `lane`: temporary lanes share the server of the lane they were made from.
    func server(of lane: Int) -> Int { self[lane].base ?? lane }
}
