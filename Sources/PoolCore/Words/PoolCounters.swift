/// The events of a pool, counted since it was made or since ``Pool/resetStatistics()``.
public struct PoolCounters: Hashable, Sendable {
    /// Leases given.
    public internal(set) var acquired = 0
    /// Acquires that had to wait, for a release or for a connection to be opened, validated or reset:
    /// `enqueued == dequeued + timedOutInQueue + cancelledInQueue + failedInQueue + rejectedAtClose + counts.waiting`,
    /// with the present ``PoolStatistics/counts``.
    public internal(set) var enqueued = 0
    /// Leases given to acquires that had waited. An acquire whose session hook is running counts already.
    public internal(set) var dequeued = 0
    /// Acquires whose deadline passed.
    public internal(set) var timedOut = 0
    /// The part of ``timedOut`` that had been enqueued; the other acquires had a deadline that passed before they
    /// began, or in the session hook.
    public internal(set) var timedOutInQueue = 0
    /// Acquires whose task was cancelled while they waited, for a connection or for their session hook.
    public internal(set) var cancelled = 0
    /// The part of ``cancelled`` that had been enqueued.
    public internal(set) var cancelledInQueue = 0
    /// Acquires that failed because connects are refused for good, because a hook has thrown, or because they could
    /// never have succeeded.
    public internal(set) var failed = 0
    /// The part of ``failed`` that had been enqueued.
    public internal(set) var failedInQueue = 0
    /// Acquires that were refused because ``PoolConfiguration/maximumWaiters`` acquires waited.
    public internal(set) var rejected = 0
    /// Acquires that waited when the pool began to close.
    public internal(set) var rejectedAtClose = 0
    /// Acquires refused because the pool was closing or closed.
    public internal(set) var refusedAtClose = 0
    /// Connections opened.
    public internal(set) var connectionsOpened = 0
    /// Connects that failed, and connections that count as such because they broke at their first use, or because a
    /// hook did not want them.
    public internal(set) var connectFailures = 0
    /// Closed connections by reason; reasons that did not occur are absent.
    public internal(set) var connectionsClosed: [ConnectionCloseReason: Int] = [:]
    /// Validations before a grant, including those that only run the acquire hook.
    public internal(set) var validations = 0
    /// Sessions that were reset, after a lease or for another tag. Ending a transaction in a session that is kept for
    /// its tag does not count.
    public internal(set) var resets = 0
    /// Leases that were reported as held for longer than ``PoolConfiguration/leakWarning``.
    public internal(set) var leakWarnings = 0
    /// The most leases at the same time.
    public internal(set) var peakLeased = 0
    /// The most waiters at the same time.
    public internal(set) var peakWaiting = 0
    /// The times of the waits that have ended.
    var queueTimes = QueueTimes()
}

/// The waiting times of acquires that have left the queue, however they left it.
struct QueueTimes: Hashable, Sendable {
    private(set) var count = 0
    private(set) var sum: Nanoseconds = 0
    private(set) var minimum = Nanoseconds.max
    private(set) var maximum: Nanoseconds = 0

    mutating func record(_ time: Nanoseconds) {
        count += 1
        sum = sum.adding(time)
        minimum = min(minimum, time)
        maximum = max(maximum, time)
    }
}
