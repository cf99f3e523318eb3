internal import Synchronization

/// An open connection of a pool: what its leases hold on to.
///
/// Leases of a cached connection note here, without a lock, what the pool must know of them. One of them at a time
/// writes; the pool reads under its lock, and may find what was true a moment ago.
@usableFromInline
final class Seat: Sendable {
    @usableFromInline let connection: any DriverConnection
    /// The connection's own, for those who know its type.
    @usableFromInline let address: UInt
    @usableFromInline let pool: PoolShell
    @usableFromInline let ticket: ConnectionTicket
    /// Nil for a connection that is never cached.
    let front: FrontCache?

    /// Where it was cached last.
    private let cell = Atomic<UInt>(0)
    /// Leases that have begun since.
    private let begun = Atomic<Int>(0)
    /// How many of them the engine knows of. It changes under the pool's lock alone.
    private let told = Atomic<Int>(0)
    private let holder = Atomic<UInt>(0)
    private let file = Atomic<UInt>(0)
    private let position = Atomic<UInt>(0)
    /// When the lease began, or ``untimed``.
    private let since = Atomic<Nanoseconds>(untimed)
    private let durations = LatestDurations()

    private static let untimed = Nanoseconds.min

    init(_ connection: any DriverConnection, ticket: ConnectionTicket, pool: PoolShell, front: FrontCache?) {
        self.connection = connection
        address = Self.address(of: connection)
        self.ticket = ticket
        self.pool = pool
        self.front = front
    }

    private static func address(of connection: some DriverConnection) -> UInt {
        UncountedReference(toLiving: connection).address
    }

    // MARK: By the lease of a cached connection

    func begin(holder: UInt, _ fileID: StaticString, line: UInt) {
        let number = begun.load(ordering: .relaxed) &+ 1
        begun.store(number, ordering: .relaxed)
        self.holder.store(holder, ordering: .relaxed)
        let source = SourcePosition(fileID, line: line)
        file.store(source.file, ordering: .relaxed)
        position.store(source.position, ordering: .releasing)
        // The clock costs more than all the rest. So few leases are timed; of those that go on for long the pool hears
        // soon.
        if number <= LatestDurations.capacity || number & 31 == 0 { beginTiming() }
    }

    // By itself, so that the leases that are not timed keep no registers for it.
    @inline(never)
    private func beginTiming() {
        since.store(pool.time.now().nanoseconds, ordering: .relaxed)
    }

    @inline(never)
    private func endTiming(_ since: Nanoseconds) {
        durations.add(pool.time.now().nanoseconds - since)
        self.since.store(Self.untimed, ordering: .relaxed)
    }

    /// - Returns: false if the connection is not cached (any more): the pool's lock must be asked. If it is true,
    ///   another lease may have begun, and the seat is not the caller's any more.
    func end() -> Bool {
        let since = since.load(ordering: .relaxed)
        if since != Self.untimed { endTiming(since) }
        holder.store(0, ordering: .relaxed)
        position.store(0, ordering: .relaxed)
        return FrontCache.Cell(bits: cell.load(ordering: .relaxed)).putBack(UncountedReference(toLiving: self))
    }

    // MARK: Under the pool's lock

    /// Nobody has a lease: what is noted from now on belongs to the stay in `cell`.
    func restart(in cell: FrontCache.Cell) {
        self.cell.store(cell.bits, ordering: .relaxed)
        begun.store(0, ordering: .relaxed)
        told.store(0, ordering: .relaxed)
        durations.removeAll()
    }

    /// What became of the connection in the cell.
    func uses(isLeased: Bool) -> CachedUses {
        let begun = begun.load(ordering: .relaxed)
        told.store(begun, ordering: .relaxed)
        let since = since.load(ordering: .relaxed)
        guard isLeased else { return CachedUses(begun: begun, ended: begun, durations: durations.all) }
        let lease = CachedUses.OpenLease(
            holder: holder.load(ordering: .relaxed), since: since == Self.untimed ? nil : since)
        return CachedUses(begun: begun, ended: max(0, begun - 1), durations: durations.all, lease: lease)
    }

    /// What ``uses(isLeased:)`` did not see: its open lease had begun, and was not noted yet. To be asked once, by that
    /// lease.
    func takeUntold() -> CachedUses? {
        let (begun, told) = (begun.load(ordering: .relaxed), told.load(ordering: .relaxed))
        guard begun > told else { return nil }
        self.told.store(begun, ordering: .relaxed)
        // The one before it was taken for the open one.
        return CachedUses(begun: begun - told, ended: told > 0 ? 1 : 0)
    }

    /// Who has the open lease; nothing if it has only just begun.
    var claim: LeaseClaim {
        // In this order: a position that is there was noted after its file.
        let position = position.load(ordering: .acquiring)
        return LeaseClaim(source: SourcePosition(file: file.load(ordering: .relaxed), position: position), label: nil)
    }
}

/// How long the last few leases took that were timed.
private struct LatestDurations: ~Copyable {
    static let capacity = 4

    private let count = Atomic<Int>(0)
    private let first = Atomic<Nanoseconds>(0)
    private let second = Atomic<Nanoseconds>(0)
    private let third = Atomic<Nanoseconds>(0)
    private let fourth = Atomic<Nanoseconds>(0)

    func add(_ duration: Nanoseconds) {
        let count = count.load(ordering: .relaxed)
        switch count % Self.capacity {
        case 0: first.store(duration, ordering: .relaxed)
        case 1: second.store(duration, ordering: .relaxed)
        case 2: third.store(duration, ordering: .relaxed)
        default: fourth.store(duration, ordering: .relaxed)
        }
        self.count.store(count + 1, ordering: .relaxed)
    }

    func removeAll() { count.store(0, ordering: .relaxed) }

    var all: [Nanoseconds] {
        let all = [
            first.load(ordering: .relaxed), second.load(ordering: .relaxed), third.load(ordering: .relaxed),
            fourth.load(ordering: .relaxed),
        ]
        return Array(all.prefix(count.load(ordering: .relaxed)))
    }
}

/// Where in the program an acquire is, in two words that can be stored at once each.
@usableFromInline
struct SourcePosition: Sendable {
    /// The address of the file's name, which is part of the program; 0 for none.
    let file: UInt
    /// The length of that name in the upper half, the line in the lower.
    let position: UInt

    init(file: UInt, position: UInt) {
        self.file = file
        self.position = position
    }

    @usableFromInline
    init(_ fileID: StaticString, line: UInt) {
        guard fileID.hasPointerRepresentation else {
            self.init(file: 0, position: line)
            return
        }
        unsafe self.init(
            file: UInt(bitPattern: fileID.utf8Start),
            position: UInt(fileID.utf8CodeUnitCount) << 32 | line & 0xFFFF_FFFF)
    }

    var line: UInt { position & 0xFFFF_FFFF }

    var fileID: String {
        guard let start = unsafe UnsafePointer<UInt8>(bitPattern: file) else { return "" }
        return unsafe String(decoding: UnsafeBufferPointer(start: start, count: Int(position >> 32)), as: UTF8.self)
    }
}
