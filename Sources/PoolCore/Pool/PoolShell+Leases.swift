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
        isObserved ? .undecided : try requestUnobserved(options, claim, isLent: isLent)
    }

    /// Goes on with an acquire whose request was not granted at once.
    @usableFromInline
    func acquire(
        _ options: AcquireOptions, _ claim: LeaseClaim, isLent: Bool, after answer: Answer
    ) async throws -> PendingAcquire.Granted {
        if isObserved { return try await acquireObserved(options, claim, isLent: isLent) }
        return try await grant(answer)
    }

    private func acquireObserved(
        _ options: AcquireOptions, _ claim: LeaseClaim, isLent: Bool
    ) async throws -> PendingAcquire.Granted {
        let operation = begin(.acquire, lane: lane(for: options.access), connection: nil)
        do {
            let granted = try await grant(requestUnobserved(options, claim, isLent: isLent))
            end(operation, nil)
            beginLease(ConnectionID(ticket: granted.ticket))
            return granted
        } catch {
            end(operation, error)
            throw error
        }
    }

    private func requestUnobserved(_ options: AcquireOptions, _ claim: LeaseClaim, isLent: Bool) throws -> Answer {
        if Task.isCancelled { throw CancellationError() }
        guard let lane = lane(for: options.access) else { return .failed(refusal(.noLane, lane: nil)) }
        while true {
            let answer = request(lane, options.priority, timeout: timeout(of: options), claim, isLent: isLent)
            guard case .granted(let granted) = answer, !granted.connection.condition.isUsable else { return answer }
            // It died while it was idle, and its driver has noticed.
            release(granted.ticket, granted.connection, nil)
        }
    }

    private func grant(_ answer: Answer) async throws -> PendingAcquire.Granted {
        switch answer {
        case .granted(let granted):
            return granted
        case .undecided:
            preconditionFailure("The acquire was not requested.")
        case .failed(let error):
            report(.acquireFailed(error))
            throw error
        case .queued(let ticket, let pending):
            return try await withTaskCancellationHandler {
                try await pending.result()
            } onCancel: {
                cancel(ticket)
            }
        }
    }

    private func request(
        _ lane: Int, _ priority: AcquireOptions.Priority, timeout: Nanoseconds, _ claim: LeaseClaim, isLent: Bool
    ) -> Answer {
        let asker = currentTask()
        return transition { state, now, effects in
            let outcome = state.engine.acquire(
                lane: lane, priority: Int32(priority.rawValue), holder: isLent ? asker : 0, asker: asker, now: now,
                deadline: now.adding(timeout), effects: &effects)
            switch outcome {
            case .granted(let ticket):
                guard let connection = state.begin(ticket, for: claim) else {
                    preconditionFailure("An idle slot has no connection.")
                }
                return .granted(PendingAcquire.Granted(ticket: ticket, connection: connection))
            case .queued(let ticket):
                let pending = PendingAcquire(claim: claim)
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

    /// A lease has ended. It is immediate for the caller: whatever the connection still needs happens in the background.
    @usableFromInline
    func release(
        _ ticket: ConnectionTicket, _ connection: any DriverConnection, _ discardReason: String?
    ) {
        var condition = connection.condition
        if let discardReason {
            logger.debug("A connection was discarded.", metadata: ["reason": "\(discardReason)"])
            if condition != .generationBroken { condition = .broken }
        }
        if isObserved { endLease(ConnectionID(ticket: ticket)) }
        transition { $0.engine.release(ticket, condition: condition, now: $1, effects: &$2) }
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
