extension Engine {
    /// A lane for connections that are not interchangeable with any others, with the limits of `base` and no minimum.
    ///
    /// It takes the place of an earlier one that has neither connections nor waiters any more, if there is such: lanes
    /// that are made on demand are never more than connections and waiters.
    mutating func addLane(like base: Int) -> Int {
        var lane = EngineLane(limits: lanes[base].limits.onDemand)
        lane.base = base
        if let unused = lanes.firstIndex(where: \.isUnused) {
            lanes[unused] = lane
            return unused
        }
        lanes.append(lane)
        return lanes.count - 1
    }

    /// What made connects fail may be mended: each lane tries again now.
    mutating func retryConnects(now: Nanoseconds, effects: inout EffectList) {
        for lane in lanes.indices {
            lanes[lane].failures = 0
            lanes[lane].stillbirths = 0
            lanes[lane].isRefused = false
            lanes[lane].retryAt = now
        }
        serveAll(now, &effects)
        check()
    }
}

extension EngineConfiguration.Lane {
    /// The limits of a lane that is made on demand: it is never opened ahead of those who want it.
    var onDemand: Self {
        var limits = self
        limits.minimum = 0
        limits.minimumIdle = 0
        limits.growth = 1
        return limits
    }
}
