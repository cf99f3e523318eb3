internal import Synchronization

/// A snapshot of a pool's counters and present state: all its numbers are consistent with each other.
public struct PoolStatistics: Sendable {
    /// The connections and waiters of one lane.
    public struct Lane: Sendable, Hashable {
        /// The lane's name.
        public let name: String
        /// The lane's connections and waiters.
        public let counts: PoolCounts
    }

    /// The time that acquires spent in the queue, for waits that have ended, however they ended; present waits are not
    /// in it.
    public struct QueueTime: Sendable, Hashable {
        /// The sum of all waits.
        public let sum: Duration
        /// The shortest wait; nil if no wait has ended.
        public let minimum: Duration?
        /// The longest wait; nil if no wait has ended.
        public let maximum: Duration?
        /// The sum divided by ``PoolStatistics/enqueued``; zero if no acquire was enqueued.
        public let average: Duration
    }

    /// The pool's name.
    public let pool: String
    /// The driver, the place it connects to, and the user it logs in as.
    public let information: DriverInformation
    /// The limits and times in force.
    public let configuration: PoolConfiguration
    /// The state that the pool is in.
    public let status: PoolStatus
    /// The time since the pool was made.
    public let uptime: Duration
    /// The time for which the numbers below have been counted: since ``Pool/resetStatistics()``, or since the pool was
    /// made.
    public let uptimeSinceReset: Duration
    /// The connections and waiters of the whole pool.
    public let counts: PoolCounts
    /// The connections and waiters of each lane.
    public let lanes: [Lane]
    /// All acquires so far, finished or still waiting, for a connection or for their session hook.
    public let requests: Int
    /// Leases given.
    public let acquired: Int
    /// Acquires that had to wait, for a release or for a connection to be opened, validated or reset:
    /// `enqueued == dequeued + timedOutInQueue + cancelledInQueue + failedInQueue + rejectedAtClose + counts.waiting`.
    public let enqueued: Int
    /// Leases given to acquires that had waited. An acquire whose session hook is running counts already.
    public let dequeued: Int
    /// Acquires whose deadline passed.
    public let timedOut: Int
    /// The part of ``timedOut`` that had been enqueued; the other acquires had a deadline that passed before they
    /// began, or in the session hook.
    public let timedOutInQueue: Int
    /// Acquires whose task was cancelled while they waited, for a connection or for their session hook.
    public let cancelled: Int
    /// The part of ``cancelled`` that had been enqueued.
    public let cancelledInQueue: Int
    /// Acquires that failed because connects are refused for good, because a hook has thrown, or because they could
    /// never have succeeded.
    public let failed: Int
    /// The part of ``failed`` that had been enqueued.
    public let failedInQueue: Int
    /// Acquires that were refused because ``PoolConfiguration/maximumWaiters`` acquires waited.
    public let rejected: Int
    /// Acquires that waited when the pool began to close.
    public let rejectedAtClose: Int
    /// Acquires refused because the pool was closing or closed.
    public let refusedAtClose: Int
    /// The time that acquires spent in the queue.
    public let queueTime: QueueTime
    /// Connections opened.
    public let connectionsOpened: Int
    /// Connects that failed, and connections that count as such because they broke at their first use, or because a
    /// hook did not want them.
    public let connectFailures: Int
    /// Closed connections by reason; reasons that did not occur are absent.
    public let connectionsClosed: [ConnectionCloseReason: Int]
    /// Validations before a grant, including those that only run the acquire hook.
    public let validations: Int
    /// Sessions that were reset, after a lease or for another tag. Ending a transaction in a session that is kept for
    /// its tag does not count.
    public let resets: Int
    /// Leases that were reported as held for longer than ``PoolConfiguration/leakWarning``.
    public let leakWarnings: Int
    /// The most leases at the same time.
    public let peakLeased: Int
    /// The most waiters at the same time.
    public let peakWaiting: Int
    /// The waiting time of acquires that succeeded, including zero for those that did not wait.
    public let wait: PoolHistogram
    /// The time that leases were held. While a pool is busy and no acquire waits, one lease in 32 is timed, and stands
    /// for the others.
    public let use: PoolHistogram
    /// The duration of connects that succeeded in time.
    public let connect: PoolHistogram
}

extension PoolShell {
    /// The driver's description of itself, with the user that new connections log in as now.
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
