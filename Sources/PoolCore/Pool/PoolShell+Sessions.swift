internal import Logging
internal import Synchronization

/// What must be done to a session before the holder of the lease gets it.
@usableFromInline
final class SessionPreparation: Sendable {
    /// The session belongs to a tag that was not asked for: reset it first.
    let resets: Bool
    let runsHook: Bool
    let tag: SessionTag?
    let deadline: Nanoseconds

    init(resets: Bool, runsHook: Bool, tag: SessionTag?, deadline: Nanoseconds) {
        self.resets = resets
        self.runsHook = runsHook
        self.tag = tag
        self.deadline = deadline
    }
}

/// How the preparation of a session ended.
private enum SessionEnding: Sendable {
    case ready
    case failed(any Error)
    /// The acquire's deadline has passed; the hook may still be running.
    case late
    case cancelled
}

extension PoolShell {
    /// Under the lock: a lease begins.
    func begin(
        _ ticket: ConnectionTicket, _ claim: LeaseClaim, _ request: TagRequest?, _ deadline: Nanoseconds,
        _ state: inout PoolState
    ) -> PendingAcquire.Granted? {
        guard let seat = state.begin(ticket, for: claim) else { return nil }
        // Nearly always there is nothing to look at.
        let preparation =
            hasSessionHook || state.engine.taggedCount > 0
            ? makePreparation(ticket, request, deadline, &state) : nil
        return PendingAcquire.Granted(seat: seat, preparation: preparation)
    }

    private func makePreparation(
        _ ticket: ConnectionTicket, _ request: TagRequest?, _ deadline: Nanoseconds, _ state: inout PoolState
    ) -> SessionPreparation? {
        let isNew = state.entries[ticket.position].leases == 1
        let tag = state.engine.tag(of: ticket)
        if tag == request?.tag, !isNew { return nil }
        let resets = tag != nil && tag != request?.tag && (request?.match ?? .exact) == .exact
        let runsHook = hasSessionHook && (isNew || (resets ? nil : tag) != request?.tag)
        guard resets || runsHook else { return nil }
        return SessionPreparation(resets: resets, runsHook: runsHook, tag: request?.tag, deadline: deadline)
    }

    /// Does what the lease's holder is to find done, in a task of the pool's own. If it fails, takes too long or is cancelled the lease
    /// ends, and the acquire fails.
    func prepared(_ granted: PendingAcquire.Granted) async throws -> UncountedReference<Seat> {
        guard let preparation = granted.preparation else { return granted.retainedSeat }
        let ending = OneShot<SessionEnding>()
        let work = Task.detached {
            do {
                try await self.prepare(granted, preparation)
                ending.give(.success(.ready))
            } catch {
                ending.give(.success(.failed(Self.cause(of: error))))
            }
        }
        let timer = Task.detached { [time] in
            do { try await time.sleep(until: PoolInstant(nanoseconds: preparation.deadline)) } catch { return }
            ending.give(.success(.late))
        }
        defer { timer.cancel() }
        let how = try await withTaskCancellationHandler {
            try await ending.value()
        } onCancel: {
            ending.give(.success(.cancelled))
        }
        switch how {
        case .ready:
            return granted.retainedSeat
        case .failed(let error):
            discard(granted, .orderly)
            throw error
        case .late:
            let error = lateSession(granted)
            work.cancel()
            discard(granted, .forced)
            report(.acquireFailed(error))
            throw error
        case .cancelled:
            work.cancel()
            discard(granted, .forced)
            throw CancellationError()
        }
    }

    private func prepare(_ granted: PendingAcquire.Granted, _ preparation: SessionPreparation) async throws {
        if preparation.resets {
            try await backend.reset(granted.connection)
            setTag(nil, of: granted.ticket)
            try await backend.setUp(granted.seat)
        }
        guard preparation.runsHook else { return }
        let before = tag(of: granted.ticket)
        try await backend.runHook(.session(preparation.tag), on: granted.seat)
        // A hook that sets none vouches for the tag that was asked for.
        if tag(of: granted.ticket) == before { setTag(preparation.tag, of: granted.ticket) }
    }

    private func lateSession(_ granted: PendingAcquire.Granted) -> PoolError {
        transition { state, now, _ in
            let slot = state.engine.slots[granted.ticket.position]
            let spent = Duration.nanoseconds(max(0, now - slot.since))
            return makeError(
                .acquireTimedOut, lane: Int(slot.lane), state.entries[granted.ticket.position].claim, state, now,
                elapsed: spent.wholeNanoseconds, phase: .session, [.session: spent])
        }
    }

    private func discard(_ granted: PendingAcquire.Granted, _ mode: CloseMode) {
        let random = random()
        transition {
            $0.engine.discardUnprepared(granted.ticket, mode: mode, now: $1, random: random, effects: &$2)
        }
    }

    /// Runs the application's close hook, if it has one and the connection can be used.
    ///
    /// - Returns: false if the hook has taken too long, and may still be running.
    func runCloseHook(
        _ seat: Seat, _ mode: CloseMode
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
        // It is given no failure.
        let isOver = (try? await ending.value()) ?? false
        if !isOver { work.cancel() }
        return isOver
    }

    /// What a hook has thrown, or the driver.
    static func cause(of error: any Error) -> any Error { (error as? HookFailure)?.cause ?? error }

    func tag(of ticket: ConnectionTicket) -> SessionTag? {
        state.withLock { $0.engine.tag(of: ticket) }
    }

    func setTag(_ tag: SessionTag?, of ticket: ConnectionTicket) {
        let tag = tag.flatMap { $0.isEmpty ? nil : $0 }
        // A connection with a tag is not cached.
        transition { state, _, _ in state.engine.setTag(tag, of: ticket) }
    }
}
