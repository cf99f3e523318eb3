@testable import PoolCore

/// Limits that change, growth, and what callers wait for besides connections.
extension ShadowModel {
    func begin() {
        totalsBefore = [total()] + lanes.indices.map { total($0) }
        cancelledGoal = nil
        for lane in floors.indices { floors[lane].before = floors[lane].after }
    }

    /// The shadow does not play the rotation a second time: it takes the engine's word for how many connections it
    /// wants, and checks what it does with them.
    func noteFloors(of engine: borrowing Engine) {
        for lane in floors.indices {
            floors[lane].after = engine.lanes[lane].goalFloor
            let isAsked = !engine.goals.isEmpty || engine.rotation != nil
            let most = isAsked ? configuration.lanes[lane].maximum : 0
            require(floors[lane].after <= most, "lane \(lane) is to have \(floors[lane].after) connections")
        }
    }

    func grow(_ lane: Int) {
        let limits = configuration.lanes[lane]
        guard limits.growth > 1, lanes[lane].failures == 0 else { return }
        guard waiterCount(lane) > onTheWay(lane) + count(lane, .idle) else { return }
        lanes[lane].growth = max(lanes[lane].growth, min(live(lane) + limits.growth, limits.maximum))
    }

    func settleGrowth() {
        for lane in lanes.indices where lanes[lane].growth > 0 {
            let isFull = isFull || total(lane) >= configuration.lanes[lane].maximum
            if isFull || live(lane) >= lanes[lane].growth { lanes[lane].growth = 0 }
        }
    }

    /// How many wait for a release, with one more of lane `newcomer`.
    func waitersForRelease(with newcomer: Int?) -> Int {
        let free = max(0, configuration.maximumConnections - count(nil, .leased))
        var byLane = 0
        for lane in lanes.indices {
            let free = max(0, configuration.lanes[lane].maximum - count(lane, .leased))
            byLane += max(0, waiterCount(lane) + (newcomer == lane ? 1 : 0) - free)
        }
        return max(0, byLane, waiters.count + (newcomer == nil ? 0 : 1) - free)
    }

    func setExpiry(_ place: Int, _ expires: Nanoseconds) {
        connections[place].expires = expires
        guard configuration.maximumLifetime != .never else {
            return require(expires == .never, "a lifetime where there should be none")
        }
        let shortest = Int64(Double(configuration.maximumLifetime) * (1 - configuration.lifetimeJitter))
        let age = expires - connections[place].openedAt
        require(age >= shortest && age <= configuration.maximumLifetime, "a lifetime of \(age) is outside the jitter")
    }

    func reconfigured(_ new: EngineConfiguration, _ number: GoalNumber, of engine: borrowing Engine) {
        configuration = new
        lastRetirement = nil
        for lane in lanes.indices {
            lanes[lane].retryAt = min(lanes[lane].retryAt, now.adding(new.maximumBackoff))
        }
        for place in connections.indices {
            switch connections[place].state {
            case .idle, .leased, .validating, .resetting:
                setExpiry(place, engine.slots[connections[place].id.index].expiresAt)
            case .opening, .abandoned, .closing: break
            }
        }
        let deadline = now.adding(new.connectTimeout).adding(Engine.closingGrace)
        goals.append(Goal(number: number, kind: .reconfigured, deadline: deadline))
    }

    func beganRotation(over duration: Nanoseconds, _ number: GoalNumber) {
        for place in connections.indices where connections[place].state != .closing {
            connections[place].isOld = true
        }
        for lane in lanes.indices { lanes[lane].isRenewed = false }
        let count = Int64(max(1, connections.count { $0.isOld && $0.state != .closing }))
        rotationPace = (now, duration / count)
        goals.append(Goal(number: number, kind: .rotated, deadline: now.adding(duration)))
    }

    func cancelGoal(_ number: GoalNumber) {
        cancelledGoal = number
        guard let goal = goals.first(where: { $0.number == number }), goal.kind == .rotated else { return }
        if goals.count(where: { $0.kind == .rotated }) == 1 { stopRotation() }
    }

    private func stopRotation() {
        for place in connections.indices { connections[place].isOld = false }
    }

    func followRotated(_ connection: Connection) {
        require(connection.isOld && connection.state == .idle, "replaced a connection that is new or in use")
        let lane = connection.lane
        let isFull =
            live(lane) >= configuration.lanes[lane].maximum
            || connections.count { $0.state != .closing && $0.state != .abandoned } >= configuration.maximumConnections
        // Which permits are left the shadow learns only after the call.
        let mayBeFull = isFull || permits.isShared
        require(lanes[lane].isRenewed || mayBeFull, "a connection was given up though there was room for its successor")
        if !lanes[lane].isRenewed {
            require(lanes[lane].failures == 0 || now >= lanes[lane].retryAt, "one was given up while connects fail")
        }
        require(now >= rotationPace.next, "two were replaced at once")
        rotationPace.next += rotationPace.interval
        lanes[lane].isRenewed = false
    }

    func followEnd(of number: GoalNumber, _ outcome: GoalOutcome) {
        guard let place = goals.firstIndex(where: { $0.number == number }) else {
            return require(false, "ended a goal that nobody has")
        }
        let goal = goals.remove(at: place)
        switch outcome {
        case .cancelled: require(cancelledGoal == number, "ended as cancelled, but it was not")
        case .closed: require(life != .running, "ended as closed, but the pool is open")
        case .refused: require(lanes.contains { $0.isRefused }, "ended as refused without a reason")
        case .timedOut:
            require(now >= goal.deadline, "a goal was given up before its deadline")
            require(goal.kind != .reconfigured, "a change has timed out")
        case .achieved: requireAchieved(goal)
        }
        let hasFailed = outcome == .refused || outcome == .timedOut
        if goal.kind == .rotated, hasFailed, !goals.contains(where: { $0.kind == .rotated }) { stopRotation() }
    }

    private func requireAchieved(_ goal: Goal) {
        switch goal.kind {
        case .reconfigured:
            for lane in lanes.indices where now < goal.deadline {
                let isDone = live(lane) - count(lane, .opening) >= configuration.lanes[lane].minimum
                require(isDone || lanes[lane].failures > 0 || isFull, "a change has ended before its minimum was there")
            }
        case .warm(let count):
            let most = min(count, configuration.lanes.reduce(0) { $0 + $1.maximum })
            require(self.count(nil, .idle, .validating, .leased, .resetting) >= min(most, count), "not warm")
        case .rotated:
            let left = connections.filter { $0.isOld && $0.state != .closing }
            require(left.allSatisfy { $0.state == .leased }, "an old connection was left behind")
            require(left.isEmpty || now >= goal.deadline, "a rotation has ended before its time")
        }
    }

    /// Above a maximum that was lowered the pool only shrinks.
    func requireShrinking() {
        let limits = [configuration.maximumConnections] + configuration.lanes.map(\.maximum)
        let totals = [total()] + lanes.indices.map { total($0) }
        for (place, limit) in limits.enumerated() where totals[place] > limit {
            require(totals[place] <= totalsBefore[place], "the pool has grown above its maximum")
            guard life == .running else { continue }
            let idle = place == 0 ? count(nil, .idle) : count(place - 1, .idle)
            let live =
                place == 0 ? lanes.indices.reduce(0) { $0 + self.live($1) } : self.live(place - 1)
            require(idle == 0 || live <= limit, "an idle connection was kept above the maximum")
        }
    }
}
