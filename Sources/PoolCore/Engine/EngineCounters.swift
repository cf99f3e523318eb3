/// Counts of an engine's events since it was made, or since its statistics were reset.
struct EngineCounters: Hashable, Sendable {
    var acquired = 0
    var enqueued = 0
    /// Leases given to acquires that had been enqueued.
    var dequeued = 0
    var timedOut = 0
    /// The part of `timedOut` that had been enqueued.
    var timedOutInQueue = 0
    var cancelled = 0
    /// The part of `cancelled` that had been enqueued.
    var cancelledInQueue = 0
    /// Acquires refused because too many waited.
    var rejected = 0
    /// Acquires refused because connects fail for good, because a hook has thrown, or because they could never have
    /// succeeded.
    var failed = 0
    /// The part of `failed` that had been enqueued.
    var failedInQueue = 0
    /// Acquires that waited when the pool began to close.
    var rejectedAtClose = 0
    /// Acquires refused because the pool was closing or closed.
    var refusedAtClose = 0
    var queueTimes = QueueTimes()
    var opened = 0
    var connectFailures = 0
    var validations = 0
    var resets = 0
    var leakWarnings = 0
    var closed: [ConnectionCloseReason: Int] = [:]
    var peakLeased = 0
    var peakWaiting = 0

    mutating func count(_ failure: AcquireFailure, inQueue: Bool = false) {
        switch failure {
        case .timedOut:
            timedOut += 1
            if inQueue { timedOutInQueue += 1 }
        case .tooManyWaiters: rejected += 1
        case .closed, .draining:
            if inQueue { rejectedAtClose += 1 } else { refusedAtClose += 1 }
        case .wouldDeadlock, .refused, .hookFailed:
            failed += 1
            if inQueue { failedInQueue += 1 }
        }
    }

    mutating func countCancelled(inQueue: Bool) {
        cancelled += 1
        if inQueue { cancelledInQueue += 1 }
    }

    /// All acquires so far: each has ended in one way, or waits, for a connection or for the session hook.
    func requests(waiting: Int) -> Int {
        acquired + timedOut + cancelled + rejected + failed + rejectedAtClose + refusedAtClose + waiting
    }

    /// True if every enqueued acquire has left the queue in exactly one way, or waits.
    func isBalanced(waiting: Int) -> Bool {
        enqueued == dequeued + timedOutInQueue + cancelledInQueue + failedInQueue + rejectedAtClose + waiting
    }
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

extension Engine {
    /// Resets the counters. Acquires that wait now count as enqueued, so that the counters go on to agree with each
    /// other.
    mutating func resetStatistics() {
        counters = EngineCounters()
        counters.enqueued = waiting
        for connection in preparations.keys { preparations[connection]?.isInQueue = false }
        counters.peakWaiting = waiting
        counters.peakLeased = counts.leased
        (waitTimes, useTimes, connectTimes) = (PoolHistogram(), PoolHistogram(), PoolHistogram())
    }
}
