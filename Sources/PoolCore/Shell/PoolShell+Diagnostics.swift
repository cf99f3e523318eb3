extension PoolShell {
    /// The current holders of leases, the longest first.
    func holders() -> [LeaseHolder] {
        transition { state, turn in holders(state, turn.now, limit: .max) }
    }

    func holders(_ state: borrowing PoolState, _ now: Nanoseconds, limit: Int) -> [LeaseHolder] {
        var result: [LeaseHolder] = []
        for id in state.engine.leasedConnections(limit: limit) { result.append(holder(of: id, state, now)) }
        return result
    }

    func holder(of id: ConnectionID, _ state: borrowing PoolState, _ now: Nanoseconds) -> LeaseHolder {
        let origin = state.entries[id.position].origin
        return LeaseHolder(
            connection: id, lane: state.laneName(of: id),
            label: origin.label,
            fileID: origin.source.fileID, line: origin.source.line,
            held: .nanoseconds(state.engine.timeInState(of: id, now)))
    }

    /// The acquire that a connection is leased to.
    func origin(of id: ConnectionID) -> LeaseOrigin {
        transition { state, _ in state.entries[id.position].origin }
    }

    // MARK: Errors

    /// An error of an acquire that waited.
    func makeError(
        _ code: PoolError.Code, _ wait: EndedWait, _ origin: LeaseOrigin, _ state: borrowing PoolState,
        _ now: Nanoseconds
    ) -> PoolError {
        makeError(
            code, lane: Int(wait.lane), origin, state, now, elapsed: wait.times.total, phase: wait.phase,
            wait.times.byPhase)
    }

    /// The error of an acquire that did not wait, or of another call.
    ///
    /// - Parameter claim: the acquire that failed; nil if the error is not one of an acquire.
    func makeError(
        _ code: PoolError.Code, lane: Int?, _ origin: LeaseOrigin?, _ state: borrowing PoolState, _ now: Nanoseconds,
        elapsed: Nanoseconds = 0, phase: PoolError.Phase? = nil, _ byPhase: [PoolError.Phase: Duration] = [:]
    ) -> PoolError {
        let phase = phase ?? code.phase(in: lane.map { state.engine.phase(of: $0) })
        let lastConnectError = lane.flatMap { state.lanes[$0].lastError }
        return PoolError(
            code: code, pool: name, fileID: origin?.source.fileID, line: origin?.source.line, phase: phase,
            elapsed: .nanoseconds(elapsed), elapsedByPhase: byPhase,
            counts: PoolCounts(
                state.engine.counts, waiting: state.engine.waiting, maximum: state.configuration.maximumConnections),
            lastConnectError: lastConnectError,
            sinceLastConnect: lane.flatMap { state.engine.timeSinceConnect(of: $0, now) }.map { .nanoseconds($0) },
            longestHolders: holders(state, now, limit: 5),
            remedy: code.remedy(
                phase: phase, isOfAcquire: origin != nil, hasConnectError: lastConnectError != nil))
    }

    /// The error of a connect, a validation or a reset that took too long.
    func makeTimeout(
        _ phase: PoolError.Phase, after limit: Duration, _ lane: Int, _ state: borrowing PoolState, _ now: Nanoseconds
    ) -> PoolError {
        let code: PoolError.Code =
            switch phase {
            case .connect: .connectTimedOut
            case .reset: .resetTimedOut
            default: .validationTimedOut
            }
        return PoolError(
            code: code, pool: name, fileID: nil, line: nil, phase: phase, elapsed: limit,
            elapsedByPhase: [phase: limit],
            counts: PoolCounts(
                state.engine.counts, waiting: state.engine.waiting, maximum: state.configuration.maximumConnections),
            lastConnectError: nil, longestHolders: [],
            remedy: code.remedy(phase: phase, isOfAcquire: false, hasConnectError: false))
    }

    func refusal(_ code: PoolError.Code, lane: Int?, _ origin: LeaseOrigin?) -> PoolError {
        transition { state, turn in makeError(code, lane: lane, origin, state, turn.now) }
    }

    /// The event of a connect that failed just now; the engine knows already when the next may come.
    func connectFailure(
        _ error: any Error, _ verdict: PoolVerdict?, _ lane: Int, _ state: borrowing PoolState, _ now: Nanoseconds
    ) -> PoolEvent {
        let backoff = state.engine.backoff(of: lane, now)
        return .connectFailed(
            lane: state.lanes[lane].configuration.name, attempt: backoff.failures, error: error, verdict: verdict,
            retryAfter: .nanoseconds(backoff.remaining))
    }

    // MARK: Events

    func idleLoss(
        of id: ConnectionID, _ failure: (any Error)?, _ state: borrowing PoolState
    ) -> PoolEvent {
        .idleConnectionLost(id, lane: state.laneName(of: id), error: failure)
    }

    /// The event of a lease that is about to end.
    func releaseEvent(
        of id: ConnectionID, _ failure: (any Error)?, _ state: borrowing PoolState, _ now: Nanoseconds
    ) -> PoolEvent {
        .released(
            id, lane: state.laneName(of: id),
            used: .nanoseconds(state.engine.timeInState(of: id, now)), error: failure)
    }

    func report(_ event: PoolEvent) {
        log(event)
        hub.send(event)
        observer?.happened(event, in: name)
    }

    // MARK: Operations, for an observer

    func beginOperation(_ kind: PoolOperation.Kind, lane: String, connection: ConnectionID?) -> ObservedOperation {
        let id = state.withLock { state in
            state.nextOperation += 1
            return state.nextOperation
        }
        let operation = PoolOperation(
            kind: kind, id: id, lane: lane, connection: connection)
        observer?.began(operation, in: name)
        return ObservedOperation(operation: operation, since: time.now())
    }

    func endOperation(_ observed: ObservedOperation, _ error: (any Error)?) {
        observer?.ended(observed.operation, in: name, after: time.now() - observed.since, error: error)
    }

    func observeLease(_ id: ConnectionID, lane: String) {
        let operation = beginOperation(.lease, lane: lane, connection: id)
        state.withLock { $0.entries[id.position].observedLease = operation }
    }

    func endObservedLease(_ id: ConnectionID) {
        let operation = state.withLock { state in
            defer { state.entries[id.position].observedLease = nil }
            return state.entries[id.position].observedLease
        }
        if let operation { endOperation(operation, nil) }
    }
}

extension PoolError.Code {
    /// The phase in which an acquire that failed immediately would have waited.
    ///
    /// - Parameter lanePhase: the phase that its lane is in.
    fileprivate func phase(in lanePhase: PoolError.Phase?) -> PoolError.Phase {
        switch self {
        case .acquireTimedOut: lanePhase ?? .queue
        case .connectRefused, .credentialsExpired: .connect
        default: .queue
        }
    }
}
