internal import Logging
internal import Synchronization

/// The work that the engine asks for. Each function runs in a task of the pool's own and ends with one report.
extension PoolShell {
    func open(_ ticket: ConnectionTicket, _ plan: ConnectPlan) async {
        let operation = observer.map { _ in
            begin(.connect, lane: plan.lane.name, connection: ConnectionID(ticket: ticket))
        }
        do {
            let seat = Seat(
                try await connect(plan), ticket: ticket, pool: self, front: front(of: plan))
            try await runConnectHook(seat)
            if let operation { end(operation, nil) }
            opened(seat)
        } catch {
            if let operation { end(operation, error) }
            connectFailed(ticket, error)
        }
    }

    private func runConnectHook(_ seat: Seat) async throws {
        do {
            try await backend.setUp(seat)
        } catch {
            await backend.close(seat.connection, mode: .orderly)
            throw error.cause
        }
    }

    private func opened(_ seat: Seat) {
        let ticket = seat.ticket
        setStatementCacheCapacity(of: seat.connection)
        let random = random()
        transition { state, now, effects in
            let since = state.engine.slots[ticket.position].since
            let lane = state.lane(of: ticket)
            state.entries[ticket.position].seat = seat
            state.entries[ticket.position].failure = nil
            state.entries[ticket.position].leases = 0
            state.lanes[lane].lastError = nil
            state.reports.append(
                .connectionOpened(
                    ConnectionID(ticket: ticket), lane: state.lanes[lane].configuration.name,
                    after: .nanoseconds(now - since)))
            state.engine.opened(ticket, now: now, random: random, effects: &effects)
        }
        // Only now does the engine take such a report; one that is due already comes at once. The connection is closed in any
        // case, and with that the reference back to the shell ends.
        seat.connection.onLoss { self.lost(ticket) }
    }

    private func lost(_ ticket: ConnectionTicket) {
        let connection = state.withLock { state in
            state.engine.isCurrent(ticket) ? state.entries[ticket.position].seat?.connection : nil
        }
        let failure = connection?.failure
        transition { state, now, effects in
            if state.engine.isCurrent(ticket) {
                state.entries[ticket.position].failure = failure
                if state.engine.slots[ticket.position].state == .idle {
                    state.reports.append(idleLoss(of: ticket, failure, state))
                }
            }
            state.engine.lost(ticket, now: now, effects: &effects)
        }
    }

    private func connectFailed(_ ticket: ConnectionTicket, _ error: any Error) {
        let isPermanent = backend.verdict(on: error) == .refused
        let random = random()
        transition { state, now, effects in
            let lane = state.lane(of: ticket)
            // One that was abandoned has been reported.
            let isNews = state.engine.slots[ticket.position].state == .opening
            if isNews { state.lanes[lane].lastError = error }
            state.engine.connectFailed(ticket, isPermanent: isPermanent, now: now, random: random, effects: &effects)
            if isNews { state.reports.append(connectFailure(error, lane, state, now)) }
        }
    }

    func validate(_ job: Job, _ seat: Seat, isStale: Bool) async {
        let outcome = await prepare(.validate, job) {
            if isStale { try await backend.validate(seat.connection) }
            try requireCurrent(job)
            try await backend.runHook(.acquire, on: seat)
        }
        let random = random()
        transition { $0.engine.validated(job.ticket, outcome, now: $1, random: random, effects: &$2) }
    }

    func reset(_ job: Job, _ seat: Seat) async {
        let connection = seat.connection
        let outcome = await prepare(.reset, job) {
            try await backend.runHook(.release, on: seat)
            try requireCurrent(job)
            guard connection.condition != .clean else { return }
            if tag(of: job.ticket) != nil { return try await backend.endTransaction(of: connection) }
            try await backend.reset(connection)
            // The reset has undone what the connect hook had set up.
            try requireCurrent(job)
            try await backend.setUp(seat)
        }
        let random = random()
        transition { $0.engine.wasReset(job.ticket, outcome, now: $1, random: random, effects: &$2) }
    }

    func close(_ seat: Seat, _ mode: CloseMode) async {
        let ticket = seat.ticket
        let lane = laneName(of: ticket)
        let operation = observer.map { _ in begin(.close, lane: lane, connection: ConnectionID(ticket: ticket)) }
        let mayGoOn = await runCloseHook(seat, mode)
        await backend.close(seat.connection, mode: mayGoOn ? mode : .forced)
        if let operation { end(operation, nil) }
        transition { $0.engine.closed(ticket, now: $1, effects: &$2) }
    }

    // MARK: Parts

    private func laneName(of ticket: ConnectionTicket) -> String {
        state.withLock { $0.laneName(of: ticket) }
    }

    /// Stops a job that took too long before it touches a connection that was closed under it.
    private func requireCurrent(_ job: Job) throws {
        if state.withLock({ $0.isCancelled(job) }) { throw CancellationError() }
    }

    /// Runs what makes a connection fit for its next lease, and says how it ended.
    private func prepare(
        _ kind: PoolOperation.Kind, _ job: Job, _ body: () async throws -> Void
    ) async -> Engine.Outcome {
        let lane = laneName(of: job.ticket)
        let operation = observer.map { _ in begin(kind, lane: lane, connection: ConnectionID(ticket: job.ticket)) }
        let failure: any Error
        do {
            try await body()
            if let operation { end(operation, nil) }
            return .succeeded
        } catch {
            failure = error
        }
        if let operation { end(operation, failure) }
        let cause = Self.cause(of: failure)
        state.withLock { state in
            // That it took too long is remembered already, and says more than what it threw when it was cancelled.
            if state.isCancelled(job) { return }
            state.entries[job.ticket.position].failure = cause
            if kind == .validate { state.lanes[state.lane(of: job.ticket)].lastError = cause }
        }
        logger.debug("A connection could not be prepared.", metadata: ["for": "\(kind)", "error": "\(cause)"])
        if failure is HookFailure { return .hookFailed }
        switch backend.verdict(on: failure) {
        case .discardGeneration, .endpointReadOnly: return .generationBroken
        case .keep, .discard, .refused, .serverFull, .serverStarting, .statementsStale: return .failed
        }
    }
}
