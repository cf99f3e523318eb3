import PoolCore

/// The calls of a ``FakeDriver``, and the rules that they broke.
public struct FakeLedger: Sendable, Hashable {
    /// The number of calls that have begun, by step.
    public internal(set) var begun: [FakeStep: Int] = [:]
    /// The number of calls that threw, by step.
    public internal(set) var failed: [FakeStep: Int] = [:]
    /// The number of connections that are being opened, are open, or are being closed now.
    public internal(set) var openNow = 0
    /// The largest value of ``openNow`` so far.
    public internal(set) var peakOpen = 0
    /// The value of ``openNow`` for each lane, by the lane's name.
    public internal(set) var openByLane: [String: Int] = [:]
    /// The largest value of ``openByLane`` so far for each lane, by the lane's name.
    public internal(set) var peakByLane: [String: Int] = [:]
    /// The number of connects in progress.
    public internal(set) var connectingNow = 0
    /// The largest value of ``connectingNow`` so far.
    public internal(set) var peakConnecting = 0
    /// The broken rules, in words: two simultaneous calls on one connection, a call after close, a second close, more
    /// connections than the pool or a lane may have. Empty if the pool is correct.
    public internal(set) var violations: [String] = []

    var maximumConnections = Int.max

    mutating func connectBegins(_ lane: PoolLaneConfiguration) {
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

    /// The findings about a pool that should be closed: the ``violations``, and connections that are still open.
    public var findingsAfterClose: [String] {
        openNow == 0 ? violations : violations + ["\(openNow) connections were never closed"]
    }
}
