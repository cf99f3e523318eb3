internal import Synchronization

extension PoolShell {
    func reconfigure(resetsStatistics: Bool, _ change: (inout PoolConfiguration) throws -> Void) async throws {
        let before = configuration
        var after = before
        try change(&after)
        try after.check()
        if after.name != before.name {
            throw PoolConfigurationError(
                property: "name", value: after.name, rule: "a pool keeps its name (\(before.name))")
        }
        let lanes = try lanesOfSameKind(after.maximumConnections)
        let goal = try putIntoForce(after, insteadOf: before, lanes, resetsStatistics: resetsStatistics)
        if after.statementCacheCapacity != before.statementCacheCapacity {
            for connection in state.withLock({ $0.entries.compactMap(\.pooled?.connection) }) {
                setStatementCacheCapacity(of: connection, isChange: true)
            }
        }
        try await wait(for: goal)
    }

    private func putIntoForce(
        _ after: PoolConfiguration, insteadOf before: PoolConfiguration, _ lanes: [PoolLaneConfiguration],
        resetsStatistics: Bool
    ) throws -> GoalNumber {
        let engineConfiguration = engineConfiguration(after, lanes: lanes)
        try beginChange()
        defer { endChange() }
        try reserve(atLeast: engineConfiguration.reservedConnections)
        defer { reserveWhatIsInForce() }
        let start: Result<GoalNumber, PoolError> = transition { state, turn in
            if let code = state.engine.status.refusal {
                return .failure(makeError(code, lane: nil, nil, state, turn.now))
            }
            // Another change came in between: this one was computed from a configuration that is no longer in force.
            if state.configuration != before {
                return .failure(makeError(.reconfiguring, lane: nil, nil, state, turn.now))
            }
            state.configuration = after
            for (place, lane) in lanes.enumerated() { state.lanes[place].configuration = lane }
            acquireTimeout.store(after.acquireTimeout.wholeNanoseconds, ordering: .relaxed)
            if resetsStatistics { Self.resetStatistics(&state, turn.now) }
            return .success(state.engine.reconfigure(engineConfiguration, &turn))
        }
        return try start.get()
    }

    // MARK: What a change reserves in the budget

    /// Begins a change. One at a time: of two that overlap, neither could tell what the other has reserved.
    private func beginChange() throws {
        let error: PoolError? = transition { state, turn in
            if let code = state.engine.status.refusal { return makeError(code, lane: nil, nil, state, turn.now) }
            if state.isChanging { return makeError(.reconfiguring, lane: nil, nil, state, turn.now) }
            state.isChanging = true
            return nil
        }
        if let error { throw error }
    }

    private func endChange() {
        state.withLock { $0.isChanging = false }
    }

    /// Reserves before a change: never less than now, so that no other pool gets permits that stay in use.
    private func reserve(atLeast minimum: Int) throws {
        guard let permits else { return }
        let inForce = state.withLock { $0.engine.configuration.reservedConnections }
        try permits.reserve(max(minimum, inForce))
    }

    /// Reserves the minimum in force after a change, also after one that was refused: that minimum did fit before.
    private func reserveWhatIsInForce() {
        guard let permits else { return }
        let inForce = state.withLock { $0.engine.configuration.reservedConnections }
        try? permits.reserve(inForce)
    }

    /// The driver's lanes for another maximum, if they are the same ones in the same order.
    private func lanesOfSameKind(_ maximumConnections: Int) throws -> [PoolLaneConfiguration] {
        let new = try driver.lanes(maximumConnections: maximumConnections).checked()
        let isSame =
            new.count == lanes.count
            && zip(new, lanes).allSatisfy { new, old in
                new.name == old.name && new.target == old.target && new.serves == old.serves
                    && new.closesLast == old.closesLast
            }
        guard isSame else {
            throw PoolConfigurationError(
                property: "maximumConnections", value: "\(maximumConnections)",
                rule:
                    "the driver would need other lanes (\(new.map(\.name).joined(separator: ", "))) for it than the pool "
                    + "has (\(lanes.map(\.name).joined(separator: ", ")))")
        }
        return new
    }

    func warmUp(to count: Int?, timeout: Duration?) async throws {
        let configuration = configuration
        let count = count ?? max(1, configuration.minimumConnections, configuration.minimumIdle)
        try PoolConfigurationError.check(
            "count", count, 1...configuration.maximumConnections, advice: ", which is maximumConnections")
        if let timeout {
            try PoolConfigurationError.check(
                "timeout", timeout, allowsZero: true, advice: "; nil is the pool's acquireTimeout")
        }
        let timeout = (timeout ?? configuration.acquireTimeout).wholeNanoseconds
        try await wait(for: startGoal { $0.warmUp(to: count, deadline: $1.now.adding(timeout), &$1) })
    }

    func rotate(over duration: Duration) async throws {
        try PoolConfigurationError.check("duration", duration, allowsZero: true)
        let duration = duration.wholeNanoseconds
        try await wait(for: startGoal { $0.rotate(over: duration, &$1) })
    }

    /// Starts a goal in an engine that is running.
    private func startGoal(
        _ goal: (inout Engine, inout Turn) -> GoalNumber
    ) throws -> GoalNumber {
        let start: Result<GoalNumber, PoolError> = transition { state, turn in
            guard state.engine.life == .running else {
                let code: PoolError.Code = state.engine.life == .finished ? .closed : .draining
                return .failure(makeError(code, lane: nil, nil, state, turn.now))
            }
            return .success(goal(&state.engine, &turn))
        }
        return try start.get()
    }

    private func wait(for goal: GoalNumber) async throws {
        let since = time.now()
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ended: GoalOutcome? = state.withLock { state in
                    if let outcome = state.endedGoals.removeValue(forKey: goal) { return outcome }
                    state.goals[goal] = continuation
                    return nil
                }
                if let ended { continuation.resume(returning: ended) }
            }
        } onCancel: {
            transition { $0.engine.cancelGoal(goal, &$1) }
        }
        switch outcome {
        case .achieved: return
        case .cancelled: throw CancellationError()
        case .timedOut: throw goalError(.acquireTimedOut, since)
        case .refused:
            let hookError = state.withLock { $0.lanes.lazy.compactMap(\.hookError).first }
            throw hookError ?? goalError(.connectRefused, since)
        case .closed: throw goalError(.closed, since)
        }
    }

    /// Reports the lane whose connects fail, if there is one.
    private func goalError(_ code: PoolError.Code, _ since: PoolInstant) -> PoolError {
        transition { state, turn in
            let lane = state.lanes.firstIndex { $0.lastError != nil }
            let elapsed = turn.now - since.nanoseconds
            return makeError(
                code, lane: lane, nil, state, turn.now, elapsed: elapsed, [.connect: .nanoseconds(elapsed)])
        }
    }

    func resetStatistics() {
        transition { state, turn in Self.resetStatistics(&state, turn.now) }
    }

    private static func resetStatistics(_ state: inout PoolState, _ now: Nanoseconds) {
        state.engine.resetStatistics()
        state.countingSince = now
    }

    var status: PoolStatus { state.withLock { $0.engine.status } }
}
