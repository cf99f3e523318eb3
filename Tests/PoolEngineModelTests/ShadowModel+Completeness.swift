@testable import PoolCore

/// What must be true once a call and its effects are done: nobody waits in vain, and nothing due is forgotten.
extension ShadowModel {
    func settle(_ call: EngineCall, handed lane: Int?, hadToMakeRoom: Bool) {
        // A connect that was given up and succeeds lifts its lane above the minimum: then an idle one may go instead.
        let hasMadeRoom = connections.contains { $0.state == .closing && $0.makesRoom && $0.since == now }
        if let lane, hadToMakeRoom, !hasMadeRoom, connections.contains(where: { $0.isInHand }) {
            require(false, "lane \(lane) kept a connection that an older waiter of an empty lane needs")
        }
        for place in connections.indices { connections[place].isInHand = false }
        require(mustFail == nil, "nobody has heard that the acquire hook has thrown")
        mustFail = nil
        requireBackoffWithinBounds()
        settleGrowth()
        requireShrinking()
        if life == .running { requireNoWaste() } else { requireClosing() }
        requireHonestClaim()
        permits.mustMakeRoom = false
        if call == .alarm { requireNothingDue() }
        requireAlarm()
    }

    private func requireNoWaste() {
        for lane in lanes.indices {
            let waiting = waiterCount(lane)
            require(
                waiting <= count(lane, .validating) || nextMatch(lane) == nil,
                "lane \(lane): \(waiting) wait beside \(count(lane, .idle)) idle connections")
            require(!mustResetTagged(lane), "lane \(lane) has idle sessions of other tags, and resets none")
            guard lacking(lane) > 0, mayConnect(lane) else { continue }
            // The end of a pause is noticed by the alarm, which may be on its way.
            if lanes[lane].failures > 0, armedAt <= now { continue }
            // That it is asked for is checked with the demand.
            if permits.isShared, !isFull { continue }
            require(isFull, "lane \(lane) lacks \(lacking(lane)) connections and does not connect")
            let others = connections.contains { $0.lane != lane && $0.state == .idle }
            require(
                waiting == 0 || needed(lane) <= 0 || !others || count(nil, .closing) > 0,
                "lane \(lane) waits while other lanes have idle connections")
        }
        for connection in connections where connection.isCleared {
            require(connection.state != .idle, "a connection that was cleared is idle")
        }
        for connection in connections where connection.isLost {
            require(connection.state != .idle, "a connection that was lost is idle")
        }
    }

    private func requireClosing() {
        require(life == .draining || waiters.isEmpty, "somebody waits for a pool whose drain is over")
        let room = permits.isShared ? 0 : max(0, configuration.maximumConnections - total())
        require(
            waiters.count <= lanes.indices.reduce(room) { $0 + coming($1) },
            "somebody waits for a release in a closing pool")
        for lane in lanes.indices {
            require(count(lane, .opening) <= waiterCount(lane), "a closing pool connects for nobody")
            let isStuck = waiterCount(lane) > coming(lane) && mayConnect(lane) && lanes[lane].failures == 0
            require(!isStuck || silentCount(lane) > 0, "a closing pool does not connect for its waiter")
        }
        let firstLanes = connections.filter { !configuration.lanes[$0.lane].closesLast }
        for connection in connections where connection.state == .idle {
            require(
                configuration.lanes[connection.lane].closesLast && !firstLanes.isEmpty,
                "a closing pool keeps an idle connection")
        }
        require(life == .finished || total() > 0, "all is closed, but the pool has not finished")
    }

    private func requireNothingDue() {
        for waiter in waiters { require(waiter.deadline > now, "a late waiter still waits") }
        for connection in connections {
            require(connection.deadline > now, "a \(connection.state) passed its deadline")
            if connection.state == .opening {
                require(connection.isSilent || connection.silentAt > now, "a silent connect holds up others")
            }
            if connection.state == .leased, configuration.leakWarning != .never, life == .running {
                require(
                    connection.wasWarned || now - connection.since < configuration.leakWarning, "no leak warning")
            }
            guard connection.state == .idle, life == .running else { continue }
            // A connect of this alarm may lift the lane above what it keeps. The next alarm follows immediately.
            if armedAt <= now { continue }
            require(
                now - connection.since < configuration.idleTimeout
                    || live(connection.lane) <= kept(connection.lane)
                    || count(connection.lane, .idle) <= configuration.lanes[connection.lane].minimumIdle,
                "an idle connection was kept for too long")
            if configuration.maximumLifetime != .never, connection.expires != .never {
                require(now < connection.expires.adding(configuration.maximumLifetime / 10), "too old")
            }
        }
        require(life != .draining || now < forceAt, "the drain did not end")
        for goal in goals where goal.kind != .rotated { require(now < goal.deadline, "a goal passed its deadline") }
    }

    /// How many connections the idle timeout leaves alone.
    private func kept(_ lane: Int) -> Int {
        max(configuration.lanes[lane].minimum, floors[lane].before, floors[lane].after)
    }

    private func requireAlarm() {
        for waiter in waiters { require(armedAt <= waiter.deadline, "no alarm for a waiter") }
        for connection in connections {
            require(armedAt <= connection.deadline, "no alarm for a \(connection.state) connection")
            if connection.state == .opening, !connection.isSilent, connection.silentAt < connection.deadline {
                require(armedAt <= connection.silentAt, "no alarm for a connect that goes silent")
            }
            guard life == .running else { continue }
            let isWarnable = connection.state == .leased && !connection.wasWarned
            if isWarnable, configuration.leakWarning != .never {
                require(armedAt <= connection.since.adding(configuration.leakWarning), "no alarm for a leak")
            }
            guard connection.state == .idle else { continue }
            if configuration.idleTimeout != .never,
                live(connection.lane) > kept(connection.lane),
                count(connection.lane, .idle) > configuration.lanes[connection.lane].minimumIdle
            {
                require(
                    armedAt <= connection.since.adding(configuration.idleTimeout), "no alarm for an idle timeout")
            }
            if connection.expires != .never {
                let last = connection.expires.adding(configuration.maximumLifetime / 10)
                require(
                    armedAt <= max(connection.expires > now ? connection.expires : last, now + 1), "no alarm for age")
            }
        }
        for lane in lanes.indices
        where life == .running && lacking(lane) > 0 && count(lane, .opening) == silentCount(lane) {
            let isOnlyTheBackoff =
                lanes[lane].failures > 0 && now < lanes[lane].retryAt
                && total(lane) < configuration.lanes[lane].maximum
            if isOnlyTheBackoff { require(armedAt <= lanes[lane].retryAt, "no alarm for the next connect") }
        }
        if life == .draining { require(armedAt <= forceAt, "no alarm for the end of the drain") }
    }

    /// Compares the engine's books with these.
    /// The statistics of the queue, computed again from what was seen of each wait.
    private func compareQueueTimes(with counters: PoolCounters) {
        require(counters.enqueued == enqueued, "\(counters.enqueued) are said to have been enqueued, not \(enqueued)")
        require(counters.isBalanced(waiting: waiters.count), "the counters do not agree: \(counters)")
        let times = counters.queueTimes
        let isRight =
            times.count == waits.count && times.sum == waits.sum && times.maximum == waits.maximum
            && times.minimum == waits.minimum
        require(isRight, "\(times) are not \(waits)")
    }

    func compare(with engine: borrowing Engine) {
        for lane in lanes.indices {
            let counts = engine.lanes[lane].counts
            let own = SlotCounts(
                opening: count(lane, .opening), silent: silentCount(lane), abandoned: count(lane, .abandoned),
                idle: count(lane, .idle),
                validating: count(lane, .validating), leased: count(lane, .leased), resetting: count(lane, .resetting),
                closing: count(lane, .closing))
            require(counts == own, "lane \(lane): the engine counts \(counts), the model \(own)")
            require(engine.lanes[lane].waiters.count == waiterCount(lane), "lane \(lane): another number of waiters")
            require(engine.lanes[lane].failures == lanes[lane].failures, "lane \(lane): another number of failures")
            // A closing pool opens for waiters alone: what is left of its growth has no effect.
            require(
                life != .running || engine.lanes[lane].growth == lanes[lane].growth,
                "lane \(lane): the growth is \(engine.lanes[lane].growth), not \(lanes[lane].growth)")
            let idle = engine.lanes[lane].idle.members(in: engine.slots)
            let ownIdle = connections.filter { $0.lane == lane && $0.state == .idle }.map(\.id.index)
            require(idle == ownIdle, "lane \(lane): idle in another order")
        }
        compareQueueTimes(with: engine.counters)
        compareTally(with: engine)
        if let due = engine.nextRotationAlarm(now) { require(armedAt <= due, "no alarm for the rotation") }
        require(
            engine.schedule.armedAt == armedAt,
            "the engine expects its alarm at \(engine.schedule.armedAt), not \(armedAt)")
    }
}
