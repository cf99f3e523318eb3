internal import Logging

/// A call of the session hook, which comes before the holder of a lease gets the connection.
@usableFromInline
final class SessionHookCall: Sendable {
    let tag: PoolSessionTag?
    let deadline: Nanoseconds
    let claim: LeaseClaim

    init(tag: PoolSessionTag?, deadline: Nanoseconds, claim: LeaseClaim) {
        self.tag = tag
        self.deadline = deadline
        self.claim = claim
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
    /// Begins a lease. Call under the lock.
    func begin(
        _ ticket: ConnectionID, _ claim: LeaseClaim, _ deadline: Nanoseconds, _ state: inout PoolState
    ) -> PendingAcquire.Granted? {
        guard let seat = state.begin(ticket, for: claim) else { return nil }
        guard hasSessionHook, let preparation = state.engine.preparations[ticket] else {
            return PendingAcquire.Granted(seat: seat, preparation: nil)
        }
        return PendingAcquire.Granted(
            seat: seat,
            preparation: SessionHookCall(tag: preparation.request?.tag, deadline: deadline, claim: claim))
    }

    /// Runs the session hook for an acquire that has a connection. If the hook fails, takes too long or is cancelled,
    /// the acquire ends; if the hook does not want the connection, the acquire gets another.
    func prepared(_ granted: PendingAcquire.Granted) async throws -> UncountedReference<Seat> {
        var granted = granted
        while let call = granted.preparation {
            let before = tag(of: granted.ticket)
            switch await runSessionHook(call, on: granted.seat) {
            case .ready:
                ready(granted.seat, call.tag, before)
                return granted.retainedSeat
            case .failed(let error):
                granted = try await failed(granted.seat, call, error)
            case .late:
                throw tooLate(granted.seat, call.claim)
            case .cancelled:
                end(granted.seat, .cancelled, .forced)
                throw CancellationError()
            }
        }
        return granted.retainedSeat
    }

    private func runSessionHook(_ call: SessionHookCall, on seat: Seat) async -> SessionEnding {
        let id = seat.ticket
        let operation = isObserved ? begin(.session, lane: laneName(of: seat.ticket), connection: id) : nil
        let ending = OneShot<SessionEnding>()
        let work = Task.detached {
            do {
                try await self.backend.runHook(.session(call.tag), on: seat)
                ending.give(.success(.ready))
            } catch {
                ending.give(.success(.failed(Self.cause(of: error))))
            }
        }
        let timer = Task.detached { [time] in
            do { try await time.sleep(until: PoolInstant(nanoseconds: call.deadline)) } catch { return }
            ending.give(.success(.late))
        }
        defer { timer.cancel() }
        // Never throws, because no call of `give` passes a failure.
        let how: SessionEnding = await withTaskCancellationHandler {
            (try? await ending.value()) ?? .cancelled
        } onCancel: {
            ending.give(.success(.cancelled))
        }
        switch how {
        case .ready: if let operation { end(operation, nil) }
        case .failed(let error): if let operation { end(operation, error) }
        case .late, .cancelled:
            work.cancel()
            if let operation { end(operation, CancellationError()) }
        }
        return how
    }

    private func ready(_ seat: Seat, _ wanted: PoolSessionTag?, _ before: PoolSessionTag?) {
        transition { state, now, _ in
            let tag = state.engine.tag(of: seat.ticket)
            // A hook that sets no tag vouches for the tag that was asked for.
            state.engine.prepared(seat.ticket, tag: tag == before ? wanted : tag, now: now)
        }
    }

    /// Handles an error of the session hook: the acquire fails with that error, or gets another connection.
    private func failed(
        _ seat: Seat, _ call: SessionHookCall, _ error: any Error
    ) async throws -> PendingAcquire.Granted {
        let isRejected = error is PoolTryAgain
        let isClosed = !state.withLock { $0.engine.isLeased(seat.ticket) }
        guard isRejected || isClosed else {
            state.withLock { $0.entries[seat.ticket.position].failure = error }
            end(seat, .hookFailed, .orderly)
            throw error
        }
        let random = random()
        let answer: Answer? = transition { state, now, effects in
            let lane = state.engine.preparations[seat.ticket]?.lane
            if isRejected, !isClosed { state.entries[seat.ticket.position].failure = error }
            if let lane, isRejected { state.lanes[lane].lastError = error }
            let outcome = state.engine.acquireAgain(
                instead: seat.ticket, isRejected: isRejected, now: now, deadline: call.deadline, random: random,
                effects: &effects)
            switch outcome {
            case .queued(let ticket):
                let pending = PendingAcquire(ticket, claim: call.claim, deadline: call.deadline)
                state.put(pending, at: ticket)
                return .queued(pending)
            case .failed(let failure):
                let error = makeError(failure.code, lane: lane, call.claim, state, now, phase: .session)
                return .unfinished(.failed(error, nil))
            case .granted, nil: return nil
            }
        }
        switch answer {
        case .queued(let pending): return try await wait(for: pending)
        case .unfinished(.failed(let told, _)):
            report(.acquireFailed(told))
            throw told
        default: throw error
        }
    }

    private func wait(for pending: PendingAcquire) async throws -> PendingAcquire.Granted {
        try await withTaskCancellationHandler {
            unsafe try await withUnsafeThrowingContinuation { unsafe pending.suspend($0) }
        } onCancel: {
            cancel(pending.ticket)
        }
    }

    private func tooLate(_ seat: Seat, _ claim: LeaseClaim) -> PoolError {
        let error = transition { state, now, effects in
            let preparation = state.engine.preparations[seat.ticket]
            let spent = preparation?.spent(at: now) ?? PhaseTimes()
            let error = makeError(
                .acquireTimedOut, lane: preparation?.lane, claim, state, now, elapsed: spent.total, phase: .session,
                spent.byPhase)
            state.engine.unprepared(seat.ticket, .timedOut, mode: .forced, now: now, effects: &effects)
            return error
        }
        report(.acquireFailed(error))
        return error
    }

    private func end(_ seat: Seat, _ failure: Engine.PreparationFailure, _ mode: ConnectionCloseMode) {
        transition { $0.engine.unprepared(seat.ticket, failure, mode: mode, now: $1, effects: &$2) }
    }

    /// Runs the application's close hook, if it has one and the connection can be used.
    ///
    /// - Returns: false if the hook has taken too long, and may still be running.
    func runCloseHook(
        _ seat: Seat, _ mode: ConnectionCloseMode
    ) async -> Bool {
        guard hooks.close, mode == .orderly, seat.connection.condition.isUsable else { return true }
        let deadline = time.now() + configuration.resetTimeout
        let ending = OneShot<Bool>()
        let work = Task.detached {
            do {
                try await self.backend.runHook(.close, on: seat)
            } catch {
                self.logger.info("The close hook has thrown.", metadata: ["error": "\(Self.cause(of: error))"])
            }
            ending.give(.success(true))
        }
        let timer = Task.detached { [time] in
            do { try await time.sleep(until: deadline) } catch { return }
            ending.give(.success(false))
        }
        defer { timer.cancel() }
        // Never throws, because no call of `give` passes a failure.
        let isOver = (try? await ending.value()) ?? false
        if !isOver { work.cancel() }
        return isOver
    }

    /// The error that a hook or the driver has thrown, without the wrapper of hook errors.
    static func cause(of error: any Error) -> any Error { (error as? HookFailure)?.cause ?? error }

    func tag(of ticket: ConnectionID) -> PoolSessionTag? {
        state.withLock { $0.engine.tag(of: ticket) }
    }

    func setTag(_ tag: PoolSessionTag?, of ticket: ConnectionID) {
        let tag = tag.flatMap { $0.isEmpty ? nil : $0 }
        // A connection with a tag is not cached.
        transition { state, _, _ in state.engine.setTag(tag, of: ticket) }
    }
}
