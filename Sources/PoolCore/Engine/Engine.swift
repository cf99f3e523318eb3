/// The pool's decisions, as a value: reports of events go in, ``Effect``s come out.
///
/// An engine knows connections and waiters by their ids alone, does nothing by itself, and does not wait. The shell
/// calls one function at a time under its lock, and performs the effects after unlocking.
///
/// What its functions ask on the way of an acquire or a release is inlined: a call would copy the whole engine.
struct Engine: ~Copyable {
    enum Life: Hashable, Sendable {
        case running
        /// No new acquires; current leases, and those about to begin, may go on until the instant.
        case draining(forceAt: Nanoseconds)
        case forcing(giveUpAt: Nanoseconds)
        case finished
    }

    var configuration: EngineConfiguration
    var life = Life.running
    var slots = SlotTable()
    var waiters = Table<Waiter, WaiterID>()
    var lanes: [EngineLane]
    /// The counts of all lanes together.
    @inline(__always)
    var counts: SlotCounts { slots.counts }
    /// The number of acquires that wait for a connection.
    var waiting: Int { waiters.rowCount }
    /// The acquires that have a connection, and wait for the session hook to run on it.
    var preparations: [ConnectionID: SessionPreparation] = [:]
    var lastReleaseAt = Nanoseconds.min / 2
    var lastQueuedAt = Nanoseconds.min / 2
    var waitGraph: WaitGraph
    var schedule = Schedule()
    /// The sequence number of the next waiter. Engines that share a budget are given numbers that rise across them all.
    var nextSequence: UInt64 = 0
    var permits: PermitBook
    /// No connection is closed for its age before this instant, unless it is overdue.
    var nextRetirementAt: Nanoseconds = 0

    /// The most connections that there may be while the pool is still above a maximum that was lowered.
    var ceiling = 0
    /// The events that callers wait for besides connections.
    var goals: [Goal] = []
    var lastGoal: GoalNumber = 0
    var rotation: Rotation?

    var counters = PoolCounters()
    var waitTimes = PoolHistogram()
    var useTimes = PoolHistogram()
    var connectTimes = PoolHistogram()

    init(configuration: EngineConfiguration, sharesBudget: Bool = false) {
        self.configuration = configuration
        permits = PermitBook(isShared: sharesBudget)
        lanes = configuration.lanes.map(EngineLane.init(limits:))
        waitGraph = WaitGraph(capacity: configuration.maximumConnections)
    }

    /// Opens connections up to the minimums.
    mutating func start(_ turn: inout Turn) {
        serveAll(&turn)
        check()
    }

    // MARK: Acquiring

    enum AcquireOutcome: Hashable, Sendable {
        case granted(ConnectionID)
        /// An effect of a later call will decide.
        case queued(WaiterID)
        case failed(AcquireFailure)
    }

    /// Begins an acquire.
    ///
    /// - Parameters:
    ///   - holder: the task that will hold the lease, or 0 if the lease may move between tasks.
    ///   - asker: the task that waits; nil if it is the holder.
    mutating func acquire(
        lane: Int, priority: Int32, holder: UInt, asker: UInt? = nil, tag: TagRequest? = nil, deadline: Nanoseconds,
        _ turn: inout Turn
    ) -> AcquireOutcome {
        guard life == .running else {
            counters.refusedAtClose += 1
            return .failed(life == .finished ? .closed : .draining)
        }
        if lanes[lane].waiters.isEmpty, let slot = nextIdle(of: lane, for: tag), !needsValidation(slot, turn.now) {
            grant(slot, to: holder, &turn)
            if needsSessionHook(slot, tag) {
                beginPreparation(of: slot, lane, priority, holder, asker ?? holder, tag, &turn)
            } else {
                counters.acquired += 1
                waitTimes.record(0)
            }
            if lanes[lane].limits.minimumIdle > 0 { serveAll(&turn) }
            check()
            return .granted(slots.id(of: slot))
        }
        if let failure = reasonNotToQueue(lane: lane, asker: asker ?? holder, now: turn.now, deadline: deadline) {
            counters.count(failure)
            return .failed(failure)
        }
        let waiter = enqueue(
            lane: lane, priority: priority, holder: holder, asker: asker ?? holder, tag: tag,
            deadline: deadline, &turn)
        hurry(lane)
        if lanes[lane].limits.growth > 1 { beginGrowth(of: lane) }
        let id = waiters.id(of: waiter)
        serveAll(&turn)
        check()
        return .queued(id)
    }

    private func reasonNotToQueue(
        lane: Int, asker: UInt, now: Nanoseconds, deadline: Nanoseconds
    ) -> AcquireFailure? {
        if deadline <= now { return .timedOut }
        if waiting >= configuration.maximumWaiters, wouldExceedQueue(lane) { return .tooManyWaiters }
        if lanes[lane].isRefused, now < lanes[lane].retryAt, lanes[lane].counts.live == 0 { return .refused }
        let hasRoom = counts.total < configuration.maximumConnections
        return waitGraph.wouldDeadlock(asker, waitingFor: lane, in: lanes, hasRoom: hasRoom) ? .wouldDeadlock : nil
    }

    /// Puts an acquire into the queue.
    ///
    /// - Parameter earlier: the record of an acquire that had a connection already, and needs another.
    mutating func enqueue(
        lane: Int, priority: Int32, holder: UInt, asker: UInt, tag: TagRequest?, deadline: Nanoseconds,
        earlier: SessionPreparation? = nil, _ turn: inout Turn
    ) -> Int32 {
        lanes[lane].settlePhase(turn.now)
        lastQueuedAt = turn.now
        var phasesBefore = lanes[lane].phaseTimes(at: turn.now)
        if let earlier { phasesBefore = phasesBefore - earlier.spent(at: turn.now) }
        let waiter = waiters.insert(
            Waiter(
                lane: lane, priority: priority, sequence: earlier?.sequence ?? nextSequence, since: turn.now,
                holder: holder, asker: asker, phasesBefore: phasesBefore, tag: tag))
        if earlier == nil {
            nextSequence += 1
            lanes[lane].waiters.append(waiter, priority: priority, in: &waiters)
        } else {
            lanes[lane].waiters.putBack(waiter, priority: priority, in: &waiters)
        }
        schedule.add(waiter: waiter, deadline, &turn)
        if earlier?.isInQueue != true { counters.enqueued += 1 }
        counters.peakWaiting = max(counters.peakWaiting, waiting)
        waitGraph.setWait(of: asker, for: lane)
        return waiter
    }

    /// Ends the wait of an acquire without a lease.
    mutating func fail(_ waiter: Int32, _ failure: AcquireFailure, _ turn: inout Turn) {
        let lane = waiters[waiter].lane
        let times = lanes[lane].phaseTimes(at: turn.now) - waiters[waiter].phasesBefore
        let wait = EndedWait(times: times, lane: Int32(lane), phase: lanes[lane].phase)
        dequeue(waiter, &turn)
        counters.count(failure, inQueue: true)
        turn.effects.append(.fail(waiters.id(of: waiter), wait, failure))
    }

    /// Takes the waiter out of the queue, however its wait ends. Its row stays readable for the rest of the call.
    mutating func dequeue(_ waiter: Int32, _ turn: inout Turn) {
        let lane = waiters[waiter].lane
        lanes[lane].waiters.remove(waiter, priority: waiters[waiter].priority, in: &waiters)
        waiters.remove(waiter)
        schedule.remove(waiter: waiter)
        counters.queueTimes.record(turn.now - waiters[waiter].since)
        waitGraph.setWait(of: waiters[waiter].asker, for: nil)
    }

    /// Ends a cancelled acquire. False if it had ended before.
    mutating func cancel(_ waiter: WaiterID, _ turn: inout Turn) -> Bool {
        guard waiters.contains(waiter) else { return false }
        dequeue(waiter.index, &turn)
        counters.countCancelled(inQueue: true)
        settleClosing(&turn)
        serveOthers(&turn)
        check()
        return true
    }

    /// Serves again after a change that may make it the turn of a waiter that an idle session with a tag suits.
    private mutating func serveOthers(_ turn: inout Turn) {
        if slots.taggedCount > 0, waiting > 0 {
            serveAll(&turn)
        } else if permits.hasAsked {
            settlePermits(&turn)
        }
    }

    // MARK: Releasing

    /// Ends a lease. Ignored if the connection was closed under it.
    /// - Parameter breaking: the reason of the close, if the connection is broken.
    mutating func release(
        _ connection: ConnectionID, condition: ConnectionCondition,
        breaking reason: ConnectionCloseReason = .broken,
        _ turn: inout Turn
    ) {
        guard isLeased(connection) else { return }
        lastReleaseAt = turn.now
        useTimes.record(turn.now - slots[connection.index].since)
        let slot = connection.index
        let isUsable = condition.isUsable
        if !isUsable, reason == .broken { noteStillbirth(slot, &turn) }
        let isGoodNews = isUsable && noteGoodUse(of: slots[connection.index].lane)
        switch condition {
        case .clean where !configuration.resetsEveryRelease:
            offer(slot, &turn)
        case .dirty where isUsedUp(slot) && !configuration.resetsEveryRelease:
            // `offer` will close a used-up connection: skip its reset.
            offer(slot, &turn)
        case .clean, .dirty:
            move(slot, to: .resetting, &turn)
            schedule.setDeadline(of: slot, turn.now.adding(configuration.resetTimeout), &turn)
            turn.effects.append(.reset(connection))
            // A waiter with a connection on the way lets the next one look at the idle sessions.
            serveOthers(&turn)
        case .broken:
            close(slot, reason, .orderly, &turn)
            serveAll(&turn)
        case .generationBroken:
            endGeneration(of: slot, &turn)
            close(slot, reason, .orderly, &turn)
            serveAll(&turn)
        }
        if isGoodNews { serveAll(&turn) }
        check()
    }
}
