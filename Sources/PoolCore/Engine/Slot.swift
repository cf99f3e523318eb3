/// The activity of the connection in a slot.
enum SlotState: Int, Sendable {
    /// No connection; a new slot that is about to open one. Then: opening.
    case free
    /// The driver connects. Then: idle, leased, closing; abandoned, if it takes too long or is no longer wanted; free,
    /// if it fails.
    case opening
    /// The connect was cancelled; the driver has not answered yet. Then: idle, leased or closing, if it succeeded all
    /// the same; free, if it failed.
    case abandoned
    /// Open, and free for a lease. Then: leased, validating, closing; resetting, if its session has a tag that no
    /// waiter wants.
    case idle
    /// The driver looks whether the connection is alive, and the acquire hook runs. Then: idle, leased, closing.
    case validating
    /// A lease has the connection. Then: leased by the next, idle, resetting, closing.
    case leased
    /// The driver undoes what the lease has left. Then: idle, leased, closing.
    case resetting
    /// The driver closes the connection. Then: free.
    case closing
}

/// A place for one connection. It is taken from the start of the connect until the driver has closed the connection.
struct Slot: Linked {
    var state = SlotState.free
    let lane: Int
    /// The lane's epoch when the connect began. Connections of an earlier epoch are closed at the next occasion.
    let epoch: UInt32
    var flags: SlotFlags = []
    /// Links in the idle list of the lane, or in the engine's list of leases.
    var links = Links()
    /// The number of leases that the connection has served, including the current one.
    var uses: Int32 = 0
    /// The instant at which the connect is given up.
    var connectDeadline = Nanoseconds.never
    /// The instant at which the slot came into its state.
    var since: Nanoseconds = 0
    var openedAt: Nanoseconds = 0
    /// The part of the jitter by which the connection's life is shortened, from 0 to 1.
    var shortening = 0.0
    var expiresAt: Nanoseconds = .never
    /// The tag that the session is set up for.
    var tag: PoolSessionTag?

    init(lane: Int, epoch: UInt32) {
        self.lane = lane
        self.epoch = epoch
    }
}

extension ConnectionID: TableID {}

/// Facts about a slot that hold in several of its states.
struct SlotFlags: OptionSet {
    let rawValue: UInt8

    /// The shell hands the connection from lease to lease; for the engine it is leased, without a holder.
    static let isCached = SlotFlags(rawValue: 1 << 0)
    /// The rotation under way is to replace the connection.
    static let isOld = SlotFlags(rawValue: 1 << 1)
    /// A reconfiguration waits until the connection is closed.
    static let isAwaited = SlotFlags(rawValue: 1 << 2)
    /// The connect has gone without an answer for so long that the engine no longer counts on it.
    static let isSilent = SlotFlags(rawValue: 1 << 3)
    /// The lifetime ended while the connection could not be closed.
    static let isOverAge = SlotFlags(rawValue: 1 << 4)
    /// The driver found the connection dead while it could not be closed.
    static let isLost = SlotFlags(rawValue: 1 << 5)
    /// The connection is closed for a waiter that needs its place.
    static let makesRoom = SlotFlags(rawValue: 1 << 6)
    /// The session hook has run for the tag, or for none, and its work has not been undone since.
    static let isSetUp = SlotFlags(rawValue: 1 << 7)
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
