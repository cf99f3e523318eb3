@testable import PoolCore

/// Tags and the session hook: who may have which session, and what becomes of an acquire whose session must be set up
/// first.
extension ShadowModel {
    /// How the acquires have ended that were asked for since the statistics were reset.
    struct Tally: Hashable {
        var acquired = 0
        var timedOut = 0
        var cancelled = 0
        var failed = 0
        var others = 0

        var all: Int { acquired + timedOut + cancelled + failed + others }
    }

    /// How little suits the request: nil if the session must be reset first.
    private func misfit(_ tag: PoolSessionTag?, _ request: TagRequest?) -> Int? {
        guard let request else { return tag == nil ? 0 : nil }
        guard let tag else { return request.match == .cheapest ? request.tag.distance(from: nil) : 1 }
        if tag == request.tag { return 0 }
        switch request.match {
        case .exact: return nil
        case .any: return 2
        case .cheapest: return request.tag.distance(from: tag)
        }
    }

    /// The idle connection whose turn it is.
    func nextIdle(_ lane: Int, for request: TagRequest?) -> Connection? {
        let inOrder = configuration.isLastInFirstOut ? connections.reversed() : connections
        let fitting = inOrder.filter { $0.lane == lane && $0.state == .idle && misfit($0.tag, request) != nil }
        let best = fitting.compactMap { misfit($0.tag, request) }.min()
        return fitting.first { misfit($0.tag, request) == best }
    }

    /// The waiters whose turn it is: the first, and one more for each connection on the way.
    private func turn(_ lane: Int) -> ArraySlice<Waiting> {
        let inOrder = waiters.filter { $0.lane == lane }.sorted { ($0.priority, $0.order) < ($1.priority, $1.order) }
        return inOrder.prefix(1 + onTheWay(lane))
    }

    /// The waiter who gets an idle connection next, and that connection.
    func nextMatch(_ lane: Int) -> (waiter: Waiting, connection: Connection)? {
        for waiter in turn(lane) {
            if let connection = nextIdle(lane, for: waiter.request) { return (waiter, connection) }
        }
        return nil
    }

    /// The waiter who gets this connection.
    func nextWaiter(for connection: Connection) -> Waiting? {
        turn(connection.lane).first { misfit(connection.tag, $0.request) != nil }
    }

    /// True if an idle session must be reset for a waiter: nothing else can serve it.
    func mustResetTagged(_ lane: Int) -> Bool {
        let hasRoom =
            lanes[lane].failures == 0 && silentCount(lane) == 0 && total(lane) < configuration.lanes[lane].maximum
            && !isFull
            && (!permits.isShared || total() < permits.received - permits.demand.returned)
        return !hasRoom && count(lane, .idle) > 0 && nextMatch(lane) == nil
            && waiterCount(lane) > onTheWay(lane)
    }

    func followResetTagged(_ id: ConnectionID, _ isStale: Bool) {
        guard let place = place(id) else { return require(false, "reset nothing") }
        let connection = connections[place]
        require(connection.state == .idle && connection.tag != nil, "reset a session without a tag")
        require(mustResetTagged(connection.lane), "reset a tagged session without need")
        let oldest = connections.first { $0.lane == connection.lane && $0.state == .idle }
        require(oldest?.id == id, "reset another session than the one that was unused for longest")
        require(isStale == (now - connection.since >= configuration.validateAfterIdle), "stale: \(isStale)")
        connections[place].tag = nil
        connections[place].isSetUp = false
        connections[place].isInHand = false
        enter(.resetting, place, deadline: now.adding(configuration.resetTimeout))
    }

    // MARK: The session hook

    func needsSessionHook(_ connection: Connection, _ request: TagRequest?) -> Bool {
        configuration.hasSessionHook && (!connection.isSetUp || connection.tag != request?.tag)
    }

    /// A lease begins, or the session hook first.
    func begin(_ waiter: Waiting, on connection: Connection) {
        guard needsSessionHook(connection, waiter.request) else { return tally.acquired += 1 }
        preparing[connection.id] = waiter
    }

    func prepared(_ id: ConnectionID, _ tag: PoolSessionTag?) {
        guard preparing.removeValue(forKey: id) != nil else { return require(false, "nothing was prepared") }
        tally.acquired += 1
        guard let place = place(id), connections[place].state == .leased else { return }
        connections[place].tag = tag
        connections[place].isSetUp = true
    }

    func unprepared(_ id: ConnectionID, _ failure: Engine.PreparationFailure) {
        guard preparing.removeValue(forKey: id) != nil else { return require(false, "nothing was prepared") }
        switch failure {
        case .timedOut: tally.timedOut += 1
        case .cancelled: tally.cancelled += 1
        case .hookFailed: tally.failed += 1
        }
    }

    func acquiresAgain(_ id: ConnectionID, isRejected: Bool, outcome: Engine.AcquireOutcome?) {
        guard var waiter = preparing.removeValue(forKey: id) else { return require(false, "nothing was prepared") }
        if isRejected { noteFailure(waiter.lane) }
        switch outcome {
        case .queued(let again):
            require(life == .running && waiter.deadline > now, "queued again too late")
            if !waiter.isInQueue { enqueued += 1 }
            (waiter.isInQueue, waiter.since) = (true, now)
            waiter = Waiting(
                id: again, lane: waiter.lane, priority: waiter.priority, deadline: waiter.deadline,
                holder: waiter.holder, order: waiter.order, since: now, request: waiter.request)
            waiters.insert(waiter, at: waiters.firstIndex { $0.order > waiter.order } ?? waiters.count)
        case .failed(let reason):
            require(life != .running || waiter.deadline <= now, "\(reason) though it could wait again")
            count(reason)
        case .granted, nil: require(false, "an acquire in need was \(String(describing: outcome))")
        }
    }

    func count(_ failure: AcquireFailure) {
        switch failure {
        case .timedOut: tally.timedOut += 1
        case .refused, .wouldDeadlock, .hookFailed: tally.failed += 1
        case .closed, .draining, .tooManyWaiters: tally.others += 1
        }
    }

    func setTag(_ place: Int, _ tag: PoolSessionTag?) {
        if tag == nil, connections[place].tag != nil { connections[place].isSetUp = false }
        connections[place].tag = tag
    }

    func compareTally(with engine: borrowing Engine) {
        let counters = engine.counters
        let told = (counters.acquired, counters.timedOut, counters.cancelled, counters.failed)
        let isRight = told == (tally.acquired, tally.timedOut, tally.cancelled, tally.failed)
        require(isRight, "acquired, timed out, cancelled, failed: \(told) are not \(tally)")
        let requests = counters.requests(waiting: engine.waiting + engine.preparations.count)
        require(requests == tally.all + waiters.count + preparing.count, "\(requests) requests are not \(tally)")
        require(Set(engine.preparations.keys) == Set(preparing.keys), "others wait for their session hook")
        require(engine.waitTimes.count == tally.acquired, "\(engine.waitTimes.count) waits of \(tally.acquired) leases")
        for connection in connections where connection.state == .idle || connection.state == .leased {
            let slot = engine.slots[connection.id.index]
            require(slot.tag == connection.tag, "\(connection.id) has another tag")
            let isSetUp = slot.flags.contains(.isSetUp)
            require(isSetUp == connection.isSetUp, "\(connection.id): set up is \(isSetUp)")
        }
    }
}
