extension PoolShell {
    /// Looks up the objects that the effects' ids stand for. Call under the lock.
    func resolve(
        _ effects: EffectList, _ state: inout PoolState, _ now: Nanoseconds,
        _ actions: inout ActionList
    ) {
        effects.forEach { effect in resolve(effect, &state, now, &actions) }
    }

    private func resolve(
        _ effect: Effect, _ state: inout PoolState, _ now: Nanoseconds,
        _ actions: inout ActionList
    ) {
        switch effect {
        case .grant(let waiter, let id):
            guard let pending = state.takeWaiter(waiter) else { return }
            guard let granted = beginLease(id, pending.origin, pending.deadline, &state) else { return }
            actions.appendGrant(to: pending, granted)
        case .fail(let waiter, let wait, let failure):
            guard let pending = state.takeWaiter(waiter) else { return }
            let hookError = failure.isByHook ? state.lanes[Int(wait.lane)].hookError : nil
            let code = hookError == nil ? failure.code : .hookFailed
            let error = makeError(code, wait, pending.origin, state, now)
            actions.append(.end(pending, .failure(hookError ?? error)))
            actions.append(.report(.acquireFailed(error)))
        case .open(let id, let lane, let attempt, let deadline):
            let plan = ConnectOrder(
                lane: state.lanes[lane].configuration, identity: state.lanes[lane].identity, attempt: attempt,
                begin: now,
                deadline: deadline)
            actions.append(.open(state.beginJob(on: id), plan))
        case .cancelOpen(let id):
            let lane = state.lane(of: id)
            if state.engine.life == .running {
                let error = makeTimeout(.connect, after: state.configuration.connectTimeout, lane, state, now)
                state.lanes[lane].lastError = error
                actions.append(.report(connectFailure(error, nil, lane, state, now)))
            }
            cancelWork(of: id, &state, &actions)
        case .validate(let id, let isStale):
            guard let pooled = state.entries[id.position].pooled else { return }
            actions.append(.validate(state.beginJob(on: id), pooled, isStale: isStale))
        case .reset(let id):
            guard let pooled = state.entries[id.position].pooled else { return }
            actions.append(.reset(state.beginJob(on: id), pooled))
        case .resetTagged(let id, let isStale):
            guard let pooled = state.entries[id.position].pooled else { return }
            actions.append(.resetTagged(state.beginJob(on: id), pooled, isStale: isStale))
        case .close(let id, let reason, let mode):
            resolveClose(id, reason, mode, &state, now, &actions)
        case .warnOfLeak(let id):
            actions.append(.report(.leaseOverdue(holder(of: id, state, now))))
        case .setAlarm(let instant):
            state.alarmRequest += 1
            actions.append(.setAlarm(instant, request: state.alarmRequest))
        case .demand(let demand):
            actions.append(.demand(demand))
        case .endGoal(let number, let outcome):
            if let waiting = state.goals.removeValue(forKey: number) {
                actions.append(.endGoal(waiting, outcome))
            } else {
                state.endedGoals[number] = outcome
            }
        case .draining:
            actions.append(.report(.draining))
        case .finished:
            actions.append(.finish(state.closeActions, state.closers))
            (state.closeActions, state.closers) = ([], [])
        }
    }

    private func resolveClose(
        _ id: ConnectionID, _ reason: ConnectionCloseReason, _ mode: ConnectionCloseMode,
        _ state: inout PoolState,
        _ now: Nanoseconds, _ actions: inout ActionList
    ) {
        guard let pooled = state.entries[id.position].pooled else { return }
        state.entries[id.position].pooled = nil
        let lane = state.lane(of: id)
        var failure = state.entries[id.position].failure.take()
        if mode == .forced {
            cancelWork(of: id, &state, &actions)
            if reason == .validationFailed {
                let limit = state.configuration.validationTimeout
                failure = makeTimeout(.validate, after: limit, lane, state, now)
                state.lanes[lane].lastError = failure
            } else if reason == .resetFailed {
                failure = makeTimeout(.reset, after: state.configuration.resetTimeout, lane, state, now)
            }
        }
        actions.append(.close(pooled, mode))
        actions.append(
            .report(
                .connectionClosed(
                    id, lane: state.lanes[lane].configuration.name, reason: reason,
                    error: failure)))
    }

    private func cancelWork(
        of id: ConnectionID, _ state: inout PoolState, _ actions: inout ActionList
    ) {
        if let work = state.cancelWork(of: id) { actions.append(.cancel(work)) }
    }

    /// Performs an action. Call without the lock.
    func perform(_ action: Action) {
        switch action {
        case .end(let pending, let result): pending.end(result)
        case .open(let job, let plan): start(job) { await self.open(job.id, plan) }
        case .cancel(let work): work.cancel()
        case .validate(let job, let pooled, let isStale):
            start(job) { await self.validate(job, pooled, isStale: isStale) }
        case .reset(let job, let pooled): start(job) { await self.reset(job, pooled) }
        case .resetTagged(let job, let pooled, let isStale):
            start(job) { await self.resetTagged(job, pooled, isStale: isStale) }
        case .close(let pooled, let mode): Task.detached { await self.close(pooled, mode) }
        case .setAlarm(let instant, let request): setAlarm(instant, request)
        case .demand(let demand): permits?.demand(demand)
        case .report(let event): report(event)
        case .endGoal(let waiting, let outcome): waiting.resume(returning: outcome)
        case .finish(let closeActions, let closers): finishClosing(closeActions, closers)
        }
    }

    /// Starts a job in a task of the pool's own, which only the engine can cancel.
    private func start(_ job: Job, _ work: @escaping @Sendable () async -> Void) {
        let task = Task.detached { await work() }
        let isCancelled = state.withLock { $0.attach(task, to: job) }
        if isCancelled { task.cancel() }
    }

    private func setAlarm(_ instant: Nanoseconds, _ request: UInt64) {
        let time = time
        // The shell outlives its last connection only: nothing sets an alarm once it is closed, and a pool that is
        // dropped closes it. A weak reference here would make each retain of the shell take the slow path.
        alarm.set(request) {
            try await time.sleep(until: PoolInstant(nanoseconds: instant))
            self.alarmWentOff()
        }
    }

    private func alarmWentOff() {
        transition(random: random()) { $0.engine.alarm(&$1) }
    }

    private func finishClosing(_ closeActions: [@Sendable () -> Void], _ closers: [CheckedContinuation<Void, Never>]) {
        alarm.stop()
        report(.closed)
        hub.finish()
        for action in closeActions { action() }
        for closer in closers { closer.resume() }
    }
}
