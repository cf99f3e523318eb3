extension PoolShell {
    /// The driver's description of itself, with the user that new connections log in as now.
    var information: DriverInformation {
        var information = driver.information
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
                requests: counters.requests(waiting: state.engine.waiting + state.engine.preparations.count),
                counters: counters, wait: state.engine.waitTimes, use: state.engine.useTimes,
                connect: state.engine.connectTimes)
        }
    }
}
