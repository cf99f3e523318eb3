internal import Synchronization

/// Spins for a moment for what another thread is about to do, before its own thread sleeps or its task suspends: a
/// wake-up can take ten times as long as a short statement.
///
/// Spinning continues only while it pays: each failure in a row doubles how many of the next looks do not spin.
struct SpinWait: ~Copyable {
    private let limit: UInt64
    /// The failures in a row. Threads that share a value may overwrite each other's count, which is a guess anyway.
    private let failures = Atomic<Int>(0)
    /// How many of the next looks do not spin.
    private let omissions = Atomic<Int>(0)
    /// Bounds the pause at 2⁶ looks: one spin in vain for 64 sleeps costs little.
    private static var mostFailures: Int { 6 }

    /// - Parameter limit: How long to look, in nanoseconds.
    init(limit: UInt64) {
        self.limit = limit
    }

    /// Spins until `isThere` returns true. False if it did not in time; ends early, and in vain, if `isHopeless`
    /// returns true.
    func spin(until isThere: () -> Bool, unless isHopeless: () -> Bool = { false }) -> Bool {
        let left = omissions.load(ordering: .relaxed)
        if left > 0 {
            omissions.store(left - 1, ordering: .relaxed)
            return isThere()
        }
        let end = NativeThread.now + limit
        repeat {
            for _ in 0..<16 where isThere() {
                failures.store(0, ordering: .relaxed)
                return true
            }
        } while !isHopeless() && NativeThread.now < end
        let count = min(failures.load(ordering: .relaxed) + 1, Self.mostFailures)
        failures.store(count, ordering: .relaxed)
        omissions.store(1 << count, ordering: .relaxed)
        return false
    }
}
