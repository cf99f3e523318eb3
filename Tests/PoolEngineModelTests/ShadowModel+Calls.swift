@testable import PoolCore

/// What a call of the engine means by itself, before its effects.
extension ShadowModel {
    func acquired(
        lane: Int, priority: Int32, holder: UInt, deadline: Nanoseconds, tag: TagRequest?,
        outcome: Engine.AcquireOutcome
    ) {
        let next = nextIdle(lane, for: tag)
        let isGrantable = waiterCount(lane) == 0 && (next.map { !needsValidation($0) } ?? false)
        let reasons = reasonsToRefuse(lane: lane, holder: holder, deadline: deadline)
        switch outcome {
        case .granted(let id):
            require(life == .running, "a closing pool has granted")
            require(isGrantable, "granted at once what should wait")
            require(next?.id == id, "granted an idle connection out of turn")
            lease(id, to: holder)
            guard let next else { return }
            // Only one that may have to wait again is given a place among those who wait.
            if needsSessionHook(next, tag) { arrivals += 1 }
            let waiter = Waiting(
                id: WaiterID(index: -1, generation: 0), lane: lane, priority: priority, deadline: deadline,
                holder: holder, order: arrivals, since: now, request: tag, isInQueue: false)
            begin(waiter, on: next)
        case .queued(let id):
            require(life == .running && reasons.isEmpty, "queued although \(reasons)")
            require(!isGrantable, "queued although a connection is idle")
            require(!waiters.contains { $0.id == id } && !ended.contains(id), "an id is used twice")
            arrivals += 1
            enqueued += 1
            hurry(lane)
            waiters.append(
                Waiting(
                    id: id, lane: lane, priority: priority, deadline: deadline, holder: holder, order: arrivals,
                    since: now, request: tag)
            )
            grow(lane)
        case .failed(let reason):
            require(life != .running || !isGrantable, "refused although a connection is idle")
            require(reasons.contains(reason), "refused as \(reason), but the reasons are \(reasons)")
            count(reason)
        }
    }

    /// Somebody has come to a lane that pauses: at most a second is left of the pause.
    private func hurry(_ lane: Int) {
        guard lanes[lane].failures > 0 else { return }
        let retryAt = chosenRetryAt[lane]
        require(retryAt <= lanes[lane].retryAt, "an acquire has made a pause longer")
        require(lanes[lane].isRefused || retryAt - now <= 1_000_000_000, "an acquire waits for a long pause")
        lanes[lane].retryAt = retryAt
    }

    private func reasonsToRefuse(lane: Int, holder: UInt, deadline: Nanoseconds) -> [AcquireFailure] {
        var reasons: [AcquireFailure] = []
        if life != .running { reasons.append(life == .finished ? .closed : .draining) }
        if deadline <= now { reasons.append(.timedOut) }
        let queue = waitersForRelease(with: lane)
        if queue > configuration.maximumWaiters, queue > waitersForRelease(with: nil) {
            reasons.append(.tooManyWaiters)
        }
        if lanes[lane].isRefused, now < lanes[lane].retryAt, live(lane) == 0 { reasons.append(.refused) }
        if wouldDeadlock(lane: lane, holder: holder) { reasons.append(.wouldDeadlock) }
        return reasons
    }

    /// Plays the future: which lanes can still move if `holder` waits for `lane`?
    private func wouldDeadlock(lane: Int, holder: UInt) -> Bool {
        let leases = connections.filter { $0.state == .leased }
        guard holder != 0, leases.contains(where: { $0.holder == holder }) else { return false }
        let target = { [waiters] (lease: Connection) -> Int? in
            if lease.holder == 0 { return nil }
            if lease.holder == holder { return lane }
            return waiters.first { $0.holder == lease.holder }?.lane
        }
        var moving = Set<Int>()
        for other in lanes.indices {
            let canGrow = total(other) < configuration.lanes[other].maximum && !isFull
            let changes = count(other, .idle, .opening, .validating, .resetting, .closing, .abandoned) > 0
            let hasFreeLease = leases.contains { $0.lane == other && target($0) == nil }
            if canGrow || changes || hasFreeLease { moving.insert(other) }
        }
        while true {
            let before = moving
            for lease in leases { if let target = target(lease), moving.contains(target) { moving.insert(lease.lane) } }
            for other in lanes.indices where total(other) < configuration.lanes[other].maximum && !moving.isEmpty {
                moving.insert(other)
            }
            if moving == before { return !moving.contains(lane) }
        }
    }

    func lease(_ id: ConnectionID, to holder: UInt) {
        guard let place = place(id) else { return require(false, "granted a connection that does not exist") }
        let state = connections[place].state
        require(state == .idle, "granted a connection that is \(state)")
        require(!connections[place].isCleared, "granted a connection that was cleared")
        require(!connections[place].isLost, "granted a connection that was lost")
        enter(.leased, place)
        connections[place].holder = holder
        connections[place].uses += 1
        connections[place].isInHand = false
        connections[place].isPrepared = false
        connections[place].wasWarned = false
    }

    /// Another lease has begun where the last one ended.
    func renewLease(_ place: Int, holder: UInt) {
        enter(.leased, place)
        connections[place].holder = holder
        connections[place].wasWarned = false
    }

    func cancelled(_ id: WaiterID, answer: Bool) {
        require(answer == waiters.contains { $0.id == id }, "cancel has answered \(answer)")
        if answer { tally.cancelled += 1 }
        if answer { endWait(id, "cancelled") }
    }

    /// The alarm notices which connects have gone without an answer for too long.
    func noteSilence() {
        for place in connections.indices where connections[place].state == .opening {
            if connections[place].silentAt <= now, connections[place].deadline > now {
                connections[place].isSilent = true
            }
        }
    }

    /// The connection has broken at its first use, or before it.
    private func noteStillbirth(_ place: Int) {
        let lane = connections[place].lane
        guard connections[place].uses <= 1, connections[place].openedAt > lanes[lane].stillbornAt else { return }
        lanes[lane].stillbirths += 1
        lanes[lane].stillbornAt = now
        if lanes[lane].stillbirths > 1 { noteFailure(lane) }
    }

    private func noteGoodUse(_ lane: Int) {
        if lanes[lane].stillbirths > 1 { lanes[lane].failures = 0 }
        lanes[lane].stillbirths = 0
    }

    func released(_ place: Int, _ condition: ConnectionCondition) {
        if condition.isUsable { noteGoodUse(connections[place].lane) } else { noteStillbirth(place) }
        switch condition {
        case .clean where !configuration.resetsEveryRelease: park(place)
        case .dirty where connections[place].uses >= configuration.maximumUses && !configuration.resetsEveryRelease:
            park(place)
        case .clean, .dirty: enter(.resetting, place, deadline: now.adding(configuration.resetTimeout))
        case .broken: enter(.closing, place)
        case .generationBroken:
            endGeneration(of: place)
            enter(.closing, place)
        }
    }

    func lost(_ place: Int) {
        switch connections[place].state {
        case .idle:
            if connections[place].uses == 0 { noteStillbirth(place) }
            enter(.closing, place)
        case .leased, .validating, .resetting: connections[place].isLost = true
        case .opening, .abandoned, .closing: break
        }
    }

    func clearAll() {
        for place in connections.indices { connections[place].isCleared = true }
    }

    /// One restart of a server is reported by many connections.
    private func endGeneration(of place: Int) {
        if connections[place].isCleared { return }
        let lane = connections[place].lane
        for other in connections.indices where connections[other].lane == lane { connections[other].isCleared = true }
    }

    func opened(_ place: Int, expires: Nanoseconds) {
        let lane = connections[place].lane
        lanes[lane].isRenewed = lanes[lane].isRenewed || !connections[place].isOld
        lanes[lane].isRefused = false
        lanes[lane].hasNewPause = false
        connections[place].isSilent = false
        if lanes[lane].stillbirths > 1 {
            lanes[lane].retryAt = chosenRetryAt[lane]
        } else {
            // Ends the pause too, or the refusal of a connect that was given up before would bring it back.
            lanes[lane].failures = 0
            lanes[lane].retryAt = now
        }
        connections[place].openedAt = now
        setExpiry(place, expires)
        park(place)
    }

    func connectFailed(_ place: Int, isPermanent: Bool) {
        let lane = connections[place].lane
        if connections[place].state == .opening { noteFailure(lane) }
        lanes[lane].isRefused = isPermanent
        connections.remove(at: place)
    }

    func prepared(_ place: Int, _ outcome: Engine.Outcome) {
        if outcome == .succeeded {
            let wasValidating = connections[place].state == .validating
            park(place)
            connections[connections.count - 1].isPrepared = wasValidating
            return
        }
        connections[place].deadline = now
        if outcome == .hookFailed { noteFailure(connections[place].lane) }
        if outcome == .hookRefused { mustFail = firstWaiter(connections[place].lane)?.id }
        if outcome == .generationBroken { endGeneration(of: place) }
    }

    func beganClosing(forceAt newForceAt: Nanoseconds) {
        if life == .running {
            life = .draining
            forceAt = newForceAt
        } else if life == .draining {
            forceAt = min(forceAt, newForceAt)
        }
        endDrain()
    }

    func endDrain() {
        guard life == .draining, now >= forceAt else { return }
        life = .forcing
        forcedAt = now
    }
}
