extension Engine {
    /// What the session of the leased connection is set up for, from now on.
    mutating func setTag(_ tag: SessionTag?, of connection: ConnectionTicket) {
        guard isCurrent(connection), slots[connection.position].state == .leased else { return }
        setTag(tag, ofSlot: connection.index)
    }

    mutating func setTag(_ tag: SessionTag?, ofSlot slot: Int32) {
        let before = slots[Int(slot)].tag
        guard before != nil || tag != nil else { return }
        taggedCount += (tag == nil ? 0 : 1) - (before == nil ? 0 : 1)
        slots[Int(slot)].tag = tag
    }

    func tag(of connection: ConnectionTicket) -> SessionTag? {
        isCurrent(connection) ? slots[connection.position].tag : nil
    }

    /// The idle connection that suits the request best; among equals the one that comes next anyway.
    func nextIdle(of lane: Int, for request: TagRequest?) -> Int32? {
        taggedCount == 0 ? nextIdle(of: lane) : bestIdle(of: lane, for: request)
    }

    private func bestIdle(of lane: Int, for request: TagRequest?) -> Int32? {
        var best = nowhere
        var lowest = Int.max
        var slot = configuration.isLastInFirstOut ? lanes[lane].idle.last : lanes[lane].idle.first
        while slot != nowhere, lowest > 0 {
            let cost = Self.cost(of: slots[Int(slot)].tag, for: request)
            if cost < lowest { (best, lowest) = (slot, cost) }
            let links = slots[Int(slot)].links
            slot = configuration.isLastInFirstOut ? links.previous : links.next
        }
        return best == nowhere ? nil : best
    }

    private static func cost(of tag: SessionTag?, for request: TagRequest?) -> Int {
        guard let request else { return tag == nil ? 0 : 1 }
        if tag == request.tag { return 0 }
        return request.match == .cheapest ? request.tag.distance(from: tag) : tag == nil ? 1 : 2
    }
}
