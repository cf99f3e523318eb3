internal import Synchronization

/// What a pool did and does, at one moment: all its numbers are consistent with each other.
public struct PoolStatistics: Sendable {
    /// The connections and waiters of one lane.
    public struct Lane: Sendable, Hashable {
        public let name: String
        public let counts: PoolCounts
    }

    /// How long acquires waited whose wait has ended, however it ended; those that wait still are not in it.
    public struct QueueTime: Sendable, Hashable {
        public let sum: Duration
        /// Nil where no wait has ended.
        public let minimum: Duration?
        /// Nil where no wait has ended.
        public let maximum: Duration?
        /// The sum by ``PoolStatistics/enqueued``; zero where nobody was enqueued.
        public let average: Duration
    }

    /// The pool's name.
    public let pool: String
    /// The driver, where it connects to, and as whom.
    public let information: DriverInformation
    /// The limits and times that are in force.
    public let configuration: PoolConfiguration
    public let status: PoolStatus
    /// Since the pool was made.
    public let uptime: Duration
    /// For how long the numbers below have been counted: since ``Pool/resetStatistics()``, or since the pool was made.
    public let uptimeSinceReset: Duration
    public let counts: PoolCounts
    public let lanes: [Lane]
    /// Acquires that were asked for: all that follow, and those that wait now, for a connection or for their session
    /// hook.
    public let requests: Int
    /// Leases given.
    public let acquired: Int
    /// Acquires that had to wait, for a release or for a connection to be opened, validated or reset:
    /// `enqueued == dequeued + timedOutInQueue + cancelledInQueue + failedInQueue + rejectedAtClose + counts.waiting`.
    public let enqueued: Int
    /// Leases given to those who waited. One whose session hook is running is among them.
    public let dequeued: Int
    /// Acquires whose deadline passed.
    public let timedOut: Int
    /// Of ``timedOut``, acquires that had been enqueued; the others had a deadline that passed before they began, or in
    /// the session hook.
    public let timedOutInQueue: Int
    /// Acquires whose task was cancelled while they waited, for a connection or for their session hook.
    public let cancelled: Int
    /// Of ``cancelled``, acquires that had been enqueued.
    public let cancelledInQueue: Int
    /// Acquires that failed because connects are refused for good, because a hook has thrown, or because they could
    /// never have succeeded.
    public let failed: Int
    /// Of ``failed``, acquires that had been enqueued.
    public let failedInQueue: Int
    /// Acquires that were turned away because ``PoolConfiguration/maximumWaiters`` waited.
    public let rejected: Int
    /// Acquires that waited when the pool began to close.
    public let rejectedAtClose: Int
    /// Acquires that came after that.
    public let refusedAtClose: Int
    public let queueTime: QueueTime
    public let connectionsOpened: Int
    public let connectFailures: Int
    /// Closed connections by reason; reasons that did not occur are missing.
    public let connectionsClosed: [CloseReason: Int]
    public let validations: Int
    /// Sessions that were scrubbed, after a lease or for another tag. The end of a transaction in a session that is
    /// kept for its tag is none.
    public let resets: Int
    public let leakWarnings: Int
    /// The most leases at once.
    public let peakLeased: Int
    /// The most waiters at once.
    public let peakWaiting: Int
    /// How long acquires waited that succeeded, those that did not wait included.
    public let wait: Histogram
    /// How long leases were held. Of those of a busy pool that nobody waits for, one in 32 is timed, and stands for the
    /// others.
    public let use: Histogram
    /// How long connects took that succeeded in time.
    public let connect: Histogram
}

extension PoolShell {
    /// What the driver says of itself, with the user that new connections log in as now.
    var information: DriverInformation {
        var information = backend.information
        if let user = credentials.user { information.user = user }
        return information
    }

    var statistics: PoolStatistics {
        let information = information
        return transition { state, now, _ in
            let counters = state.engine.counters
            return PoolStatistics(
                pool: name, information: information, configuration: state.configuration,
                status: state.engine.status,
                uptime: .nanoseconds(now - startedAt),
                uptimeSinceReset: .nanoseconds(max(0, now - state.countingSince)),
                counts: PoolCounts(
                    state.engine.counts, waiting: state.engine.waiting,
                    maximum: state.configuration.maximumConnections),
                lanes: state.lanes.indices.compactMap { lane in
                    if state.engine.lanes[lane].isUnused { return nil }
                    return PoolStatistics.Lane(
                        name: state.lanes[lane].configuration.name, counts: PoolCounts(state.engine.lanes[lane]))
                },
                requests: counters.requests(
                    waiting: state.engine.waiting + state.engine.preparations.count), acquired: counters.acquired,
                enqueued: counters.enqueued, dequeued: counters.dequeued, timedOut: counters.timedOut,
                timedOutInQueue: counters.timedOutInQueue, cancelled: counters.cancelled,
                cancelledInQueue: counters.cancelledInQueue, failed: counters.failed,
                failedInQueue: counters.failedInQueue, rejected: counters.rejected,
                rejectedAtClose: counters.rejectedAtClose, refusedAtClose: counters.refusedAtClose,
                queueTime: PoolStatistics.QueueTime(counters),
                connectionsOpened: counters.opened, connectFailures: counters.connectFailures,
                connectionsClosed: counters.closed, validations: counters.validations, resets: counters.resets,
                leakWarnings: counters.leakWarnings, peakLeased: counters.peakLeased,
                peakWaiting: counters.peakWaiting, wait: state.engine.waitTimes, use: state.engine.useTimes,
                connect: state.engine.connectTimes)
        }
    }
}

extension PoolStatistics.QueueTime {
    init(_ counters: EngineCounters) {
        let times = counters.queueTimes
        self.init(
            sum: .nanoseconds(times.sum), minimum: times.count == 0 ? nil : .nanoseconds(times.minimum),
            maximum: times.count == 0 ? nil : .nanoseconds(times.maximum),
            average: counters.enqueued == 0 ? .zero : .nanoseconds(times.sum / Int64(counters.enqueued)))
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
