/// An acquire that has a connection, and waits for the application's session hook.
struct SessionPreparation: Sendable {
    let lane: Int
    let priority: Int32
    let holder: UInt
    let asker: UInt
    let request: TagRequest?
    /// The acquire's place among the waiters, if it has to wait again.
    let sequence: UInt64
    /// The time it waited before it had the connection.
    let waited: PhaseTimes
    let since: Nanoseconds
    /// True if the statistics count it among the acquires that left the queue for a lease.
    var isInQueue: Bool

    func spent(at now: Nanoseconds) -> PhaseTimes {
        var spent = waited
        spent.session += now - since
        return spent
    }
}

extension Engine {
    /// The end of an acquire that waited for its session hook, other than by a lease.
    enum PreparationFailure: Hashable, Sendable {
        case timedOut
        case cancelled
        /// The hook has thrown.
        case hookFailed
    }

    func needsSessionHook(_ slot: Int32, _ request: TagRequest?) -> Bool {
        configuration.hasSessionHook && (!slots[slot].flags.contains(.isSetUp) || slots[slot].tag != request?.tag)
    }

    /// Notes that an acquire that did not wait has its connection.
    mutating func beginPreparation(
        of slot: Int32, _ lane: Int, _ priority: Int32, _ holder: UInt, _ asker: UInt, _ request: TagRequest?,
        _ turn: inout Turn
    ) {
        preparations[slots.id(of: slot)] = SessionPreparation(
            lane: lane, priority: priority, holder: holder, asker: asker, request: request, sequence: nextSequence,
            waited: PhaseTimes(), since: turn.now, isInQueue: false)
        nextSequence += 1
    }

    /// Notes that a waiter that has just been dequeued has its connection.
    mutating func beginPreparation(of slot: Int32, for waiter: Waiter, _ turn: inout Turn) {
        let lane = waiter.lane
        preparations[slots.id(of: slot)] = SessionPreparation(
            lane: lane, priority: waiter.priority, holder: waiter.holder, asker: waiter.asker, request: waiter.tag,
            sequence: waiter.sequence, waited: lanes[lane].phaseTimes(at: turn.now) - waiter.phasesBefore,
            since: turn.now, isInQueue: true)
    }

    /// Begins the lease: the session hook has run, and the session is set up for `tag` now.
    mutating func prepared(_ connection: ConnectionID, tag: PoolSessionTag?, _ turn: inout Turn) {
        guard let preparation = preparations.removeValue(forKey: connection) else { return }
        counters.acquired += 1
        waitTimes.record(preparation.spent(at: turn.now).total)
        if isLeased(connection) {
            slots.setTag(tag, of: connection.index)
            slots[connection.index].flags.insert(.isSetUp)
        }
        check()
    }

    /// Ends the acquire without a lease. Its connection is closed, and the failure does not count against the server.
    mutating func unprepared(
        _ connection: ConnectionID, _ failure: PreparationFailure, mode: ConnectionCloseMode, _ turn: inout Turn
    ) {
        guard let preparation = preparations.removeValue(forKey: connection) else { return }
        if preparation.isInQueue { counters.dequeued -= 1 }
        switch failure {
        case .timedOut: counters.count(.timedOut, inQueue: preparation.isInQueue)
        case .cancelled: counters.countCancelled(inQueue: preparation.isInQueue)
        case .hookFailed: counters.count(.hookFailed, inQueue: preparation.isInQueue)
        }
        closeUnprepared(connection, mode, &turn)
        serveAll(&turn)
        check()
    }

    /// Gives an acquire that needs another connection its place in the queue again.
    ///
    /// The turn needs a random number, for the backoff.
    ///
    /// - Parameter isRejected: true if the hook did not want the connection: another is opened no faster than after a
    ///   failed connect. False if it was closed under the hook.
    mutating func acquireAgain(
        instead connection: ConnectionID, isRejected: Bool, deadline: Nanoseconds, _ turn: inout Turn
    ) -> AcquireOutcome? {
        guard let preparation = preparations.removeValue(forKey: connection) else { return nil }
        let isInQueue = preparation.isInQueue
        if isRejected { noteFailure(of: preparation.lane, &turn) }
        if isInQueue { counters.dequeued -= 1 }
        closeUnprepared(connection, .orderly, &turn)
        defer { check() }
        guard life == .running, deadline > turn.now else {
            let failure: AcquireFailure =
                life == .running ? .timedOut : isInQueue || life == .finished ? .closed : .draining
            counters.count(failure, inQueue: isInQueue)
            serveAll(&turn)
            return .failed(failure)
        }
        let waiter = enqueue(
            lane: preparation.lane, priority: preparation.priority, holder: preparation.holder,
            asker: preparation.asker, tag: preparation.request, deadline: deadline, earlier: preparation,
            &turn)
        let id = waiters.id(of: waiter)
        serveAll(&turn)
        return .queued(id)
    }

    /// Forgets the preparation of an acquire whose connection was found dead before its hook began.
    mutating func dropPreparation(of connection: ConnectionID) {
        preparations[connection] = nil
    }

    private mutating func closeUnprepared(
        _ connection: ConnectionID, _ mode: ConnectionCloseMode, _ turn: inout Turn
    ) {
        if isLeased(connection) { close(connection.index, .sessionFailed, mode, &turn) }
    }
}
