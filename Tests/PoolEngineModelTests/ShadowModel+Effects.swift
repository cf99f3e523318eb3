@testable import PoolCore

/// What an effect may be, given what has happened.
extension ShadowModel {
    func follow(_ effect: Effect, call: EngineCall) {
        switch effect {
        case .grant(let waiter, let connection): followGrant(waiter, connection)
        case .fail(let waiter, _, let reason): followFail(waiter, reason)
        case .open(let connection, let lane, let attempt, let deadline):
            followOpen(connection, lane, attempt, deadline, call)
        case .cancelOpen(let connection): followCancelOpen(connection, call)
        case .validate(let connection, let isStale): followValidate(connection, isStale)
        case .reset(let connection):
            require(place(connection).map { connections[$0].state } == .resetting, "reset without a dirty release")
        case .close(let connection, let reason, let mode): followClose(connection, reason, mode, call)
        case .resetTagged(let connection, let isStale): followResetTagged(connection, isStale)
        case .warnOfLeak(let connection):
            guard let place = place(connection) else { return require(false, "a leak of nothing") }
            require(
                connections[place].state == .leased && !connections[place].wasWarned
                    && now - connections[place].since >= configuration.leakWarning, "a leak warning out of order")
            connections[place].wasWarned = true
        case .setAlarm(let instant):
            require(instant < armedAt, "an alarm that changes nothing")
            armedAt = instant
        case .demand(let demand): followClaim(demand)
        case .endGoal(let number, let outcome): followEnd(of: number, outcome)
        case .draining:
            require(life == .draining || life == .forcing, "draining without having been closed")
        case .finished:
            require(life == .draining || life == .forcing, "finished without having been closed")
            require(total() == 0 || now >= forcedAt.adding(Engine.closingGrace), "finished with connections open")
            life = .finished
        }
    }

    private func followGrant(_ waiter: WaiterID, _ id: ConnectionID) {
        guard let place = place(id) else { return require(false, "granted a connection that does not exist") }
        let connection = connections[place]
        guard let next = waiters.first(where: { $0.id == waiter }) else {
            return require(false, "granted to somebody who does not wait")
        }
        if connection.isInHand {
            require(nextWaiter(for: connection)?.id == waiter, "a waiter was passed over")
            require(!configuration.validatesEveryGrant || connection.isPrepared, "granted without its hook")
        } else {
            let match = nextMatch(connection.lane)
            require(match?.waiter.id == waiter, "a waiter was passed over")
            require(match?.connection.id == id, "granted an idle connection out of turn")
            require(!needsValidation(connection), "granted without validation")
        }
        lease(id, to: next.holder)
        endWait(waiter, "granted")
        begin(next, on: connection)
    }

    private func followFail(_ id: WaiterID, _ reason: AcquireFailure) {
        guard let waiter = waiters.first(where: { $0.id == id }) else {
            return require(false, "failed somebody who does not wait")
        }
        switch reason {
        case .timedOut: require(now >= waiter.deadline, "timed out before its deadline")
        case .closed: require(life != .running, "failed as closed, but the pool is open")
        case .refused:
            require(lanes[waiter.lane].isRefused && live(waiter.lane) == 0, "failed as refused without a reason")
        case .hookFailed:
            require(mustFail == id, "failed somebody else for the acquire hook")
            mustFail = nil
        case .tooManyWaiters, .wouldDeadlock, .draining: require(false, "\(reason) after it was queued")
        }
        count(reason)
        endWait(id, "failed")
    }

    private func followOpen(
        _ id: ConnectionID, _ lane: Int, _ attempt: Int, _ deadline: Nanoseconds,
        _ call: EngineCall
    ) {
        require(life == .running || life == .draining, "a closed pool connects")
        if life == .draining { require(waiterCount(lane) > coming(lane), "a closing pool connects for nobody") }
        require(!connections.contains { $0.id.index == id.index }, "two connections in one place")
        require(mayConnect(lane), "a connect that the limits or the backoff forbid")
        require(!isFull, "a connect above the pool's maximum")
        require(!permits.isShared || call == .permitGranted, "a connect that the budget has not just allowed")
        require(!permits.isShared || total() < permits.received - permits.demand.returned, "a connect without a permit")
        require(lacking(lane) > 0, "a connect that nobody needs")
        let failures = lanes[lane].failures
        require(attempt == failures + 1, "attempt \(attempt) after \(failures) failures")
        require(deadline == now.adding(configuration.connectTimeout), "a connect with a wrong deadline")
        for other in lanes.indices
        where life == .running && oldestArrival(other) < oldestArrival(lane) && mayConnect(other) {
            // The end of a pause is noticed by the alarm alone.
            if lanes[other].failures > 0, call != .alarm { continue }
            let served = lacking(other) <= 0 || onTheWay(other) > 0
            require(served, "lane \(lane) connects before the older waiter of lane \(other)")
        }
        connections.append(
            Connection(
                id: id, lane: lane, state: .opening, since: now, deadline: deadline,
                silentAt: now.adding(configuration.silentAfter)))
    }

    private func followCancelOpen(_ id: ConnectionID, _ call: EngineCall) {
        guard let place = place(id), connections[place].state == .opening else {
            return require(false, "cancelled a connect that is not under way")
        }
        require(life != .running || now >= connections[place].deadline, "cancelled a connect before its deadline")
        if call == .alarm, now >= connections[place].deadline { noteFailure(connections[place].lane) }
        enter(.abandoned, place)
    }

    private func followValidate(_ id: ConnectionID, _ isStale: Bool) {
        guard let place = place(id) else { return require(false, "validated nothing") }
        let connection = connections[place]
        require(connection.state == .idle, "validated a connection that is \(connection.state)")
        require(nextMatch(connection.lane)?.connection.id == id, "validated a connection out of turn")
        require(needsValidation(connection), "validated a connection that was fresh")
        require(
            isStale == (now - connection.since >= configuration.validateAfterIdle), "validated as stale: \(isStale)")
        require(waiterCount(connection.lane) > count(connection.lane, .validating), "validated for nobody")
        connections[place].isInHand = false
        enter(.validating, place, deadline: now.adding(configuration.validationTimeout))
    }

    private func followClose(
        _ id: ConnectionID, _ reason: ConnectionCloseReason, _ mode: ConnectionCloseMode, _ call: EngineCall
    ) {
        guard let place = place(id) else { return require(false, "closed nothing") }
        let connection = connections[place]
        let isIdle = connection.state == .idle
        switch reason {
        case .idleTimeout:
            require(isIdle && now - connection.since >= configuration.idleTimeout, "idle timeout too early")
            let floor = min(floors[connection.lane].before, floors[connection.lane].after)
            require(
                live(connection.lane) > max(configuration.lanes[connection.lane].minimum, floor), "below the minimum")
            require(
                count(connection.lane, .idle) > configuration.lanes[connection.lane].minimumIdle,
                "below the minimum of idle ones")
        case .lifetime:
            require(isIdle && now >= connection.expires, "lifetime too early")
            followRetirement(connection)
        case .broken, .discarded:
            let isReported = connection.state == .closing && call.releasedBroken == id
            require(isReported || (isIdle && connection.isLost), "closed as broken, but it was not")
        case .validationFailed:
            let isAsOld = isIdle && now - connection.since >= configuration.validateAfterIdle && call == .alarm
            let hasFailed = connection.state == .validating && now >= connection.deadline
            require(isAsOld || hasFailed, "a validation that had not failed")
        case .resetFailed:
            require(connection.state == .resetting && now >= connection.deadline, "a reset that had not failed")
        case .cleared:
            let isInterrupted = call == .clear(interrupts: true) && mode == .forced
            require((isIdle || isInterrupted) && connection.isCleared, "closed as cleared, but it was not")
        case .usedUp:
            require(isIdle && connection.uses >= configuration.maximumUses, "closed as used up, but it was not")
        case .shrunk:
            let isAbove =
                live(connection.lane) > configuration.lanes[connection.lane].maximum
                || connections.count { $0.state != .closing && $0.state != .abandoned }
                    > configuration.maximumConnections
            require(isIdle && isAbove, "closed as above the maximum, but it was not")
        case .rotated: followRotated(connection)
        case .makingRoom: followMakingRoom(connection)
        case .sessionFailed: require(connection.state == .leased, "a session that nobody had leased")
        case .poolClosed: require(life != .running, "closed as the pool's close, but it is open")
        }
        let isForced = mode == .forced
        let mayForce =
            life == .forcing || reason == .cleared || reason == .sessionFailed
            || (call == .alarm && (reason == .validationFailed || reason == .resetFailed))
        require(!isForced || mayForce, "closed by force without need")
        require(reason != .sessionFailed || preparing[id] == nil, "closed under its session hook")
        require(isForced || isIdle || call != .alarm, "closed orderly while a call is running")
        connections[place].isInHand = false
        connections[place].makesRoom = reason == .makingRoom
        enter(.closing, place)
    }

    private func followRetirement(_ connection: Connection) {
        let pace = configuration.maximumLifetime / Int64(configuration.maximumConnections)
        let isOverdue = now >= connection.expires.adding(configuration.maximumLifetime / 10)
        if let lastRetirement {
            require(isOverdue || now >= lastRetirement.adding(pace), "two connections retired at once")
        }
        lastRetirement = now
    }

    private func followMakingRoom(_ connection: Connection) {
        if mayYield(connection) {
            // What is opened comes first: growth may have reached its end with the connection that goes now.
            settleGrowth()
            return
        }
        require(isFull, "made room in a pool that has room")
        require(connection.state == .idle, "made room with a connection that is in use")
        let others = lanes.indices.filter { $0 != connection.lane && waiterCount($0) > 0 && lacking($0) > 0 }
        require(!others.isEmpty, "made room for nobody")
        let isWanted = nextWaiter(for: connection) != nil
        if connection.isInHand, isWanted, waiterCount(connection.lane) > count(connection.lane, .validating) {
            require(mustMakeRoom(connection.lane), "a connection that is needed was closed for another lane")
        }
    }
}
