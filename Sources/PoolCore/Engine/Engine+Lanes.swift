extension Engine {
    /// Adds a lane for connections that are not interchangeable with any others, with the limits of `base` and no
    /// minimum.
    ///
    /// The new lane takes the place of an earlier one without connections and waiters, if there is one: lanes made on
    /// demand never outnumber connections and waiters.
    mutating func addLane(like base: Int) -> Int {
        var lane = EngineLane(limits: lanes[base].limits.onDemand)
        lane.base = base
        if let unused = lanes.firstIndex(where: \.isUnused) {
            lanes[unused] = lane
            // Nothing is left to be replaced in the lane that was here.
            rotation?.noteNew(in: unused)
            return unused
        }
        lanes.append(lane)
        return lanes.count - 1
    }

    /// Lets each lane try again now, because the reason for which connects failed may be gone.
    mutating func retryConnects(_ turn: inout Turn) {
        for lane in lanes.indices {
            lanes[lane].failures = 0
            lanes[lane].stillbirths = 0
            lanes[lane].isRefused = false
            lanes[lane].retryAt = turn.now
        }
        serveAll(&turn)
        check()
    }
}

extension EngineConfiguration.Lane {
    /// The limits of a lane made on demand: it never opens connections ahead of acquires.
    var onDemand: Self {
        var limits = self
        limits.minimum = 0
        limits.minimumIdle = 0
        limits.growth = 1
        return limits
    }
}
