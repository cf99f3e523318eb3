extension PoolShell {
    /// The immediate answer to a request. Kept small, because each waiting task stores it.
    @usableFromInline
    enum Answer: Sendable {
        /// The seat, with a reference for the lease to take over.
        case granted(UncountedReference<Seat>)
        case queued(PendingAcquire)
        indirect case unfinished(Unfinished)
    }

    /// Outcomes that need the slow path; boxed so that the common answer stays one word.
    @usableFromInline
    enum Unfinished: Sendable {
        /// An observer, a trace log or an event reader is attached: report the start too.
        case heard(AcquireOptions, LeaseClaim, isLent: Bool)
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
    ) throws -> Answer {
        if let seat = takeCached(options, fileID, line, isLent: isLent) { return .granted(seat) }
        return try requestUncached(options, fileID, line, isLent: isLent)
    }

    // Out of line, so that the cached path spills no registers for it.
    @inline(never)
    private func requestUncached(
        _ options: AcquireOptions, _ fileID: StaticString, _ line: UInt, isLent: Bool
    ) throws -> Answer {
        let claim = LeaseClaim(fileID: fileID, line: line, label: options.label)
        if isHeard { return .unfinished(.heard(options, claim, isLent: isLent)) }
        return try requestUnheard(options, claim, isLent: isLent)
    }

    /// Goes on with an acquire whose request was not granted immediately.
    @usableFromInline
    func finish(_ answer: Answer) async throws -> UncountedReference<Seat> {
        switch answer {
        case .granted(let seat): return seat
        case .queued(let pending):
            // Inline on purpose: functions of their own would take room in each waiting task, and time.
            let granted = try await withTaskCancellationHandler {
                unsafe try await withUnsafeThrowingContinuation { unsafe pending.suspend($0) }
            } onCancel: {
                cancel(pending.ticket)
            }
            return granted.preparation == nil ? granted.retainedSeat : try await prepared(granted)
        case .unfinished:
            return try await finishRare(answer)
        }
    }

    // Out of line: inlined, its locals would enlarge the async frame of every waiting task.
    @inline(never)
    private func finishRare(_ answer: Answer) async throws -> UncountedReference<Seat> {
        guard case .unfinished(let unfinished) = answer else { return try await finish(answer) }
        switch unfinished {
        case .heard(let options, let claim, let isLent):
            return try await acquireHeard(options, claim, isLent: isLent)
        case .unprepared(let granted):
            return try await prepared(granted)
        case .failed(let told, let error):
            report(.acquireFailed(told))
            throw error ?? told
        }
    }

    private func acquireHeard(
        _ options: AcquireOptions, _ claim: LeaseClaim, isLent: Bool
    ) async throws -> UncountedReference<Seat> {
        let since = time.now()
        let lane = baseLane(for: options).map { lanes[$0].name } ?? ""
        let operation = isObserved ? begin(.acquire, lane: lane, connection: nil) : nil
        do {
            let answer = try requestUnheard(options, claim, isLent: isLent)
            let isHit = if case .queued = answer { false } else { true }
            if !isHit { report(.waiting(lane: lane)) }
            let seat = try await finish(answer)
            if let operation { end(operation, nil) }
            begin(seat.withObject { $0.ticket }, waitedSince: since, isHit: isHit)
            return seat
        } catch {
            if let operation { end(operation, error) }
            throw error
        }
    }

    private func begin(_ ticket: ConnectionID, waitedSince since: PoolInstant, isHit: Bool) {
        let (lane, isNew) = state.withLock { ($0.laneName(of: ticket), $0.entries[ticket.position].leases == 1) }
        let id = ticket
        report(.acquired(id, lane: lane, waited: time.now() - since, isNew: isNew, isHit: isHit))
        if isObserved { beginLease(id, lane: lane) }
    }

    private func requestUnheard(_ options: AcquireOptions, _ claim: LeaseClaim, isLent: Bool) throws -> Answer {
        if Task.isCancelled { throw CancellationError() }
        try options.check()
        guard let lane = baseLane(for: options) else {
            return .unfinished(.failed(refusal(.noLane, lane: nil, claim), nil))
        }
        if let identity = options.identity, !backend.accepts(identity) {
            return .unfinished(.failed(refusal(.identityRefused, lane: lane, claim), nil))
        }
        while true {
            let answer = request(lane, options, timeout: timeout(of: options), claim, isLent: isLent)
            switch answer {
            case .granted(let seat):
                if seat.withObject({ $0.connection.condition.isUsable }) { return answer }
                giveUp(seat.take())
            case .unfinished(.unprepared(let granted)):
                if granted.connection.condition.isUsable { return answer }
                giveUp(granted.seat)
            case .queued, .unfinished:
                return answer
            }
        }
    }

    private func request(
        _ base: Int, _ options: AcquireOptions, timeout: Nanoseconds, _ claim: LeaseClaim, isLent: Bool
    ) -> Answer {
        let asker = currentTask()
        return transition(endsCaching: false) { state, now, effects in
            var lane = base
            if let identity = options.identity { lane = state.lane(for: identity, like: base) }
            let deadline = now.adding(timeout)
            let tag = options.tagRequest
            if let permits { state.engine.nextSequence = permits.nextArrival() }
            if !state.engine.hasIdle(lane) { endCaching(&state, now, &effects) }
            let outcome = state.engine.acquire(
                lane: lane, priority: Int32(options.priority.rawValue), holder: isLent ? asker : 0, asker: asker,
                tag: tag, now: now, deadline: deadline, effects: &effects)
            switch outcome {
            case .granted(let ticket):
                guard let granted = begin(ticket, claim, deadline, &state) else {
                    preconditionFailure("An idle slot has no connection.")
                }
                return granted.preparation == nil ? .granted(granted.retainedSeat) : .unfinished(.unprepared(granted))
            case .queued(let ticket):
                let pending = PendingAcquire(ticket, claim: claim, deadline: deadline)
                state.put(pending, at: ticket)
                return .queued(pending)
            case .failed(let failure):
                let hookError = failure.isByHook ? state.lanes[lane].hookError : nil
                let code = hookError == nil ? failure.code : .hookFailed
                return .unfinished(.failed(makeError(code, lane: lane, claim, state, now), hookError))
            }
        }
    }

    func cancel(_ ticket: WaiterID) {
        let pending: PendingAcquire? = transition { state, now, effects in
            state.engine.cancel(ticket, now: now, effects: &effects) ? state.takeWaiter(ticket) : nil
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
