public import PoolSQL
import PoolTesting

/// Changes a pool in every way that it can be changed while it is in use, one after the other, at random.
public struct PoolChanges<Driver: SQLDriver>: Sendable {
    public struct Report: Sendable {
        public var reconfigurations = 0
        public var clears = 0
        public var rotations = 0
        /// The fewest connections that were fit for use during a rotation of a full pool, before the first clear: what
        /// is leased then is closed when it comes back, whatever else goes on.
        public var leastAvailable = Int.max
        /// What no change may throw.
        public var problems: [String] = []

        public var count: Int { reconfigurations + clears + rotations }
    }

    private enum Change: CaseIterable {
        case size, sizes, clear, rotate, statistics
    }

    private let pool: Pool<Driver>
    private let maximum: Int
    private let seed: UInt64

    /// - Parameter maximum: What the pool has at most, and has again at the end; at least 2.
    public init(of pool: Pool<Driver>, maximum: Int, seed: UInt64) {
        self.pool = pool
        self.maximum = maximum
        self.seed = seed
    }

    public func run(until end: ContinuousClock.Instant) async -> Report {
        var report = Report()
        var random = SeededRandom(seed: seed)
        let start = ContinuousClock.now
        let middle = start + (end - start) / 2
        while ContinuousClock.now < end {
            var change = Change.allCases.randomElement(using: &random) ?? .rotate
            if ContinuousClock.now < middle, change == .clear { change = .rotate }
            do {
                try await make(change, &random, &report)
            } catch {
                report.problems.append("\(change): \(error)")
            }
        }
        do {
            try await restore()
        } catch {
            report.problems.append("at the end: \(error)")
        }
        return report
    }

    private func make(_ change: Change, _ random: inout SeededRandom, _ report: inout Report) async throws {
        switch change {
        case .size:
            let size = Int.random(in: 2...maximum, using: &random)
            let minimum = Int.random(in: 0...size, using: &random)
            try await pool.reconfigure {
                $0.minimumConnections = minimum
                $0.maximumConnections = size
                $0.minimumIdle = 0
            }
            report.reconfigurations += 1
        case .sizes:
            let (idle, increment) = (Int.random(in: 0...2, using: &random), Int.random(in: 1...3, using: &random))
            let capacity = [0, 1, 5, 50].randomElement(using: &random)
            try await pool.reconfigure {
                $0.minimumIdle = idle
                $0.growthIncrement = increment
                $0.statementCacheCapacity = capacity
            }
            report.reconfigurations += 1
        case .clear:
            pool.clear()
            report.clears += 1
        case .rotate:
            try await restore()
            let least = try await leastAvailable { try await pool.rotate(over: .milliseconds(50)) }
            if report.clears == 0 { report.leastAvailable = min(report.leastAvailable, least) }
            report.rotations += 1
        case .statistics:
            pool.resetStatistics()
        }
    }

    /// As large as it was, and full.
    private func restore() async throws {
        try await pool.reconfigure {
            $0.maximumConnections = maximum
            $0.minimumConnections = maximum
            $0.minimumIdle = 0
        }
        try await pool.warmUp(to: maximum, timeout: .seconds(30))
    }

    /// The fewest connections that are fit for use, or about to be again, while `body` runs.
    private func leastAvailable(during body: () async throws -> Void) async throws -> Int {
        let isOver = Flag()
        async let least = watch(until: isOver)
        do {
            try await body()
        } catch {
            isOver.set()
            _ = await least
            throw error
        }
        isOver.set()
        return await least
    }

    private func watch(until isOver: Flag) async -> Int {
        var least = Int.max
        while !isOver.isSet {
            let counts = pool.statistics.counts
            least = min(least, counts.idle + counts.leased + counts.validating + counts.resetting)
            await Task.yield()
        }
        return least
    }
}
