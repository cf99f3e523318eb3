extension PoolCounters {
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

extension Engine {
    /// Resets the counters. Acquires that wait now count as enqueued, so that the counters go on to agree with each
    /// other.
    mutating func resetStatistics() {
        counters = PoolCounters()
        counters.enqueued = waiting
        for connection in preparations.keys { preparations[connection]?.isInQueue = false }
        counters.peakWaiting = waiting
        counters.peakLeased = counts.leased
        (waitTimes, useTimes, connectTimes) = (PoolHistogram(), PoolHistogram(), PoolHistogram())
    }
}
