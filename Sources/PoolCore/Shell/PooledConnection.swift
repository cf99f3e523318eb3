internal import Synchronization

/// An open connection and the bookkeeping of its leases while it is cached.
///
/// Leases of a cached connection note here, without a lock, what the pool must know of them. One lease at a time
/// writes; the pool reads under its lock, and may see values that are a moment old.
@usableFromInline
final class PooledConnection: Sendable {
    @usableFromInline let connection: any DriverConnection
    /// Address of `connection`; generic code uses it to get the typed object without a cast.
    @usableFromInline let address: UInt
    @usableFromInline let pool: PoolShell
    @usableFromInline let id: ConnectionID
    /// The cache that the connection may go to; nil for a connection that is never cached.
    let leaseCache: LeaseCache?

    /// The cell in which the connection was cached last.
    private let cell = Atomic<UInt>(0)
    /// The number of leases that have begun since.
    private let begun = Atomic<Int>(0)
    /// The part of `begun` that the engine knows of. Changes under the pool's lock only.
    private let reportedCount = Atomic<Int>(0)
    private let holder = Atomic<UInt>(0)
    private let file = Atomic<UInt>(0)
    private let position = Atomic<UInt>(0)
    /// The time at which the lease began, or ``untimed``.
    private let since = Atomic<Nanoseconds>(untimed)
    private let durations = LatestDurations()

    private static let untimed = Nanoseconds.min

    init(_ connection: any DriverConnection, id: ConnectionID, pool: PoolShell, leaseCache: LeaseCache?) {
        self.connection = connection
        address = Self.address(of: connection)
        self.id = id
        self.pool = pool
        self.leaseCache = leaseCache
    }

    private static func address(of connection: some DriverConnection) -> UInt {
        ManualReference(borrowing: connection).address
    }

    // MARK: By the lease of a cached connection

    func beginLease(holder: UInt, _ fileID: StaticString, line: UInt) {
        let number = begun.load(ordering: .relaxed) &+ 1
        begun.store(number, ordering: .relaxed)
        self.holder.store(holder, ordering: .relaxed)
        let source = SourcePosition(fileID, line: line)
        file.store(source.file, ordering: .relaxed)
        position.store(source.position, ordering: .releasing)
        // Reading the clock costs more than all the rest, so only a few leases are timed. The pool soon learns of long
        // ones anyway, because caching ends within a tenth of a second.
        if number <= LatestDurations.capacity || number & 31 == 0 { beginTiming() }
    }

    // Out of line, so that the leases that are not timed spill no registers for it.
    @inline(never)
    private func beginTiming() {
        since.store(pool.time.now().nanoseconds, ordering: .relaxed)
    }

    @inline(never)
    private func endTiming(_ since: Nanoseconds) {
        durations.add(pool.time.now().nanoseconds - since)
        self.since.store(Self.untimed, ordering: .relaxed)
    }

    /// Ends the lease in its cell.
    ///
    /// - Returns: false if the connection is not cached, or no longer: the pool's lock is needed. If true, another
    ///   lease may have begun, and the connection no longer belongs to the caller.
    func endLease() -> Bool {
        let since = since.load(ordering: .relaxed)
        if since != Self.untimed { endTiming(since) }
        holder.store(0, ordering: .relaxed)
        position.store(0, ordering: .relaxed)
        return LeaseCache.Cell(bits: cell.load(ordering: .relaxed)).putBack(ManualReference(borrowing: self))
    }

    // MARK: Under the pool's lock

    /// Starts the notes anew for the stay in `cell`. Call while the connection is not leased.
    func restart(in cell: LeaseCache.Cell) {
        self.cell.store(cell.bits, ordering: .relaxed)
        begun.store(0, ordering: .relaxed)
        reportedCount.store(0, ordering: .relaxed)
        durations.removeAll()
    }

    /// The leases that the connection has served from its cell.
    func uses(isLeased: Bool) -> CachedUses {
        let begun = begun.load(ordering: .relaxed)
        reportedCount.store(begun, ordering: .relaxed)
        let since = since.load(ordering: .relaxed)
        guard isLeased else { return CachedUses(begun: begun, ended: begun, durations: durations.all) }
        let lease = CachedUses.OpenLease(
            holder: holder.load(ordering: .relaxed), since: since == Self.untimed ? nil : since)
        return CachedUses(begun: begun, ended: max(0, begun - 1), durations: durations.all, lease: lease)
    }

    /// Leases that began after the engine last collected this connection's uses. Call once, when that lease ends.
    func takeUnreportedUses() -> CachedUses? {
        let (begun, reported) = (begun.load(ordering: .relaxed), reportedCount.load(ordering: .relaxed))
        guard begun > reported else { return nil }
        self.reportedCount.store(begun, ordering: .relaxed)
        // The lease before it was counted as the open one.
        return CachedUses(begun: begun - reported, ended: reported > 0 ? 1 : 0)
    }

    /// The holder of the open lease; nothing if it has only just begun.
    var origin: LeaseOrigin {
        // In this order: a position that is there was stored after its file.
        let position = position.load(ordering: .acquiring)
        return LeaseOrigin(source: SourcePosition(file: file.load(ordering: .relaxed), position: position), label: nil)
    }
}

/// The durations of the last few leases that were timed.
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
