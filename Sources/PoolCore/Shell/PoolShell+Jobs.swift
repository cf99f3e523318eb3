internal import Logging

/// The jobs that the engine asks for. Each function runs in a task of the pool's own and ends with one report.
extension PoolShell {
    func open(_ ticket: ConnectionID, _ plan: ConnectPlan) async {
        let operation = observer.map { _ in
            begin(.connect, lane: plan.lane.name, connection: ticket)
        }
        do {
            let seat = Seat(
                try await connect(plan), ticket: ticket, pool: self, front: front(of: plan))
            try await runConnectHook(seat)
            if let operation { end(operation, nil) }
            opened(seat)
        } catch {
            if let operation { end(operation, Self.cause(of: error)) }
            connectFailed(ticket, error)
        }
    }

    private func runConnectHook(_ seat: Seat) async throws {
        do {
            try await backend.setUp(seat)
        } catch {
            await backend.close(seat.connection, mode: .orderly)
            throw error
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
            state.lanes[lane].hookError = nil
            state.reports.append(
                .connectionOpened(
                    ticket, lane: state.lanes[lane].configuration.name,
                    after: .nanoseconds(now - since)))
            state.engine.opened(ticket, now: now, random: random, effects: &effects)
        }
        // The engine takes a report of a loss only from now on; if the connection is already lost, the report comes
        // immediately. The connection is closed in any case, and with that the reference back to the shell ends.
        seat.connection.onLoss { self.lost(ticket) }
    }

    private func lost(_ ticket: ConnectionID) {
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

    private func connectFailed(_ ticket: ConnectionID, _ failure: any Error) {
        let hook = failure as? HookFailure
        let error = Self.cause(of: failure)
        let isRefused = backend.verdict(on: error) == .refused
        let random = random()
        transition { state, now, effects in
            let lane = state.lane(of: ticket)
            // An abandoned connect has been reported already.
            let isNews = state.engine.slots[ticket.position].state == .opening
            // The error of an interrupted hook says nothing about the hook.
            let isFinal = hook.map { isNews && !$0.isPassing } ?? isRefused
            if isNews {
                state.lanes[lane].lastError = error
                state.lanes[lane].hookError = isFinal && hook != nil ? error : nil
            }
            state.engine.connectFailed(ticket, isPermanent: isFinal, now: now, random: random, effects: &effects)
            if isNews { state.reports.append(connectFailure(error, lane, state, now)) }
        }
    }

    func validate(_ job: Job, _ seat: Seat, isStale: Bool) async {
        let (outcome, failure) = await prepare(.validate, job, seat) {
            if isStale { try await backend.validate(seat.connection) }
            try requireCurrent(job)
            try await backend.runHook(.acquire, on: seat)
        }
        let random = random()
        transition { state, now, effects in
            if outcome == .hookRefused, state.engine.isCurrent(job.ticket) {
                state.lanes[state.lane(of: job.ticket)].hookError = failure
            }
            state.engine.validated(job.ticket, outcome, now: now, random: random, effects: &effects)
        }
    }

    /// Makes a connection fit for the next lease after one has ended.
    func reset(_ job: Job, _ seat: Seat) async {
        let connection = seat.connection
        let isKept = tag(of: job.ticket) != nil
        var didReset = false
        let (outcome, _) = await prepare(isKept ? .endTransaction : .reset, job, seat) {
            try await backend.runHook(.release, on: seat)
            try requireCurrent(job)
            guard connection.condition != .clean else { return }
            if isKept { return try await backend.endTransaction(of: connection) }
            didReset = true
            try await resetSession(job, seat)
        }
        let (random, wasReset) = (random(), didReset)
        transition {
            $0.engine.wasReset(job.ticket, outcome, didReset: wasReset, now: $1, random: random, effects: &$2)
        }
    }

    /// Resets the idle session of a tag, so that any acquire may get it.
    func resetTagged(_ job: Job, _ seat: Seat, isStale: Bool) async {
        let (outcome, _) = await prepare(.reset, job, seat) {
            if isStale { try await backend.validate(seat.connection) }
            try requireCurrent(job)
            try await resetSession(job, seat)
        }
        let random = random()
        transition { $0.engine.wasReset(job.ticket, outcome, now: $1, random: random, effects: &$2) }
    }

    private func resetSession(_ job: Job, _ seat: Seat) async throws {
        try await backend.reset(seat.connection)
        // The reset has undone the work of the connect hook.
        try requireCurrent(job)
        try await backend.setUp(seat)
    }

    func close(_ seat: Seat, _ mode: ConnectionCloseMode) async {
        let ticket = seat.ticket
        let lane = laneName(of: ticket)
        let operation = observer.map { _ in begin(.close, lane: lane, connection: ticket) }
        let mayGoOn = await runCloseHook(seat, mode)
        await backend.close(seat.connection, mode: mayGoOn ? mode : .forced)
        if let operation { end(operation, nil) }
        transition { $0.engine.closed(ticket, now: $1, effects: &$2) }
    }

    // MARK: Parts

    func laneName(of ticket: ConnectionID) -> String {
        state.withLock { $0.laneName(of: ticket) }
    }

    /// Stops a job that took too long before it touches a connection that was closed meanwhile.
    private func requireCurrent(_ job: Job) throws {
        if state.withLock({ $0.isCancelled(job) }) { throw CancellationError() }
    }

    /// Runs the work that makes a connection fit for its next lease, and says how it ended.
    private func prepare(
        _ kind: PoolOperation.Kind, _ job: Job, _ seat: Seat, _ body: () async throws -> Void
    ) async -> (Engine.Outcome, (any Error)?) {
        let lane = laneName(of: job.ticket)
        let operation = observer.map { _ in begin(kind, lane: lane, connection: job.ticket) }
        let failure: any Error
        do {
            try await body()
            if let operation { end(operation, nil) }
            return (.succeeded, nil)
        } catch {
            failure = error
        }
        let cause = Self.cause(of: failure)
        if let operation { end(operation, cause) }
        state.withLock { state in
            // A timed-out job has recorded its timeout already; do not overwrite it with the CancellationError.
            if state.isCancelled(job) { return }
            state.entries[job.ticket.position].failure = cause
            if kind == .validate { state.lanes[state.lane(of: job.ticket)].lastError = cause }
        }
        logger.debug("A connection could not be prepared.", metadata: ["for": "\(kind)", "error": "\(cause)"])
        return (outcome(kind, failure, seat), cause)
    }

    private func outcome(_ kind: PoolOperation.Kind, _ failure: any Error, _ seat: Seat) -> Engine.Outcome {
        if let hook = failure as? HookFailure {
            if seat.connection.condition == .generationBroken { return .generationBroken }
            return kind == .validate && !hook.isPassing ? .hookRefused : .hookFailed
        }
        switch backend.verdict(on: failure) {
        case .discardGeneration, .endpointReadOnly: return .generationBroken
        case .keep, .discard, .refused, .serverFull, .serverStarting, .statementsStale: return .failed
        }
    }
}
