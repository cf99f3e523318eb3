internal import Synchronization

/// What a pool did and does, at one moment: all its numbers are consistent with each other.
public struct PoolStatistics: Sendable {
    /// The connections and waiters of one lane.
    public struct Lane: Sendable, Hashable {
        public let name: String
        public let counts: PoolCounts
    }

    /// The pool's name.
    public let pool: String
    /// Since the pool was made.
    public let uptime: Duration
    public let counts: PoolCounts
    public let lanes: [Lane]
    /// Leases given.
    public let acquired: Int
    /// Those of them that had to wait.
    public let acquiredAfterWaiting: Int
    /// Acquires whose deadline passed.
    public let timedOut: Int
    /// Acquires whose task was cancelled while they waited.
    public let cancelled: Int
    /// Acquires that were refused: too many waiters, a deadlock, a permanent connect failure, a closing pool.
    public let refused: Int
    public let connectionsOpened: Int
    public let connectFailures: Int
    /// Closed connections by reason; reasons that did not occur are missing.
    public let connectionsClosed: [CloseReason: Int]
    public let validations: Int
    public let resets: Int
    public let leakWarnings: Int
    /// The most leases at once.
    public let peakLeased: Int
    /// The most waiters at once.
    public let peakWaiting: Int
    /// How long acquires waited that succeeded, those that did not wait included.
    public let wait: Histogram
    /// How long leases were held.
    public let use: Histogram
    /// How long connects took that succeeded in time.
    public let connect: Histogram
}

extension PoolShell {
    var statistics: PoolStatistics {
        let now = time.now().nanoseconds
        return state.withLock { state in
            let counters = state.engine.counters
            return PoolStatistics(
                pool: configuration.name, uptime: .nanoseconds(now - startedAt),
                counts: PoolCounts(
                    state.engine.counts, waiting: state.engine.waiting, maximum: configuration.maximumConnections),
                lanes: state.lanes.indices.compactMap { lane in
                    if state.engine.lanes[lane].isUnused { return nil }
                    return PoolStatistics.Lane(
                        name: state.lanes[lane].configuration.name, counts: PoolCounts(state.engine.lanes[lane]))
                },
                acquired: counters.acquired, acquiredAfterWaiting: counters.acquiredAfterWaiting,
                timedOut: counters.timedOut, cancelled: counters.cancelled, refused: counters.refused,
                connectionsOpened: counters.opened, connectFailures: counters.connectFailures,
                connectionsClosed: counters.closed, validations: counters.validations, resets: counters.resets,
                leakWarnings: counters.leakWarnings, peakLeased: counters.peakLeased,
                peakWaiting: counters.peakWaiting, wait: state.engine.waitTimes, use: state.engine.useTimes,
                connect: state.engine.connectTimes)
        }
    }
}

extension PoolCounts {
    init(_ counts: SlotCounts, waiting: Int, maximum: Int) {
        self.init(
            idle: counts.idle, leased: counts.leased, opening: counts.opening, validating: counts.validating,
            resetting: counts.resetting, closing: counts.closing + counts.abandoned, waiting: waiting, maximum: maximum)
    }

    init(_ lane: EngineLane) {
        self.init(lane.counts, waiting: lane.waiters.count, maximum: lane.limits.maximum)
    }
}

extension PoolStatistics: CustomStringConvertible {
    /// A report for people, a line for each number.
    public var description: String {
        var lines = [
            ("pool", pool), ("up", uptime.text), ("connections", "\(counts)"),
            ("leases given", "\(acquired), \(acquiredAfterWaiting) after waiting"),
            ("most leased at once", "\(peakLeased)"), ("most waiting at once", "\(peakWaiting)"),
            ("acquires failed", "\(timedOut) timed out, \(cancelled) cancelled, \(refused) refused"),
            ("wait", wait.summary), ("use", use.summary), ("connect", connect.summary),
            ("connections opened", "\(connectionsOpened), \(connectFailures) connects failed"),
            ("connections closed", closedSummary), ("validations", "\(validations)"), ("resets", "\(resets)"),
            ("leak warnings", "\(leakWarnings)"),
        ]
        if lanes.count > 1 { lines += lanes.map { ("lane \($0.name)", "\($0.counts)") } }
        let width = lines.map(\.0.count).max() ?? 0
        return lines.map { name, value in
            name + String(repeating: ".", count: width + 2 - name.count) + " " + value
        }.joined(separator: "\n")
    }

    private var closedSummary: String {
        let reasons = CloseReason.allCases.compactMap { reason in
            connectionsClosed[reason].map { "\($0) \(reason.rawValue)" }
        }
        return reasons.isEmpty ? "0" : reasons.joined(separator: ", ")
    }
}

extension Histogram {
    /// Count, mean and percentiles in one line.
    fileprivate var summary: String {
        guard count > 0 else { return "none" }
        return "\(count) times, mean \(mean.text), median \(percentile(0.5).text), 99 % \(percentile(0.99).text), "
            + "longest \(maximum.text)"
    }
}
