internal import Synchronization

/// Connections that go from one lease to the next without the pool's lock. The engine counts them as leased meanwhile.
///
/// A cell holds one connection's address: unchanged while the connection is free, with the lowest bit set while it is
/// leased. So a lease begins and ends with one exchange of the cell's word, and a failed exchange means that the lock
/// is needed. Cells are filled and emptied under the pool's lock only, and an address comes back into a cell only after
/// the lease that it was taken out under has ended: no exchange mistakes one stay of a connection for another.
///
/// Each cell owns a reference to its connection, which goes over to the lease and back.
@safe
final class LeaseCache: @unchecked Sendable {  // Sound because the cells are atomic, and never move.
    /// The place where a lease on a cached connection ends.
    struct Cell: Sendable {
        fileprivate let address: UInt

        fileprivate var word: UnsafeMutablePointer<Atomic<UInt>>? { unsafe UnsafeMutablePointer(bitPattern: address) }

        /// Ends the lease on the connection that was taken from here.
        ///
        /// - Returns: false if the connection has left the cell: the lease then is an ordinary one, and keeps the
        ///   reference.
        func putBack(_ pooled: ManualReference<PooledConnection>) -> Bool {
            let free = pooled.address
            guard let word = unsafe word else { return false }
            return unsafe word.pointee.compareExchange(
                expected: free | 1, desired: free, successOrdering: .releasing, failureOrdering: .relaxed
            ).exchanged
        }
    }

    static let capacity = 16
    /// Cells of one cache line would slow each other down; some processors fetch two lines at a time.
    private static let stride = 128

    private let cells: UnsafeMutableRawPointer
    private let places = CellChooser()
    /// The number of cells that are not empty. Changes under the lock only.
    private let count = Atomic<Int>(0)

    init() {
        unsafe cells = .allocate(byteCount: Self.capacity * Self.stride, alignment: Self.stride)
        for place in 0..<Self.capacity { unsafe word(place).initialize(to: Atomic(0)) }
    }

    deinit {
        unsafe cells.deallocate()
    }

    private func word(_ place: Int) -> UnsafeMutablePointer<Atomic<UInt>> {
        unsafe (cells + place * Self.stride).assumingMemoryBound(to: Atomic<UInt>.self)
    }

    // MARK: Without the lock

    /// Begins a lease on one of the connections, with the cell's reference to its connection; nil if all are leased.
    func take() -> ManualReference<PooledConnection>? {
        var remaining = count.load(ordering: .relaxed)
        guard remaining > 0 else { return nil }
        let start = places.cellForCurrentThread
        for step in 0..<Self.capacity {
            let word = unsafe word((start &+ step) & (Self.capacity - 1))
            let content = unsafe word.pointee.load(ordering: .relaxed)
            if content == 0 { continue }
            if content & 1 == 0, let pooled = ManualReference<PooledConnection>(address: content) {
                let isTaken = unsafe word.pointee.compareExchange(
                    expected: content, desired: content | 1, successOrdering: .acquiring, failureOrdering: .relaxed
                ).exchanged
                if isTaken { return pooled }
            }
            remaining -= 1
            if remaining == 0 { return nil }
        }
        return nil
    }

    // MARK: Under the lock

    var isEmpty: Bool { count.load(ordering: .relaxed) == 0 }

    /// Puts a connection without a lease into an empty cell, together with a reference to it.
    ///
    /// - Parameter consent: called with the cell if there is one; nothing happens if it returns false.
    func put(_ pooled: ManualReference<PooledConnection>, _ consent: (Cell) -> Bool) -> Bool {
        let start = places.cellForCurrentThread
        for step in 0..<Self.capacity {
            let word = unsafe word((start &+ step) & (Self.capacity - 1))
            guard unsafe word.pointee.load(ordering: .relaxed) == 0 else { continue }
            guard consent(Cell(address: UInt(bitPattern: word))) else { return false }
            count.store(count.load(ordering: .relaxed) + 1, ordering: .relaxed)
            unsafe word.pointee.store(pooled.address, ordering: .releasing)
            return true
        }
        return false
    }

    /// Empties all cells. `body` gets each connection, and whether a lease on it goes on; that lease then has the
    /// reference.
    func empty(_ body: (PooledConnection, _ isLeased: Bool) -> Void) {
        guard !isEmpty else { return }
        count.store(0, ordering: .relaxed)
        for place in 0..<Self.capacity {
            let content = unsafe word(place).pointee.exchange(0, ordering: .acquiringAndReleasing)
            guard let pooled = ManualReference<PooledConnection>(address: content & ~1) else { continue }
            let isLeased = content & 1 == 1
            body(isLeased ? pooled.object : pooled.take(), isLeased)
        }
    }
}

extension LeaseCache.Cell {
    /// The cell as a number, for an atomic.
    var bits: UInt { address }

    init(bits: UInt) { address = bits }
}
