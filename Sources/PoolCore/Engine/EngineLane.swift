/// The number of slots of a lane, or of the pool, in each state.
struct SlotCounts: Hashable, Sendable {
    var opening = 0
    /// The part of `opening` whose server has not answered for so long that the engine no longer counts on them.
    var silent = 0
    var abandoned = 0
    var idle = 0
    var validating = 0
    var leased = 0
    var resetting = 0
    var closing = 0

    /// All slots that count towards a maximum.
    @inline(__always)
    var total: Int { live + abandoned + closing }

    /// Connections that serve a waiter now or, if all goes well, later.
    @inline(__always)
    var live: Int { opening + idle + validating + leased + resetting }

    /// Connections that exist and work, as far as is known.
    var established: Int { idle + validating + leased + resetting }

    /// Connections that will be offered to a waiter soon, without a release.
    @inline(__always)
    var onTheWay: Int { opening - silent + validating + resetting }

    mutating func change(_ state: SlotState, by amount: Int) {
        switch state {
        case .free: break
        case .opening: opening += amount
        case .abandoned: abandoned += amount
        case .idle: idle += amount
        case .validating: validating += amount
        case .leased: leased += amount
        case .resetting: resetting += amount
        case .closing: closing += amount
        }
    }
}

/// The waiters of a lane, by priority and then by arrival.
struct WaiterQueue {
    private var high = LinkedList()
    private var normal = LinkedList()
    private var low = LinkedList()

    @inline(__always)
    var count: Int { high.count + normal.count + low.count }
    @inline(__always)
    var isEmpty: Bool { normal.isEmpty && high.isEmpty && low.isEmpty }

    /// The waiter to serve next.
    @inline(__always)
    var next: Int32? { high.first ?? normal.first ?? low.first }

    mutating func append(_ waiter: Int32, priority: Int32, in table: inout Table<Waiter, WaiterID>) {
        switch priority {
        case 0: high.append(waiter, in: &table)
        case 1: normal.append(waiter, in: &table)
        default: low.append(waiter, in: &table)
        }
    }

    /// Puts back a waiter that has been out of the queue: before all waiters that came later.
    mutating func putBack(_ waiter: Int32, priority: Int32, in table: inout Table<Waiter, WaiterID>) {
        switch priority {
        case 0: Self.putBack(waiter, into: &high, in: &table)
        case 1: Self.putBack(waiter, into: &normal, in: &table)
        default: Self.putBack(waiter, into: &low, in: &table)
        }
    }

    private static func putBack(_ waiter: Int32, into list: inout LinkedList, in table: inout Table<Waiter, WaiterID>) {
        var next = list.first
        while let earlier = next, table[earlier].sequence < table[waiter].sequence { next = table[earlier].links.next }
        if let next { list.insert(waiter, before: next, in: &table) } else { list.append(waiter, in: &table) }
    }

    mutating func remove(_ waiter: Int32, priority: Int32, in table: inout Table<Waiter, WaiterID>) {
        switch priority {
        case 0: high.remove(waiter, in: &table)
        case 1: normal.remove(waiter, in: &table)
        default: low.remove(waiter, in: &table)
        }
    }

    /// The sequence number of the waiter that has waited for longest, whatever its priority; `.max` if none waits.
    @inline(__always)
    func oldestSequence(in table: Table<Waiter, WaiterID>) -> UInt64 {
        var oldest = UInt64.max
        if let first = high.first { oldest = table[first].sequence }
        if let first = normal.first { oldest = min(oldest, table[first].sequence) }
        if let first = low.first { oldest = min(oldest, table[first].sequence) }
        return oldest
    }

    /// The waiter that is served after `count` others.
    func member(after count: Int, in table: Table<Waiter, WaiterID>) -> Int32? {
        var left = count
        for list in [high, normal, low] {
            if left >= list.count {
                left -= list.count
                continue
            }
            var waiter = list.first
            for _ in 0..<left { waiter = waiter.flatMap { table[$0].links.next } }
            return waiter
        }
        return nil
    }

    func members(in table: Table<Waiter, WaiterID>) -> [Int32] {
        high.members(in: table) + normal.members(in: table) + low.members(in: table)
    }
}

/// The state of one lane.
///
/// What the engine asks a lane on its way through an acquire or a release is inlined: a call would copy the whole lane.
struct EngineLane {
    var limits: EngineConfiguration.Lane
    var counts = SlotCounts()
    /// Idle connections in the order in which they were parked.
    var idle = LinkedList()
    var waiters = WaiterQueue()
    /// The generation of the lane's connections. Rises when all that are open become unusable together.
    var epoch: UInt32 = 0

    /// The number of connections that an acquire wants to exist; 0 once they do, or cannot.
    var growth = 0
    /// The number of connections that the goals and the rotation want to exist.
    var goalFloor = 0
    /// The number of connections that were opened since the rotation began.
    var renewals: UInt32 = 0

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
    var connects = 0
    /// True if the last connect failed in a way that waiting does not mend.
    var isRefused = false

    private(set) var phase = PoolError.Phase.queue
    private var phaseSince: Nanoseconds = 0
    private var phaseTimes = PhaseTimes()

    init(limits: EngineConfiguration.Lane) {
        self.limits = limits
    }

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
