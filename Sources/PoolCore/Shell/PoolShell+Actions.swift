/// An effect with all that is needed to perform it without the lock.
enum Action {
    case end(PendingAcquire, Result<PendingAcquire.Granted, any Error>)
    case open(Job, ConnectPlan)
    case cancel(Task<Void, Never>)
    case validate(Job, Seat, isStale: Bool)
    case reset(Job, Seat)
    case resetTagged(Job, Seat, isStale: Bool)
    case close(Seat, ConnectionCloseMode)
    case setAlarm(Nanoseconds, request: UInt64)
    case claim(PermitClaim)
    case report(PoolEvent)
    case endGoal(CheckedContinuation<GoalOutcome, Never>, GoalOutcome)
    case finish([@Sendable () -> Void], [CheckedContinuation<Void, Never>])
}

extension PoolShell {
    /// Looks up the objects that the effects' tickets stand for. Call under the lock.
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
        case .grant(let waiter, let ticket):
            guard let pending = state.takeWaiter(waiter) else { return }
            guard let granted = begin(ticket, pending.claim, pending.deadline, &state) else { return }
            actions.appendGrant(to: pending, granted)
        case .fail(let waiter, let failure):
            guard let pending = state.takeWaiter(waiter) else { return }
            let lane = Int(state.engine.waiters[waiter.position].lane)
            let hookError = failure.isByHook ? state.lanes[lane].hookError : nil
            let code = hookError == nil ? failure.code : .hookFailed
            let error = makeError(code, waiter: waiter, pending.claim, state, now)
            actions.append(.end(pending, .failure(hookError ?? error)))
            actions.append(.report(.acquireFailed(error)))
        case .open(let ticket, let lane, let attempt, let deadline):
            let plan = ConnectPlan(
                lane: state.lanes[lane].configuration, identity: state.lanes[lane].identity, attempt: attempt,
                begin: now,
                deadline: deadline)
            actions.append(.open(state.beginJob(on: ticket), plan))
        case .cancelOpen(let ticket):
            let lane = state.lane(of: ticket)
            if state.engine.life == .running {
                let error = makeTimeout(.connect, after: state.configuration.connectTimeout, lane, state, now)
                state.lanes[lane].lastError = error
                actions.append(.report(connectFailure(error, lane, state, now)))
            }
            cancelWork(of: ticket, &state, &actions)
        case .validate(let ticket, let isStale):
            guard let seat = state.entries[ticket.position].seat else { return }
            actions.append(.validate(state.beginJob(on: ticket), seat, isStale: isStale))
        case .reset(let ticket):
            guard let seat = state.entries[ticket.position].seat else { return }
            actions.append(.reset(state.beginJob(on: ticket), seat))
        case .resetTagged(let ticket, let isStale):
            guard let seat = state.entries[ticket.position].seat else { return }
            actions.append(.resetTagged(state.beginJob(on: ticket), seat, isStale: isStale))
        case .close(let ticket, let reason, let mode):
            resolveClose(ticket, reason, mode, &state, now, &actions)
        case .warnOfLeak(let ticket):
            actions.append(.report(.leaseOverdue(holder(of: ticket, state, now))))
        case .setAlarm(let instant):
            state.alarmRequest += 1
            actions.append(.setAlarm(instant, request: state.alarmRequest))
        case .claim(let claim):
            actions.append(.claim(claim))
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
        _ ticket: ConnectionID, _ reason: ConnectionCloseReason, _ mode: ConnectionCloseMode,
        _ state: inout PoolState,
        _ now: Nanoseconds, _ actions: inout ActionList
    ) {
        guard let seat = state.entries[ticket.position].seat else { return }
        state.entries[ticket.position].seat = nil
        let lane = state.lane(of: ticket)
        var failure = state.entries[ticket.position].failure.take()
        if mode == .forced {
            cancelWork(of: ticket, &state, &actions)
            if reason == .validationFailed {
                let limit = state.configuration.validationTimeout
                failure = makeTimeout(.validate, after: limit, lane, state, now)
                state.lanes[lane].lastError = failure
            } else if reason == .resetFailed {
                failure = makeTimeout(.reset, after: state.configuration.resetTimeout, lane, state, now)
            }
        }
        actions.append(.close(seat, mode))
        actions.append(
            .report(
                .connectionClosed(
                    ticket, lane: state.lanes[lane].configuration.name, reason: reason,
                    error: failure)))
    }

    private func cancelWork(
        of ticket: ConnectionID, _ state: inout PoolState, _ actions: inout ActionList
    ) {
        if let work = state.cancelWork(of: ticket) { actions.append(.cancel(work)) }
    }

    /// Performs an action. Call without the lock.
    func perform(_ action: Action) {
        switch action {
        case .end(let pending, let result): pending.end(result)
        case .open(let job, let plan): start(job) { await self.open(job.ticket, plan) }
        case .cancel(let work): work.cancel()
        case .validate(let job, let seat, let isStale): start(job) { await self.validate(job, seat, isStale: isStale) }
        case .reset(let job, let seat): start(job) { await self.reset(job, seat) }
        case .resetTagged(let job, let seat, let isStale):
            start(job) { await self.resetTagged(job, seat, isStale: isStale) }
        case .close(let seat, let mode): Task.detached { await self.close(seat, mode) }
        case .setAlarm(let instant, let request): setAlarm(instant, request)
        case .claim(let claim): permits?.claim(claim)
        case .report(let event): report(event)
        case .endGoal(let waiting, let outcome): waiting.resume(returning: outcome)
        case .finish(let closeActions, let closers): finish(closeActions, closers)
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
        let random = random()
        transition { $0.engine.alarm(now: $1, random: random, effects: &$2) }
    }

    private func finish(_ closeActions: [@Sendable () -> Void], _ closers: [CheckedContinuation<Void, Never>]) {
        alarm.stop()
        report(.closed)
        hub.finish()
        for action in closeActions { action() }
        for closer in closers { closer.resume() }
    }
}
