/// The watches of a loop, by tokens that are never reused: an index in the table and the generation of that index.
struct WatchTable {
    private struct Place {
        var generation: UInt32 = 0
        var watch: DescriptorWatch?
    }

    private var places: [Place] = []
    private var free: [Int] = []

    var all: [DescriptorWatch] { places.compactMap(\.watch) }

    mutating func insert(_ watch: DescriptorWatch) -> UInt64 {
        let index = free.popLast() ?? places.count
        if index == places.count { places.append(Place()) }
        places[index].watch = watch
        return UInt64(places[index].generation) << 32 | UInt64(index)
    }

    func find(_ token: UInt64) -> DescriptorWatch? {
        let index = Int(truncatingIfNeeded: token & 0xFFFF_FFFF)
        guard index < places.count, places[index].generation == token >> 32 else { return nil }
        return places[index].watch
    }

    mutating func remove(_ token: UInt64) {
        let index = Int(truncatingIfNeeded: token & 0xFFFF_FFFF)
        guard find(token) != nil else { return }
        places[index].watch = nil
        // After 2³¹ uses an index is given up, so that no token is ever used twice.
        places[index].generation += 1
        if places[index].generation < 1 << 31 { free.append(index) }
    }
}

/// The waits that have a deadline. There are few, so searching a list is fast enough.
struct DeadlineList {
    private var entries: [(deadline: ContinuousClock.Instant, watch: DescriptorWatch, wait: UInt64)] = []

    /// Adds a deadline. True if it is the earliest of all.
    mutating func insert(_ deadline: ContinuousClock.Instant, _ watch: DescriptorWatch, _ wait: UInt64) -> Bool {
        // A watch has one wait at a time: its earlier wait is over.
        entries.removeAll { $0.watch === watch }
        let isFirst = entries.allSatisfy { deadline < $0.deadline }
        entries.append((deadline, watch, wait))
        return isFirst
    }

    mutating func remove(_ watch: DescriptorWatch) {
        if !entries.isEmpty { entries.removeAll { $0.watch === watch } }
    }

    var first: ContinuousClock.Instant? { entries.map(\.deadline).min() }

    mutating func removeExpired() -> [(DescriptorWatch, UInt64)] {
        if entries.isEmpty { return [] }
        let now = ContinuousClock.now
        let expired = entries.filter { $0.deadline <= now }
        entries.removeAll { $0.deadline <= now }
        return expired.map { ($0.watch, $0.wait) }
    }
}

extension ContinuousClock.Instant {
    /// The time until the instant, rounded up, so that it has passed afterwards; never negative, which would mean
    /// forever.
    package var millisecondsFromNow: Int32 {
        let now = Self.now
        if self <= now { return 0 }
        // Bounded first: a duration longer than 64 bits of seconds has no components.
        let (seconds, attoseconds) = min(self - now, .seconds(86_400)).components
        return Int32(seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1)
    }
}
