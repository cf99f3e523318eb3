extension Engine {
    /// Sets the tag that the session of the leased connection is set up for.
    mutating func setTag(_ tag: PoolSessionTag?, of connection: ConnectionID) {
        guard isLeased(connection) else { return }
        // A session whose tag was taken away is not one that the session hook has set up for no tag.
        if tag == nil, slots[connection.index].tag != nil { slots[connection.index].flags.remove(.isSetUp) }
        slots.setTag(tag, of: connection.index)
    }

    func tag(of connection: ConnectionID) -> PoolSessionTag? {
        slots.contains(connection) ? slots[connection.index].tag : nil
    }

    // MARK: Who may have which session

    /// True if a session may be given to `request` as it is. Otherwise it has to be reset first.
    static func suits(_ tag: PoolSessionTag?, _ request: TagRequest?) -> Bool {
        guard let tag else { return true }
        guard let request else { return false }
        return request.match != .exact || request.tag == tag
    }

    /// The idle connection that suits the request best, or nil if none does; among equals the one that comes next
    /// anyway.
    func nextIdle(of lane: Int, for request: TagRequest?) -> Int32? {
        slots.taggedCount == 0 ? nextIdle(of: lane) : bestIdle(of: lane, for: request)
    }

    private func bestIdle(of lane: Int, for request: TagRequest?) -> Int32? {
        var best: Int32?
        var lowest = Int.max
        var next = nextIdle(of: lane)
        while let slot = next, lowest > 0 {
            let tag = slots[slot].tag
            let cost = Self.suits(tag, request) ? Self.cost(of: tag, for: request) : Int.max
            if cost < lowest { (best, lowest) = (slot, cost) }
            let links = slots[slot].links
            next = configuration.isLastInFirstOut ? links.previous : links.next
        }
        return best
    }

    /// The distance from a session that suits the request to the tag that it asks for; 0 is that tag itself.
    private static func cost(of tag: PoolSessionTag?, for request: TagRequest?) -> Int {
        guard let request, tag != request.tag else { return 0 }
        return request.match == .cheapest ? request.tag.distance(from: tag) : tag == nil ? 1 : 2
    }

    /// The waiter of the lane whose turn it is and for which there is an idle connection, and that connection.
    ///
    /// If the idle sessions suit no waiter whose turn it is, each waiter that has a connection on the way lets the next
    /// one look: no waiter loses by it.
    func nextMatch(of lane: Int) -> (waiter: Int32, slot: Int32)? {
        guard slots.taggedCount > 0 else {
            guard let waiter = lanes[lane].waiters.next, let slot = nextIdle(of: lane) else { return nil }
            return (waiter, slot)
        }
        guard !lanes[lane].idle.isEmpty else { return nil }
        for place in 0...lanes[lane].counts.onTheWay {
            guard let waiter = lanes[lane].waiters.member(after: place, in: waiters) else { return nil }
            if let slot = nextIdle(of: lane, for: waiters[waiter].tag) { return (waiter, slot) }
        }
        return nil
    }

    /// The waiter that gets the connection in `slot`, which has just come free; nil if its session suits no waiter
    /// whose turn it is.
    func nextWaiter(for slot: Int32) -> Int32? {
        let lane = slots[slot].lane
        guard let tag = slots[slot].tag else { return lanes[lane].waiters.next }
        // This connection does not count among those on the way.
        let own =
            switch slots[slot].state {
            case .opening: slots[slot].isSilent ? 0 : 1
            case .validating, .resetting: 1
            case .free, .abandoned, .idle, .leased, .closing: 0
            }
        for place in 0...max(0, lanes[lane].counts.onTheWay - own) {
            guard let waiter = lanes[lane].waiters.member(after: place, in: waiters) else { return nil }
            if Self.suits(tag, waiters[waiter].tag) { return waiter }
        }
        return nil
    }

    /// Resets the idle session with a tag that was unused for longest, so that any waiter may get it, if no idle
    /// session suits the next waiter and there is no room for another connection.
    mutating func resetTagged(_ lane: Int, _ turn: inout Turn) -> Bool {
        guard mustResetTagged(lane), let slot = lanes[lane].idle.first else { return false }
        let isStale = turn.now - slots[slot].since >= configuration.validateAfterIdle
        slots.setTag(nil, of: slot)
        slots[slot].flags.remove(.isSetUp)
        move(slot, to: .resetting, &turn)
        schedule.setDeadline(of: slot, turn.now.adding(configuration.resetTimeout), &turn)
        turn.effects.append(.resetTagged(slots.id(of: slot), isStale: isStale))
        return true
    }

    /// True once all waiters that can be served otherwise are. Ask only if no idle session suits the waiters whose turn
    /// it is.
    @inline(__always)
    func mustResetTagged(_ lane: Int) -> Bool {
        slots.taggedCount > 0 && !lanes[lane].idle.isEmpty && lanes[lane].waiters.count > lanes[lane].counts.onTheWay
            && !hasRoom(lane)
    }

    /// True if another connection of the lane can be opened, if not now then soon.
    private func hasRoom(_ lane: Int) -> Bool {
        !lanes[lane].isProbing && lanes[lane].counts.total < lanes[lane].limits.maximum
            && counts.total < configuration.maximumConnections && counts.total < permits.held
    }
}
