internal import Logging
internal import Synchronization

extension PoolShell {
    /// The one way to a lease.
    /// - Parameter isLent: the lease cannot leave the task.
    func acquire(_ options: AcquireOptions, _ claim: LeaseClaim, isLent: Bool) async throws -> PendingAcquire.Granted {
        guard observer != nil else { return try await grant(options, claim, isLent: isLent) }
        let operation = begin(.acquire, lane: lane(for: options.access), connection: nil)
        do {
            let granted = try await grant(options, claim, isLent: isLent)
            end(operation, nil)
            beginLease(ConnectionID(ticket: granted.ticket))
            return granted
        } catch {
            end(operation, error)
            throw error
        }
    }

    private func grant(
        _ options: AcquireOptions, _ claim: LeaseClaim, isLent: Bool
    ) async throws -> PendingAcquire.Granted {
        if Task.isCancelled { throw CancellationError() }
        guard let lane = lane(for: options.access) else {
            let error = refusal(.noLane, lane: nil)
            report(.acquireFailed(error))
            throw error
        }
        while true {
            switch request(lane, options.priority, timeout: timeout(of: options), claim, isLent: isLent) {
            case .granted(let granted):
                if granted.connection.condition.isUsable { return granted }
                // It died while it was idle, and its driver has noticed.
                release(granted.ticket, granted.connection, nil)
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
    }

    private enum Answer: Sendable {
        case granted(PendingAcquire.Granted)
        case queued(WaiterTicket, PendingAcquire)
        case failed(PoolError)
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
        let pending: PendingAcquire? = transition { state, _, _ in
            state.engine.cancel(ticket) ? state.takeWaiter(ticket) : nil
        }
        pending?.end(.failure(CancellationError()))
    }

    /// A lease has ended. It is immediate for the caller: whatever the connection still needs happens in the background.
    func release(
        _ ticket: ConnectionTicket, _ connection: any DriverConnection, _ discardReason: String?
    ) {
        var condition = connection.condition
        if let discardReason {
            logger.debug("A connection was discarded.", metadata: ["reason": "\(discardReason)"])
            if condition != .generationBroken { condition = .broken }
        }
        if observer != nil { endLease(ConnectionID(ticket: ticket)) }
        transition { $0.engine.release(ticket, condition: condition, now: $1, effects: &$2) }
    }
}

extension AcquireFailure {
    var code: PoolError.Code {
        switch self {
        case .timedOut: .acquireTimedOut
        case .closed: .closed
        case .tooManyWaiters: .tooManyWaiters
        case .wouldDeadlock: .wouldDeadlock
        case .refused: .connectRefused
        }
    }
}
