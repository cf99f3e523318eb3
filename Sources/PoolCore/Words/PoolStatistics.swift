/// A snapshot of a pool's counters and present state: all its numbers are consistent with each other.
@dynamicMemberLookup
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
        /// The sum divided by ``PoolCounters/enqueued``; zero if no acquire was enqueued.
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
    /// The events that were counted. Each counter can be read as a property of the statistics too.
    public let counters: PoolCounters
    /// The waiting time of acquires that succeeded, including zero for those that did not wait.
    public let wait: PoolHistogram
    /// The time that leases were held. While a pool is busy and no acquire waits, one lease in 32 is timed, and stands
    /// for the others.
    public let use: PoolHistogram
    /// The duration of connects that succeeded in time.
    public let connect: PoolHistogram
}

extension PoolStatistics {
    /// One of the ``counters``.
    public subscript<Value>(dynamicMember counter: KeyPath<PoolCounters, Value>) -> Value { counters[keyPath: counter] }

    /// The time that acquires spent in the queue.
    public var queueTime: QueueTime { QueueTime(counters) }

    /// All connections, including those that are being opened or closed.
    public var total: Int { counts.total }

    /// Connections that are ready for a lease.
    public var idle: Int { counts.idle }

    /// Acquires that wait now.
    public var waiting: Int { counts.waiting }

    /// Connections that were closed because of their age.
    public var expired: Int { counters.connectionsClosed[.lifetime] ?? 0 }
}

extension PoolStatistics.QueueTime {
    init(_ counters: PoolCounters) {
        let times = counters.queueTimes
        self.init(
            sum: .nanoseconds(times.sum), minimum: times.count == 0 ? nil : .nanoseconds(times.minimum),
            maximum: times.count == 0 ? nil : .nanoseconds(times.maximum),
            average: counters.enqueued == 0 ? .zero : .nanoseconds(times.sum / Int64(counters.enqueued)))
    }
}
