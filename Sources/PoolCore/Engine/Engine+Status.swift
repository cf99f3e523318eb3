extension Engine {
    var status: PoolStatus {
        switch life {
        case .finished: .closed
        case .draining, .forcing: .draining
        case .running:
            if hasGoal(.reconfigured) {
                .reconfiguring
            } else {
                lanes.contains { $0.failures > 0 && !$0.waiters.isEmpty } ? .degraded : .open
            }
        }
    }
}
