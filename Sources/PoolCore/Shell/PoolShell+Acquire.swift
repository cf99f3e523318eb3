extension PoolShell {
    /// The immediate answer to a request. Kept small, because each waiting task stores it.
    @usableFromInline
    enum Acquisition: Sendable {
        /// The connection, with a reference for the lease to take over.
        case granted(ManualReference<PooledConnection>)
        case queued(PendingAcquire)
        indirect case unfinished(SlowOutcome)
    }

    /// Outcomes that need the slow path; boxed so that the common answer stays one word.
    @usableFromInline
    enum SlowOutcome: Sendable {
        /// An observer, a trace log or an event reader is attached: report the start too.
        case reporting(AcquireOptions, LeaseOrigin, isLent: Bool)
        case unprepared(PendingAcquire.Granted)
        /// The error to report, and the error to throw if that is another one.
        case failed(PoolError, (any Error)?)
    }

    /// Begins an acquire, and ends it if a connection is idle: without suspending, which would cost more than all the
    /// rest.
    ///
    /// - Parameter isLent: true if the lease cannot leave the task.
    /// - Throws: `CancellationError`, ``PoolConfigurationError``.
    @usableFromInline
    func request(
        _ options: AcquireOptions, _ fileID: StaticString, _ line: UInt, isLent: Bool
    ) throws -> Acquisition {
        if let pooled = takeCached(options, fileID, line, isLent: isLent) { return .granted(pooled) }
        return try requestUncached(options, fileID, line, isLent: isLent)
    }

    /// Begins a lease on a cached connection.
    ///
    /// - Returns: the connection, with a reference for the lease to take over; nil if the pool's lock is needed.
    func takeCached(
        _ options: AcquireOptions, _ fileID: StaticString, _ line: UInt, isLent: Bool
    ) -> ManualReference<PooledConnection>? {
        // Spelled out per cache: `let leaseCache = a ? x : y` would retain and release it.
        let isForReading = options.access == .readOnly
        guard (isForReading ? cacheForReading?.isEmpty : cacheForWriting?.isEmpty) == false,
            options.isPlain, !hub.hasReaders, !Task.isCancelled,
            let pooled = isForReading ? cacheForReading?.take() : cacheForWriting?.take()
        else { return nil }
        let isUsable = pooled.withObject { pooled in
            pooled.beginLease(holder: isLent ? currentTask() : 0, fileID, line: line)
            return pooled.connection.condition.isUsable
        }
        if isUsable { return pooled }
        giveUp(pooled.take())
        return nil
    }

    // Out of line, so that the cached path spills no registers for it.
    @inline(never)
    private func requestUncached(
        _ options: AcquireOptions, _ fileID: StaticString, _ line: UInt, isLent: Bool
    ) throws -> Acquisition {
        let origin = LeaseOrigin(fileID: fileID, line: line, label: options.label)
        if hasListeners { return .unfinished(.reporting(options, origin, isLent: isLent)) }
        return try requestQuietly(options, origin, isLent: isLent)
    }

    /// Goes on with an acquire whose request was not granted immediately.
    @usableFromInline
    func finishAcquire(_ answer: Acquisition) async throws -> ManualReference<PooledConnection> {
        switch answer {
        case .granted(let pooled): return pooled
        case .queued(let pending):
            // Inline on purpose: functions of their own would take room in each waiting task, and time.
            let granted = try await withTaskCancellationHandler {
                unsafe try await withUnsafeThrowingContinuation { unsafe pending.suspend($0) }
            } onCancel: {
                cancel(pending.id)
            }
            return granted.preparation == nil ? granted.retainedConnection : try await prepareSession(granted)
        case .unfinished:
            return try await finishSlowPath(answer)
        }
    }

    // Out of line: inlined, its locals would enlarge the async frame of every waiting task.
    @inline(never)
    private func finishSlowPath(_ answer: Acquisition) async throws -> ManualReference<PooledConnection> {
        guard case .unfinished(let unfinished) = answer else { return try await finishAcquire(answer) }
        switch unfinished {
        case .reporting(let options, let origin, let isLent):
            return try await acquireReporting(options, origin, isLent: isLent)
        case .unprepared(let granted):
            return try await prepareSession(granted)
        case .failed(let reported, let error):
            report(.acquireFailed(reported))
            throw error ?? reported
        }
    }

    private func acquireReporting(
        _ options: AcquireOptions, _ origin: LeaseOrigin, isLent: Bool
    ) async throws -> ManualReference<PooledConnection> {
        let since = time.now()
        let lane = baseLane(for: options).map { lanes[$0].name } ?? ""
        let operation = isObserved ? beginOperation(.acquire, lane: lane, connection: nil) : nil
        do {
            let answer = try requestQuietly(options, origin, isLent: isLent)
            let isHit = if case .queued = answer { false } else { true }
            if !isHit { report(.waiting(lane: lane)) }
            let pooled = try await finishAcquire(answer)
            if let operation { endOperation(operation, nil) }
            reportAcquired(pooled.withObject { $0.id }, waitedSince: since, isHit: isHit)
            return pooled
        } catch {
            if let operation { endOperation(operation, error) }
            throw error
        }
    }

    private func reportAcquired(_ id: ConnectionID, waitedSince since: PoolInstant, isHit: Bool) {
        let (lane, isNew) = state.withLock { ($0.laneName(of: id), $0.entries[id.position].leases == 1) }
        report(.acquired(id, lane: lane, waited: time.now() - since, isNew: isNew, isHit: isHit))
        if isObserved { observeLease(id, lane: lane) }
    }

    private func requestQuietly(_ options: AcquireOptions, _ origin: LeaseOrigin, isLent: Bool) throws -> Acquisition {
        if Task.isCancelled { throw CancellationError() }
        try options.check()
        guard let lane = baseLane(for: options) else {
            return .unfinished(.failed(refusal(.noLane, lane: nil, origin), nil))
        }
        if let identity = options.identity, !driver.accepts(identity) {
            return .unfinished(.failed(refusal(.identityRefused, lane: lane, origin), nil))
        }
        while true {
            let answer = request(lane, options, timeout: timeout(of: options), origin, isLent: isLent)
            switch answer {
            case .granted(let pooled):
                if pooled.withObject({ $0.connection.condition.isUsable }) { return answer }
                giveUp(pooled.take())
            case .unfinished(.unprepared(let granted)):
                if granted.connection.condition.isUsable { return answer }
                giveUp(granted.pooled)
            case .queued, .unfinished:
                return answer
            }
        }
    }

    /// Gives up a connection that died while it was idle, as its driver has noticed.
    func giveUp(_ pooled: PooledConnection) {
        let condition = pooled.connection.condition
        let failure = pooled.connection.failure
        transition { state, turn in
            state.reports.append(idleLoss(of: pooled.id, failure, state))
            state.entries[pooled.id.position].failure = failure
            state.engine.dropPreparation(of: pooled.id)
            state.engine.release(pooled.id, condition: condition, &turn)
        }
    }

    private func request(
        _ base: Int, _ options: AcquireOptions, timeout: Nanoseconds, _ origin: LeaseOrigin, isLent: Bool
    ) -> Acquisition {
        let asker = currentTask()
        return transition(endsCaching: false) { state, turn in
            var lane = base
            if let identity = options.identity { lane = state.lane(for: identity, like: base) }
            let deadline = turn.now.adding(timeout)
            let tag = options.tagRequest
            if let permits { state.engine.nextSequence = permits.nextArrival() }
            if !state.engine.hasIdle(lane) { endCaching(&state, &turn) }
            let outcome = state.engine.acquire(
                lane: lane, priority: Int32(options.priority.rawValue), holder: isLent ? asker : 0, asker: asker,
                tag: tag, deadline: deadline, &turn)
            switch outcome {
            case .granted(let id):
                guard let granted = beginLease(id, origin, deadline, &state) else {
                    preconditionFailure("An idle slot has no connection.")
                }
                return granted.preparation == nil
                    ? .granted(granted.retainedConnection) : .unfinished(.unprepared(granted))
            case .queued(let id):
                let pending = PendingAcquire(id, origin: origin, deadline: deadline)
                state.put(pending, at: id)
                return .queued(pending)
            case .failed(let failure):
                let hookError = failure.isByHook ? state.lanes[lane].hookError : nil
                let code = hookError == nil ? failure.code : .hookFailed
                return .unfinished(.failed(makeError(code, lane: lane, origin, state, turn.now), hookError))
            }
        }
    }

    /// Begins a lease. Call under the lock.
    func beginLease(
        _ id: ConnectionID, _ origin: LeaseOrigin, _ deadline: Nanoseconds, _ state: inout PoolState
    ) -> PendingAcquire.Granted? {
        guard let pooled = state.noteLease(id, for: origin) else { return nil }
        guard hasSessionHook, let preparation = state.engine.preparations[id] else {
            return PendingAcquire.Granted(pooled: pooled, preparation: nil)
        }
        return PendingAcquire.Granted(
            pooled: pooled,
            preparation: SessionHookCall(tag: preparation.request?.tag, deadline: deadline, origin: origin))
    }

    func cancel(_ id: WaiterID) {
        let pending: PendingAcquire? = transition { state, turn in
            state.engine.cancel(id, &turn) ? state.takeWaiter(id) : nil
        }
        pending?.end(.failure(CancellationError()))
    }
}

extension AcquireFailure {
    var code: PoolError.Code {
        switch self {
        case .timedOut: .acquireTimedOut
        case .closed: .closed
        case .draining: .draining
        case .tooManyWaiters: .tooManyWaiters
        case .wouldDeadlock: .wouldDeadlock
        case .refused: .connectRefused
        case .hookFailed: .hookFailed
        }
    }

    /// True if the failure may come from a hook of the application.
    var isByHook: Bool { self == .refused || self == .hookFailed }
}
