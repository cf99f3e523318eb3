internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Looks for what another thread is about to do, for a moment, before its own thread sleeps or gives up its place: to
/// be woken can take ten times as long as a short statement.
///
/// It looks only while that pays. After each time in vain it leaves out twice as many as before.
struct Patience: ~Copyable {
    private let limit: UInt64
    /// In a row. What threads that share a value overwrite for each other was only a guess.
    private let failures = Atomic<Int>(0)
    /// How many times are still left out.
    private let omissions = Atomic<Int>(0)
    /// One look in vain for 64 sleeps costs little.
    private static var mostFailures: Int { 6 }

    /// - Parameter limit: How long to look, in nanoseconds.
    init(limit: UInt64) {
        self.limit = limit
    }

    /// False if `isThere` has not returned true so far. It ends early, and in vain, if `isHopeless` returns true.
    func look(for isThere: () -> Bool, unless isHopeless: () -> Bool = { false }) -> Bool {
        let left = omissions.load(ordering: .relaxed)
        if left > 0 {
            omissions.store(left - 1, ordering: .relaxed)
            return isThere()
        }
        let end = Self.now + limit
        repeat {
            for _ in 0..<16 where isThere() {
                failures.store(0, ordering: .relaxed)
                return true
            }
        } while !isHopeless() && Self.now < end
        let count = min(failures.load(ordering: .relaxed) + 1, Self.mostFailures)
        failures.store(count, ordering: .relaxed)
        omissions.store(1 << count, ordering: .relaxed)
        return false
    }

    /// In nanoseconds.
    private static var now: UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
