extension PoolShell {
    /// The driver's description of itself, with the user that new connections log in as now.
    var information: DriverInformation {
        var information = backend.information
        if let user = credentials.user { information.user = user }
        return information
    }

    var statistics: PoolStatistics {
        let information = information
        return transition { state, turn in
            let counters = state.engine.counters
            return PoolStatistics(
                pool: name, information: information, configuration: state.configuration,
                status: state.engine.status,
                uptime: .nanoseconds(turn.now - startedAt),
                uptimeSinceReset: .nanoseconds(max(0, turn.now - state.countingSince)),
                counts: PoolCounts(
                    state.engine.counts, waiting: state.engine.waiting,
                    maximum: state.configuration.maximumConnections),
                lanes: state.lanes.indices.compactMap { lane in
                    state.engine.counts(of: lane).map {
                        PoolStatistics.Lane(name: state.lanes[lane].configuration.name, counts: $0)
                    }
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
