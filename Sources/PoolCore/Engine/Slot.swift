/// The activity of the connection in a slot.
enum SlotState: Int, Sendable {
    case free
    case opening
    /// The connect passed its deadline and was cancelled; the driver has not answered yet.
    case abandoned
    case idle
    case validating
    case leased
    case resetting
    case closing
}

/// A place for one connection. It is taken from the start of the connect until the driver has closed the connection.
struct Slot: Linked {
    var state = SlotState.free
    var generation: UInt32 = 0
    var lane: Int32 = 0
    /// Links in the idle list of the lane, or in the engine's list of leases.
    var links = Links()
    /// The lane's epoch when the connect began. Connections of an earlier epoch are closed at the next occasion.
    var epoch: UInt32 = 0
    /// The number of leases that the connection has served, including the current one.
    var uses: Int32 = 0
    /// True while the shell hands the connection from lease to lease; for the engine it is leased, without a holder.
    var isCached = false
    /// True if the rotation under way is to replace the connection.
    var isOld = false
    /// True if a reconfiguration waits until the connection is closed.
    var isAwaited = false
    /// True if the connect has gone without an answer for so long that the engine no longer counts on it.
    var isSilent = false
    /// The instant at which the connect is given up.
    var connectDeadline = Nanoseconds.never
    /// True if the lifetime ended while the connection could not be closed.
    var isOverAge = false
    /// True if the driver found the connection dead while it could not be closed.
    var isLost = false
    /// True if the connection is closed for a waiter that needs its place.
    var makesRoom = false
    /// The instant at which the slot came into its state.
    var since: Nanoseconds = 0
    var openedAt: Nanoseconds = 0
    /// The part of the jitter by which the connection's life is shortened, from 0 to 1.
    var shortening = 0.0
    var expiresAt: Nanoseconds = .never
    /// The task that holds the lease, or 0 if the lease may move between tasks.
    var holder: UInt = 0
    /// The next slot in the same bucket of ``HolderIndex``.
    var nextOfHolder: Int32 = nowhere
    /// The lane that the holder of the lease waits for, while it does.
    var holderWaitsFor: Int32 = nowhere
    /// The tag that the session is set up for.
    var tag: PoolSessionTag?
    /// True if the session hook has run for the tag, or for none, and its work has not been undone since.
    var isSetUp = false
}

/// The time spent in each phase.
struct PhaseTimes: Hashable, Sendable {
    var queue: Nanoseconds = 0
    var connect: Nanoseconds = 0
    var validate: Nanoseconds = 0
    var reset: Nanoseconds = 0
    var session: Nanoseconds = 0

    var total: Nanoseconds { queue + connect + validate + reset + session }

    /// The times as errors show them: a phase that took no time is absent.
    var byPhase: [PoolError.Phase: Duration] {
        var result: [PoolError.Phase: Duration] = [:]
        for phase in PoolError.Phase.allCases where self[phase] > 0 { result[phase] = .nanoseconds(self[phase]) }
        return result
    }

    static func - (left: PhaseTimes, right: PhaseTimes) -> PhaseTimes {
        PhaseTimes(
            queue: left.queue - right.queue, connect: left.connect - right.connect,
            validate: left.validate - right.validate, reset: left.reset - right.reset,
            session: left.session - right.session)
    }

    subscript(phase: PoolError.Phase) -> Nanoseconds {
        get {
            switch phase {
            case .queue: queue
            case .connect: connect
            case .validate: validate
            case .reset: reset
            case .session: session
            }
        }
        set {
            switch phase {
            case .queue: queue = newValue
            case .connect: connect = newValue
            case .validate: validate = newValue
            case .reset: reset = newValue
            case .session: session = newValue
            }
        }
    }
}

/// The slots that each task holds: a hash table with its chains in the slots, so that it never allocates.
struct HolderIndex {
    private var buckets: [Int32]

    init(capacity: Int) {
        var size = 8
        while size < capacity { size *= 2 }
        buckets = Array(repeating: nowhere, count: size)
    }

    /// The bucket of a task. Tasks are aligned: the low bits of their addresses carry nothing.
    private func bucket(of holder: UInt) -> Int {
        Int(truncatingIfNeeded: ((holder >> 4) &* 0x9E37_79B9_7F4A_7C15) >> 32) & (buckets.count - 1)
    }

    mutating func insert(_ slot: Int32, in slots: inout [Slot]) {
        let bucket = bucket(of: slots[Int(slot)].holder)
        slots[Int(slot)].nextOfHolder = buckets[bucket]
        buckets[bucket] = slot
    }

    mutating func remove(_ slot: Int32, in slots: inout [Slot]) {
        let bucket = bucket(of: slots[Int(slot)].holder)
        let next = slots[Int(slot)].nextOfHolder
        slots[Int(slot)].nextOfHolder = nowhere
        guard buckets[bucket] != slot else { return buckets[bucket] = next }
        var previous = buckets[bucket]
        while slots[Int(previous)].nextOfHolder != slot { previous = slots[Int(previous)].nextOfHolder }
        slots[Int(previous)].nextOfHolder = next
    }

    func first(of holder: UInt, in slots: [Slot]) -> Int32 {
        matching(holder, from: buckets[bucket(of: holder)], in: slots)
    }

    func next(after slot: Int32, in slots: [Slot]) -> Int32 {
        matching(slots[Int(slot)].holder, from: slots[Int(slot)].nextOfHolder, in: slots)
    }

    private func matching(_ holder: UInt, from start: Int32, in slots: [Slot]) -> Int32 {
        var slot = start
        while slot != nowhere, slots[Int(slot)].holder != holder { slot = slots[Int(slot)].nextOfHolder }
        return slot
    }
}
