internal import Logging

/// A call of the session hook, which comes before the holder of a lease gets the connection.
@usableFromInline
final class SessionHookCall: Sendable {
    let tag: PoolSessionTag?
    let deadline: Nanoseconds
    let origin: LeaseOrigin

    init(tag: PoolSessionTag?, deadline: Nanoseconds, origin: LeaseOrigin) {
        self.tag = tag
        self.deadline = deadline
        self.origin = origin
    }
}

/// How a call of the session hook ended.
private enum SessionEnding: Sendable {
    case ready
    case failed(any Error)
    /// The acquire's deadline has passed; the hook may still be running.
    case late
    case cancelled
}

extension PoolShell {
    /// Runs the session hook for an acquire that has a connection. If the hook fails, takes too long or is cancelled,
    /// the acquire ends; if the hook does not want the connection, the acquire gets another.
    func prepareSession(_ granted: PendingAcquire.Granted) async throws -> ManualReference<PooledConnection> {
        var granted = granted
        while let call = granted.preparation {
            let before = tag(of: granted.id)
            switch await runSessionHook(call, on: granted.pooled) {
            case .ready:
                noteSessionReady(granted.pooled, call.tag, before)
                return granted.retainedConnection
            case .failed(let error):
                granted = try await handleSessionHookError(granted.pooled, call, error)
            case .late:
                throw endLateSession(granted.pooled, call.origin)
            case .cancelled:
                endPreparation(granted.pooled, .cancelled, .forced)
                throw CancellationError()
            }
        }
        return granted.retainedConnection
    }

    private func runSessionHook(_ call: SessionHookCall, on pooled: PooledConnection) async -> SessionEnding {
        let operation =
            isObserved ? beginOperation(.session, lane: laneName(of: pooled.id), connection: pooled.id) : nil
        let ending = OneShot<SessionEnding>()
        let work = Task.detached {
            do {
                try await self.driver.runHook(.session(call.tag), on: pooled)
                ending.give(.ready)
            } catch {
                ending.give(.failed(Self.cause(of: error)))
            }
        }
        let timer = giveLater(.late, to: ending, at: PoolInstant(nanoseconds: call.deadline))
        defer { timer.cancel() }
        let how = await withTaskCancellationHandler {
            await ending.value()
        } onCancel: {
            ending.give(.cancelled)
        }
        switch how {
        case .ready: if let operation { endOperation(operation, nil) }
        case .failed(let error): if let operation { endOperation(operation, error) }
        case .late, .cancelled:
            work.cancel()
            if let operation { endOperation(operation, CancellationError()) }
        }
        return how
    }

    private func noteSessionReady(_ pooled: PooledConnection, _ wanted: PoolSessionTag?, _ before: PoolSessionTag?) {
        transition { state, turn in
            let tag = state.engine.tag(of: pooled.id)
            // A hook that sets no tag vouches for the tag that was asked for.
            state.engine.prepared(pooled.id, tag: tag == before ? wanted : tag, &turn)
        }
    }

    /// Handles an error of the session hook: the acquire fails with that error, or gets another connection.
    private func handleSessionHookError(
        _ pooled: PooledConnection, _ call: SessionHookCall, _ error: any Error
    ) async throws -> PendingAcquire.Granted {
        let isRejected = error is PoolTryAgain
        let isClosed = !state.withLock { $0.engine.isLeased(pooled.id) }
        guard isRejected || isClosed else {
            state.withLock { $0.entries[pooled.id.position].failure = error }
            endPreparation(pooled, .hookFailed, .orderly)
            throw error
        }
        let answer: Acquisition? = transition(random: random()) { state, turn in
            let lane = state.engine.preparations[pooled.id]?.lane
            if isRejected, !isClosed { state.entries[pooled.id.position].failure = error }
            if let lane, isRejected { state.lanes[lane].lastError = error }
            let outcome = state.engine.acquireAgain(
                instead: pooled.id, isRejected: isRejected, deadline: call.deadline, &turn)
            switch outcome {
            case .queued(let id):
                let pending = PendingAcquire(id, origin: call.origin, deadline: call.deadline)
                state.put(pending, at: id)
                return .queued(pending)
            case .failed(let failure):
                let error = makeError(failure.code, lane: lane, call.origin, state, turn.now, phase: .session)
                return .unfinished(.failed(error, nil))
            case .granted, nil: return nil
            }
        }
        switch answer {
        case .queued(let pending): return try await wait(for: pending)
        case .unfinished(.failed(let reported, _)):
            report(.acquireFailed(reported))
            throw reported
        default: throw error
        }
    }

    private func wait(for pending: PendingAcquire) async throws -> PendingAcquire.Granted {
        try await withTaskCancellationHandler {
            unsafe try await withUnsafeThrowingContinuation { unsafe pending.suspend($0) }
        } onCancel: {
            cancel(pending.id)
        }
    }

    private func endLateSession(_ pooled: PooledConnection, _ origin: LeaseOrigin) -> PoolError {
        let error = transition { state, turn in
            let preparation = state.engine.preparations[pooled.id]
            let spent = preparation?.spent(at: turn.now) ?? PhaseTimes()
            let error = makeError(
                .acquireTimedOut, lane: preparation?.lane, origin, state, turn.now, elapsed: spent.total,
                phase: .session,
                spent.byPhase)
            state.engine.unprepared(pooled.id, .timedOut, mode: .forced, &turn)
            return error
        }
        report(.acquireFailed(error))
        return error
    }

    private func endPreparation(
        _ pooled: PooledConnection, _ failure: Engine.PreparationFailure, _ mode: ConnectionCloseMode
    ) {
        transition { $0.engine.unprepared(pooled.id, failure, mode: mode, &$1) }
    }

    /// Runs the application's close hook, if it has one and the connection can be used.
    ///
    /// - Returns: false if the hook has taken too long, and may still be running.
    func runCloseHook(
        _ pooled: PooledConnection, _ mode: ConnectionCloseMode
    ) async -> Bool {
        guard hooks.close, mode == .orderly, pooled.connection.condition.isUsable else { return true }
        let deadline = time.now() + configuration.resetTimeout
        let ending = OneShot<Bool>()
        let work = Task.detached {
            do {
                try await self.driver.runHook(.close, on: pooled)
            } catch {
                self.logger.info("The close hook has thrown.", metadata: ["error": "\(Self.cause(of: error))"])
            }
            ending.give(true)
        }
        let timer = giveLater(false, to: ending, at: deadline)
        defer { timer.cancel() }
        let isOver = await ending.value()
        if !isOver { work.cancel() }
        return isOver
    }

    /// Gives a value at a deadline, unless the returned task is cancelled before.
    private func giveLater<Value: Sendable>(
        _ value: Value, to ending: OneShot<Value>, at deadline: PoolInstant
    ) -> Task<Void, Never> {
        Task.detached { [time] in
            do { try await time.sleep(until: deadline) } catch { return }
            ending.give(value)
        }
    }

    /// The error that a hook or the driver has thrown, without the wrapper of hook errors.
    static func cause(of error: any Error) -> any Error { (error as? HookFailure)?.cause ?? error }

    func tag(of id: ConnectionID) -> PoolSessionTag? {
        state.withLock { $0.engine.tag(of: id) }
    }

    func setTag(_ tag: PoolSessionTag?, of id: ConnectionID) {
        let tag = tag.flatMap { $0.isEmpty ? nil : $0 }
        // A connection with a tag is not cached.
        transition { state, _ in state.engine.setTag(tag, of: id) }
    }
}
