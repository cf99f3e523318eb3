internal import Logging
internal import Synchronization

extension Pool {
    /// The one way to a lease.
    /// - Parameter holder: the task, if the lease cannot leave it; otherwise 0.
    func lease(_ options: AcquireOptions, _ claim: LeaseClaim, holder: UInt) async throws -> Lease<Driver> {
        guard observer != nil else { return try await unobservedLease(options, claim, holder: holder) }
        let operation = begin(.acquire, lane: lane(for: options.access), connection: nil)
        do {
            let lease = try await unobservedLease(options, claim, holder: holder)
            end(operation, nil)
            beginLease(lease.id)
            return lease
        } catch {
            end(operation, error)
            throw error
        }
    }

    private func unobservedLease(
        _ options: AcquireOptions, _ claim: LeaseClaim, holder: UInt
    ) async throws -> Lease<Driver> {
        if Task.isCancelled { throw CancellationError() }
        guard let lane = lane(for: options.access) else { throw refusal(.noLane, lane: nil) }
        let timeout = (options.timeout ?? configuration.acquireTimeout).wholeNanoseconds
        switch request(lane, options.priority, timeout: timeout, claim, holder: holder) {
        case .granted(let granted):
            return Lease(pool: self, ticket: granted.ticket, connection: granted.connection)
        case .failed(let error):
            report(.acquireFailed(error))
            throw error
        case .queued(let ticket, let pending):
            let granted = try await withTaskCancellationHandler {
                try await pending.result()
            } onCancel: {
                cancel(ticket)
            }
            return Lease(pool: self, ticket: granted.ticket, connection: granted.connection)
        }
    }

    private enum Answer: Sendable {
        case granted(PendingAcquire<Driver>.Granted)
        case queued(WaiterTicket, PendingAcquire<Driver>)
        case failed(PoolError)
    }

    private func request(
        _ lane: Int, _ priority: AcquireOptions.Priority, timeout: Nanoseconds, _ claim: LeaseClaim, holder: UInt
    ) -> Answer {
        transition { state, now, effects in
            let outcome = state.engine.acquire(
                lane: lane, priority: Int32(priority.rawValue), holder: holder, now: now, deadline: now.adding(timeout),
                effects: &effects)
            switch outcome {
            case .granted(let ticket):
                guard let connection = state.begin(ticket, for: claim) else {
                    preconditionFailure("An idle slot has no connection.")
                }
                return .granted(PendingAcquire<Driver>.Granted(ticket: ticket, connection: connection))
            case .queued(let ticket):
                let pending = PendingAcquire<Driver>(claim: claim)
                state.put(pending, at: ticket)
                return .queued(ticket, pending)
            case .failed(let failure):
                return .failed(makeError(failure.code, lane: lane, state, now))
            }
        }
    }

    private func cancel(_ ticket: WaiterTicket) {
        let pending: PendingAcquire<Driver>? = transition { state, _, _ in
            state.engine.cancel(ticket) ? state.takeWaiter(ticket) : nil
        }
        pending?.end(.failure(CancellationError()))
    }

    /// A lease has ended. It is immediate for the caller: whatever the connection still needs happens in the background.
    func release(
        _ ticket: ConnectionTicket, _ connection: Driver.Connection, _ discardReason: String?, endsGeneration: Bool
    ) {
        var condition = connection.condition
        if let discardReason {
            logger.debug("A connection was discarded.", metadata: ["reason": "\(discardReason)"])
            condition = endsGeneration || condition == .generationBroken ? .generationBroken : .broken
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
