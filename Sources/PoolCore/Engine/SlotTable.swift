/// A place for one connection. What ``SlotTable`` counts, only it can change.
///
/// A slot is taken from the start of the connect until the driver has closed the connection.
struct Slot: Linked {
    fileprivate(set) var state = SlotState.free
    let lane: Int
    /// The lane's epoch when the connect began. Connections of an earlier epoch are closed at the next occasion.
    let epoch: UInt32
    var flags: SlotFlags = []
    /// The shell hands the connection from lease to lease; for the engine it is leased, without a holder.
    fileprivate(set) var isCached = false
    /// The connect has gone without an answer for so long that the engine no longer counts on it.
    fileprivate(set) var isSilent = false
    /// Links in the idle list of the lane, or in the list of leases.
    var links = Links()
    /// The number of leases that the connection has served, including the current one.
    var uses: Int32 = 0
    /// The instant at which the connect is given up.
    var connectDeadline = Nanoseconds.never
    /// The instant at which the slot came into its state.
    fileprivate(set) var since: Nanoseconds = 0
    var openedAt: Nanoseconds = 0
    /// The part of the jitter by which the connection's life is shortened, from 0 to 1.
    var shortening = 0.0
    var expiresAt: Nanoseconds = .never
    /// The tag that the session is set up for.
    fileprivate(set) var tag: PoolSessionTag?

    init(lane: Int, epoch: UInt32) {
        self.lane = lane
        self.epoch = epoch
    }
}

extension ConnectionID: TableID {}

/// The slots of all lanes, with everything that follows from their states: how many there are in each, the lists of
/// idle connections and of leases, the connects under way, and the phase that the waiters of each lane are in.
struct SlotTable {
    private var table = Table<Slot, ConnectionID>()
    /// The counts of all lanes together.
    private(set) var counts = SlotCounts()
    /// Leases in the order in which they began.
    private(set) var leases = LinkedList()
    /// The number of slots with a tag.
    private(set) var taggedCount = 0
    /// The number of connections that the shell hands on by itself.
    private(set) var cachedCount = 0

    /// The number of slots that are taken.
    var rowCount: Int { table.rowCount }

    func id(of slot: Int32) -> ConnectionID { table.id(of: slot) }

    func contains(_ id: ConnectionID) -> Bool { table.contains(id) }

    /// Takes a slot for a new connection, which is opening from now on.
    mutating func open(_ lane: Int, in lanes: inout [EngineLane], _ now: Nanoseconds) -> Int32 {
        let slot = table.insert(Slot(lane: lane, epoch: lanes[lane].epoch))
        move(slot, to: .opening, in: &lanes, now)
        return slot
    }

    /// Changes the state of a slot. Counts, lists and phases follow. A slot that becomes free is gone.
    mutating func move(_ slot: Int32, to state: SlotState, in lanes: inout [EngineLane], _ now: Nanoseconds) {
        let old = table[slot].state
        let lane = table[slot].lane
        switch old {
        case .leased:
            endCaching(slot)
            leases.remove(slot, in: &table)
        case .opening: endConnect(slot, in: &lanes)
        case .free, .abandoned, .idle, .validating, .resetting, .closing: break
        }
        counts.change(old, by: -1)
        counts.change(state, by: 1)
        table[slot].state = state
        table[slot].since = now
        lanes[lane].move(slot, from: old, to: state, in: &table, now)
        switch state {
        case .leased: leases.append(slot, in: &table)
        case .opening: lanes[lanes.server(of: lane)].changeConnects(by: 1)
        case .free: table.remove(slot)
        case .abandoned, .idle, .validating, .resetting, .closing: break
        }
    }

    // MARK: Connects

    private mutating func endConnect(_ slot: Int32, in lanes: inout [EngineLane]) {
        let lane = table[slot].lane
        guard table[slot].isSilent else { return lanes[lanes.server(of: lane)].changeConnects(by: -1) }
        table[slot].isSilent = false
        counts.silent -= 1
        lanes[lane].changeSilent(by: -1)
    }

    /// Marks a connect that the server has not answered for long: others are tried beside it.
    mutating func markSilent(_ slot: Int32, in lanes: inout [EngineLane]) {
        let lane = table[slot].lane
        table[slot].isSilent = true
        counts.silent += 1
        lanes[lane].changeSilent(by: 1)
        lanes[lanes.server(of: lane)].changeConnects(by: -1)
    }

    // MARK: Leases

    /// Ends the lease in `slot` and begins the next one, which counts as the last to have begun.
    mutating func handOver(_ slot: Int32, since: Nanoseconds) {
        endCaching(slot)
        leases.remove(slot, in: &table)
        leases.append(slot, in: &table)
        table[slot].since = since
    }

    /// The lease that began after the one in `slot`.
    func lease(after slot: Int32) -> Int32? { table[slot].links.next }

    /// Marks a leased connection that the shell hands on by itself, until its lease ends.
    mutating func beginCaching(_ slot: Int32) {
        table[slot].isCached = true
        cachedCount += 1
    }

    mutating func endCaching(_ slot: Int32) {
        guard table[slot].isCached else { return }
        table[slot].isCached = false
        cachedCount -= 1
    }

    // MARK: Tags

    mutating func setTag(_ tag: PoolSessionTag?, of slot: Int32) {
        let before = table[slot].tag
        guard before != nil || tag != nil else { return }
        taggedCount += (tag == nil ? 0 : 1) - (before == nil ? 0 : 1)
        table[slot].tag = tag
    }
}

extension SlotTable: RandomAccessCollection, MutableCollection, LinkTable {
    var startIndex: Int32 { table.startIndex }
    var endIndex: Int32 { table.endIndex }

    subscript(slot: Int32) -> Slot {
        _read { yield table[slot] }
        _modify { yield &table[slot] }
    }
}
