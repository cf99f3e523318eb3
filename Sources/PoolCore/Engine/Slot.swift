/// What the connection in a slot is doing.
enum SlotState: Int, Sendable {
    case free
    case opening
    /// Its connect passed the deadline and was cancelled; the driver has not answered yet.
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
    /// In the idle list of the lane, or in the engine's list of leases.
    var links = Links()
    /// Connections of an earlier epoch than their lane's are closed at the next occasion.
    var epoch: UInt32 = 0
    /// How many leases it has served, the one that is out included.
    var uses: Int32 = 0
    /// The shell hands it from lease to lease by itself; for the engine it is leased, to nobody.
    var isCached = false
    /// To be replaced by the rotation that is under way.
    var isOld = false
    /// Somebody waits until it is closed.
    var isAwaited = false
    /// Its connect has gone without an answer for so long that nobody counts on it.
    var isSilent = false
    /// When its connect is given up.
    var connectDeadline = Nanoseconds.never
    /// Its lifetime ended while it could not be closed.
    var isOverAge = false
    /// Its driver has found it dead while it could not be closed.
    var isLost = false
    /// It is closed for somebody who waits for its place.
    var makesRoom = false
    /// When it came into its state.
    var since: Nanoseconds = 0
    var openedAt: Nanoseconds = 0
    /// The part of the jitter by which its life is shortened, from 0 to 1.
    var shortening = 0.0
    var expiresAt: Nanoseconds = .never
    /// The task that holds the lease, or 0 if the lease may move between tasks.
    var holder: UInt = 0
    /// The next slot in the same bucket of ``HolderIndex``.
    var nextOfHolder: Int32 = nowhere
    /// The lane that the holder of the lease waits for, while it does.
    var holderWaitsFor: Int32 = nowhere
    /// What the session is set up for.
    var tag: SessionTag?
    /// The session hook has run for the tag, or for none, and nothing has undone what it did.
    var isSetUp = false
}

/// A suspended acquire.
struct Waiter: Linked {
    var generation: UInt32 = 0
    var isWaiting = false
    var lane: Int32 = 0
    var priority: Int32 = 0
    var links = Links()
    /// Greater than that of every earlier waiter.
    var sequence: UInt64 = 0
    var since: Nanoseconds = 0
    /// The task that will hold the lease, or 0 if the lease may move between tasks.
    var holder: UInt = 0
    /// The task that waits, or 0 if it is not known.
    var asker: UInt = 0
    /// The lane's phase times when the wait began.
    var phasesBefore = PhaseTimes()
    var tag: TagRequest?
}

/// How long something spent in each phase.
struct PhaseTimes: Hashable, Sendable {
    var queue: Nanoseconds = 0
    var connect: Nanoseconds = 0
    var validate: Nanoseconds = 0
    var reset: Nanoseconds = 0
    var session: Nanoseconds = 0

    var total: Nanoseconds { queue + connect + validate + reset + session }

    /// As errors tell it: a phase that took no time is missing.
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

/// Which slots a task holds: a hash table with its chains in the slots, so that it never allocates.
struct HolderIndex {
    private var buckets: [Int32]

    init(capacity: Int) {
        var size = 8
        while size < capacity { size *= 2 }
        buckets = Array(repeating: nowhere, count: size)
    }

    /// Tasks are aligned: the low bits of their addresses carry nothing.
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
