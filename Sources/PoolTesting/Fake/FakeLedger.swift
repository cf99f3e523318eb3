import PoolCore

/// What a ``FakeDriver`` was asked to do, and which rules were broken in doing so.
public struct FakeLedger: Sendable, Hashable {
    /// Calls that have begun, by step.
    public internal(set) var begun: [FakeStep: Int] = [:]
    /// Calls that threw, by step.
    public internal(set) var failed: [FakeStep: Int] = [:]
    /// Connections that are being opened, are open, or are being closed now.
    public internal(set) var openNow = 0
    /// The most that there ever were at once.
    public internal(set) var peakOpen = 0
    /// The same for each lane, by its name.
    public internal(set) var openByLane: [String: Int] = [:]
    public internal(set) var peakByLane: [String: Int] = [:]
    /// Connects that are under way now, and the most that ever were at once.
    public internal(set) var connectingNow = 0
    public internal(set) var peakConnecting = 0
    /// Broken rules, in words: two calls at once on one connection, a call after close, a second close, more
    /// connections than the pool or a lane may have. Empty if the pool is correct.
    public internal(set) var violations: [String] = []

    var maximumConnections = Int.max

    mutating func connectBegins(_ lane: LaneConfiguration) {
        openNow += 1
        peakOpen = max(peakOpen, openNow)
        openByLane[lane.name, default: 0] += 1
        let ofLane = openByLane[lane.name, default: 0]
        peakByLane[lane.name] = max(peakByLane[lane.name, default: 0], ofLane)
        connectingNow += 1
        peakConnecting = max(peakConnecting, connectingNow)
        if openNow > maximumConnections {
            violations.append("\(openNow) connections are open, but the pool's maximum is \(maximumConnections)")
        }
        if ofLane > lane.maximumConnections {
            violations.append(
                "\(ofLane) connections of lane \(lane.name) are open, but its maximum is \(lane.maximumConnections)")
        }
    }

    mutating func connectEnds() {
        connectingNow -= 1
    }

    mutating func isGone(from lane: String) {
        openNow -= 1
        openByLane[lane, default: 0] -= 1
    }

    /// What is wrong if the pool is closed by now: the ``violations``, and connections that are still open.
    public var findingsAfterClose: [String] {
        openNow == 0 ? violations : violations + ["\(openNow) connections were never closed"]
    }
}
