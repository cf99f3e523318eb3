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

extension PoolStatistics {
    /// All connections, including those that are being opened or closed.
    public var total: Int { counts.total }

    /// Connections that are ready for a lease.
    public var idle: Int { counts.idle }

    /// Acquires that wait now.
    public var waiting: Int { counts.waiting }

    /// Connections that were closed because of their age.
    public var expired: Int { connectionsClosed[.lifetime] ?? 0 }
}
