internal import Logging

/// The jobs that the engine asks for. Each function runs in a task of the pool's own and ends with one report.
extension PoolShell {
    func open(_ id: ConnectionID, _ plan: ConnectOrder) async {
        let operation = observer.map { _ in
            beginOperation(.connect, lane: plan.lane.name, connection: id)
        }
        do {
            let pooled = PooledConnection(
                try await connect(plan), id: id, pool: self, leaseCache: leaseCache(of: plan))
            try await runConnectHook(pooled)
            if let operation { endOperation(operation, nil) }
            opened(pooled)
        } catch {
            if let operation { endOperation(operation, Self.cause(of: error)) }
            connectFailed(id, error)
        }
    }

    private func runConnectHook(_ pooled: PooledConnection) async throws {
        do {
            try await driver.setUp(pooled)
        } catch {
            await pooled.connection.close(.orderly)
            throw error
        }
    }

    private func opened(_ pooled: PooledConnection) {
        let id = pooled.id
        setStatementCacheCapacity(of: pooled.connection)
        transition(random: random()) { state, turn in
            let duration = state.engine.timeInState(of: id, turn.now)
            let lane = state.lane(of: id)
            state.entries[id.position].pooled = pooled
            state.entries[id.position].failure = nil
            state.entries[id.position].leases = 0
            state.lanes[lane].lastError = nil
            state.lanes[lane].hookError = nil
            state.reports.append(
                .connectionOpened(
                    id, lane: state.lanes[lane].configuration.name,
                    after: .nanoseconds(duration)))
            state.engine.opened(id, &turn)
        }
        // The engine takes a report of a loss only from now on; if the connection is already lost, the report comes
        // immediately. The connection is closed in any case, and with that the reference back to the shell ends.
        pooled.connection.onLoss { self.lost(id) }
    }

    private func lost(_ id: ConnectionID) {
        let connection = state.withLock { state in
            state.engine.contains(id) ? state.entries[id.position].pooled?.connection : nil
        }
        let failure = connection?.failure
        transition { state, turn in
            if state.engine.contains(id) {
                state.entries[id.position].failure = failure
                if state.engine.isIdle(id) {
                    state.reports.append(idleLoss(of: id, failure, state))
                }
            }
            state.engine.lost(id, &turn)
        }
    }

    private func connectFailed(_ id: ConnectionID, _ failure: any Error) {
        let hook = failure as? HookFailure
        let error = Self.cause(of: failure)
        let verdict = hook == nil ? driver.verdict(on: error) : nil
        transition(random: random()) { state, turn in
            let lane = state.lane(of: id)
            // An abandoned connect has been reported already.
            let isNews = state.engine.isOpening(id)
            // The error of an interrupted hook says nothing about the hook.
            let isFinal = hook.map { isNews && !$0.isPassing } ?? (verdict == .refused)
            if isNews {
                state.lanes[lane].lastError = error
                state.lanes[lane].hookError = isFinal && hook != nil ? error : nil
            }
            state.engine.connectFailed(id, isPermanent: isFinal, &turn)
            if isNews { state.reports.append(connectFailure(error, verdict, lane, state, turn.now)) }
        }
    }

    func validate(_ job: Job, _ pooled: PooledConnection, isStale: Bool) async {
        let (outcome, failure) = await runPreparation(.validate, job, pooled) {
            if isStale { try await pooled.connection.validate() }
            try requireCurrent(job)
            try await driver.runHook(.acquire, on: pooled)
        }
        transition(random: random()) { state, turn in
            if outcome == .hookRefused, state.engine.contains(job.id) {
                state.lanes[state.lane(of: job.id)].hookError = failure
            }
            state.engine.validated(job.id, outcome, &turn)
        }
    }

    /// Makes a connection fit for the next lease after one has ended.
    func reset(_ job: Job, _ pooled: PooledConnection) async {
        let connection = pooled.connection
        let isKept = tag(of: job.id) != nil
        var didReset = false
        let (outcome, _) = await runPreparation(isKept ? .endUnfinishedWork : .reset, job, pooled) {
            try await driver.runHook(.release, on: pooled)
            try requireCurrent(job)
            guard connection.condition != .clean else { return }
            if isKept { return try await connection.endUnfinishedWork() }
            didReset = true
            try await resetSession(job, pooled)
        }
        let wasReset = didReset
        transition(random: random()) {
            $0.engine.wasReset(job.id, outcome, didReset: wasReset, &$1)
        }
    }

    /// Resets the idle session of a tag, so that any acquire may get it.
    func resetTagged(_ job: Job, _ pooled: PooledConnection, isStale: Bool) async {
        let (outcome, _) = await runPreparation(.reset, job, pooled) {
            if isStale { try await pooled.connection.validate() }
            try requireCurrent(job)
            try await resetSession(job, pooled)
        }
        transition(random: random()) { $0.engine.wasReset(job.id, outcome, &$1) }
    }

    private func resetSession(_ job: Job, _ pooled: PooledConnection) async throws {
        try await pooled.connection.reset()
        // The reset has undone the work of the connect hook.
        try requireCurrent(job)
        try await driver.setUp(pooled)
    }

    func close(_ pooled: PooledConnection, _ mode: ConnectionCloseMode) async {
        let id = pooled.id
        let lane = laneName(of: id)
        let operation = observer.map { _ in beginOperation(.close, lane: lane, connection: id) }
        let mayGoOn = await runCloseHook(pooled, mode)
        await pooled.connection.close(mayGoOn ? mode : .forced)
        if let operation { endOperation(operation, nil) }
        transition { $0.engine.closed(id, &$1) }
    }

    // MARK: Parts

    func laneName(of id: ConnectionID) -> String {
        state.withLock { $0.laneName(of: id) }
    }

    /// Stops a job that took too long before it touches a connection that was closed meanwhile.
    private func requireCurrent(_ job: Job) throws {
        if state.withLock({ $0.isCancelled(job) }) { throw CancellationError() }
    }

    /// Runs the work that makes a connection fit for its next lease, and says how it ended.
    private func runPreparation(
        _ kind: PoolOperation.Kind, _ job: Job, _ pooled: PooledConnection, _ body: () async throws -> Void
    ) async -> (Engine.Outcome, (any Error)?) {
        let lane = laneName(of: job.id)
        let operation = observer.map { _ in beginOperation(kind, lane: lane, connection: job.id) }
        let failure: any Error
        do {
            try await body()
            if let operation { endOperation(operation, nil) }
            return (.succeeded, nil)
        } catch {
            failure = error
        }
        let cause = Self.cause(of: failure)
        if let operation { endOperation(operation, cause) }
        state.withLock { state in
            // A timed-out job has recorded its timeout already; do not overwrite it with the CancellationError.
            if state.isCancelled(job) { return }
            state.entries[job.id.position].failure = cause
            if kind == .validate { state.lanes[state.lane(of: job.id)].lastError = cause }
        }
        logger.debug("A connection could not be prepared.", metadata: ["for": "\(kind)", "error": "\(cause)"])
        return (outcome(kind, failure, pooled), cause)
    }

    private func outcome(_ kind: PoolOperation.Kind, _ failure: any Error, _ pooled: PooledConnection) -> Engine.Outcome
    {
        if let hook = failure as? HookFailure {
            if pooled.connection.condition == .generationBroken { return .generationBroken }
            return kind == .validate && !hook.isPassing ? .hookRefused : .hookFailed
        }
        switch driver.verdict(on: failure) {
        case .discardGeneration, .endpointReadOnly: return .generationBroken
        case .keep, .discard, .refused, .serverFull, .serverStarting, .statementsStale: return .failed
        }
    }
}
