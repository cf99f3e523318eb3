internal import Logging
internal import Synchronization

extension PoolShell {
    /// What can be said of an acquire at once.
    @usableFromInline
    enum Answer: Sendable {
        case granted(PendingAcquire.Granted)
        /// Go on with ``acquire(_:_:isLent:after:)``.
        case undecided
        case queued(WaiterTicket, PendingAcquire)
        /// Boxed, because an error is large and answers are many.
        indirect case failed(PoolError)
    }

    /// Begins an acquire, and ends it where a connection is idle: without suspending, which would cost more than the rest.
    ///
    /// - Parameter isLent: the lease cannot leave the task.
    /// - Throws: `CancellationError`.
    @usableFromInline
    func request(_ options: AcquireOptions, _ claim: LeaseClaim, isLent: Bool) throws -> Answer {
        isHeard ? .undecided : try requestUnheard(options, claim, isLent: isLent)
    }

    /// Goes on with an acquire whose request was not granted at once.
    @usableFromInline
    func acquire(
        _ options: AcquireOptions, _ claim: LeaseClaim, isLent: Bool, after answer: Answer
    ) async throws -> PendingAcquire.Granted {
        if case .undecided = answer { return try await acquireHeard(options, claim, isLent: isLent) }
        return try await grant(answer)
    }

    private func acquireHeard(
        _ options: AcquireOptions, _ claim: LeaseClaim, isLent: Bool
    ) async throws -> PendingAcquire.Granted {
        let since = time.now()
        let lane = baseLane(for: options).map { lanes[$0].name } ?? ""
        let operation = isObserved ? begin(.acquire, lane: lane, connection: nil) : nil
        do {
            let answer = try requestUnheard(options, claim, isLent: isLent)
            if case .queued = answer { report(.waiting(lane: lane)) }
            let granted = try await grant(answer)
            if let operation { end(operation, nil) }
            begin(granted.ticket, waitedSince: since)
            return granted
        } catch {
            if let operation { end(operation, error) }
            throw error
        }
    }

    private func begin(_ ticket: ConnectionTicket, waitedSince since: PoolInstant) {
        let (lane, isNew) = state.withLock { ($0.laneName(of: ticket), $0.entries[ticket.position].leases == 1) }
        let id = ConnectionID(ticket: ticket)
        report(.acquired(id, lane: lane, waited: time.now() - since, isNew: isNew))
        if isObserved { beginLease(id, lane: lane) }
    }

    private func requestUnheard(_ options: AcquireOptions, _ claim: LeaseClaim, isLent: Bool) throws -> Answer {
        if Task.isCancelled { throw CancellationError() }
        guard let lane = baseLane(for: options) else { return .failed(refusal(.noLane, lane: nil)) }
        if let identity = options.identity, !backend.accepts(identity) {
            return .failed(refusal(.identityRefused, lane: lane))
        }
        while true {
            let answer = request(lane, options, timeout: timeout(of: options), claim, isLent: isLent)
            guard case .granted(let granted) = answer, !granted.connection.condition.isUsable else { return answer }
            giveUp(granted.seat)
        }
    }

    private func grant(_ answer: Answer) async throws -> PendingAcquire.Granted {
        let granted =
            switch answer {
            case .granted(let granted): granted
            case .undecided: preconditionFailure("The acquire was not requested.")
            case .failed: throw failure(answer)
            case .queued(let ticket, let pending): try await wait(ticket, pending)
            }
        return granted.preparation == nil ? granted : try await prepared(granted)
    }

    /// All that those who wait have in memory, besides their acquire itself: errors and the like stay out of here.
    private func wait(_ ticket: WaiterTicket, _ pending: PendingAcquire) async throws -> PendingAcquire.Granted {
        try await withTaskCancellationHandler {
            try await pending.result()
        } onCancel: {
            cancel(ticket)
        }
    }

    @inline(never)
    private func failure(_ answer: Answer) -> any Error {
        guard case .failed(let error) = answer else { preconditionFailure("The acquire has not failed.") }
        report(.acquireFailed(error))
        return error
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
            if let membership { state.engine.nextSequence = membership.nextArrival() }
            if !state.engine.hasIdle(lane) { endCaching(&state, now, &effects) }
            let outcome = state.engine.acquire(
                lane: lane, priority: Int32(options.priority.rawValue), holder: isLent ? asker : 0, asker: asker,
                tag: tag, now: now, deadline: deadline, effects: &effects)
            switch outcome {
            case .granted(let ticket):
                guard let granted = begin(ticket, claim, tag, deadline, &state) else {
                    preconditionFailure("An idle slot has no connection.")
                }
                return .granted(granted)
            case .queued(let ticket):
                let pending = PendingAcquire(claim: claim, deadline: deadline)
                state.put(pending, at: ticket)
                return .queued(ticket, pending)
            case .failed(let failure):
                return .failed(makeError(failure.code, lane: lane, state, now))
            }
        }
    }

    private func cancel(_ ticket: WaiterTicket) {
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
        }
    }
}
