internal import Synchronization

/// The cell of a ``LeaseCache`` that each thread tries first. Threads get theirs in turn, and far apart: two threads on
/// one cell would take the cache line from each other at every lease.
@safe
final class CellChooser: @unchecked Sendable {  // Sound because the entries are atomic, and never move.
    private static let indexBits = 10
    private static let isGiven: UInt8 = 0x80

    /// Indexed by a hash of the thread: its place with ``isGiven``, or 0 until the thread asks for the first time.
    private let entries: UnsafeMutablePointer<Atomic<UInt8>>
    private let given = Atomic<Int>(0)

    init() {
        unsafe entries = .allocate(capacity: 1 << Self.indexBits)
        for index in 0..<1 << Self.indexBits { unsafe (entries + index).initialize(to: Atomic(0)) }
    }

    deinit {
        unsafe entries.deallocate()
    }

    /// The cell for the current thread. The address of a thread's stack identifies it.
    var cellForCurrentThread: Int {
        var here: UInt8 = 0
        return unsafe cellForCurrentThread(withStackAt: withUnsafeMutablePointer(to: &here) { UInt(bitPattern: $0) })
    }

    func cellForCurrentThread(withStackAt address: UInt) -> Int {
        let hash = (address >> 19) &* 0x9E37_79B9_7F4A_7C15
        let entry = unsafe entries + Int(hash >> (UInt.bitWidth - Self.indexBits))
        let place = unsafe entry.pointee.load(ordering: .relaxed)
        return unsafe Int((place != 0 ? place : give(entry)) & ~Self.isGiven)
    }

    @inline(never)
    private func give(_ entry: UnsafeMutablePointer<Atomic<UInt8>>) -> UInt8 {
        let turn = given.wrappingAdd(1, ordering: .relaxed).oldValue
        // 0, 8, 4, 12, 2 and so on: the turn's four bits from right to left.
        let place = UInt8((0..<4).reduce(0) { $0 | (turn >> $1 & 1) << (3 - $1) }) | Self.isGiven
        unsafe entry.pointee.store(place, ordering: .relaxed)
        return place
    }
}
