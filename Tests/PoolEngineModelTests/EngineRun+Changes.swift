import PoolTesting

@testable import PoolCore

/// What callers ask of the pool besides connections.
extension EngineRun {
    func changeSomething() throws {
        guard model.life == .running else { return try answerSomething() }
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<4:
            guard !model.goals.contains(where: { $0.kind == .reconfigured }) else { return }
            newConfiguration = random.oneIn(3) ? configuration : changedConfiguration()
            try perform(.reconfigure("\(newConfiguration)"))
        case 4..<6:
            let count = Int.random(in: 1...model.configuration.maximumConnections, using: &random)
            try perform(.warmUp(count: count, deadline: now + Int64.random(in: 0...5_000_000_000, using: &random)))
        case 6..<8:
            let durations: [Nanoseconds] = [0, 10_000_000, 1_000_000_000, 20_000_000_000]
            try perform(.rotate(over: durations.randomElement(using: &random) ?? 0))
        case 8:
            guard let goal = model.goals.randomElement(using: &random) else { return try perform(.cancelGoal(1)) }
            try perform(.cancelGoal(goal.number))
        default: try perform(.resetStatistics)
        }
    }

    private func changedConfiguration() -> EngineConfiguration {
        var new = configuration
        new.maximumConnections = Int.random(in: 1...(2 * configuration.maximumConnections), using: &random)
        for lane in new.lanes.indices {
            let most = max(1, min(2 * configuration.lanes[lane].maximum, new.maximumConnections))
            new.lanes[lane].maximum = Int.random(in: 1...most, using: &random)
            new.lanes[lane].minimum = random.oneIn(2) ? 0 : Int.random(in: 0...new.lanes[lane].maximum, using: &random)
            let mostIdle = new.lanes[lane].maximum
            new.lanes[lane].minimumIdle = random.oneIn(2) ? 0 : Int.random(in: 0...mostIdle, using: &random)
            new.lanes[lane].growth = Int.random(in: 1...4, using: &random)
        }
        new.maximumWaiters = [0, 1, 5, 12, .max].randomElement(using: &random) ?? 12
        new.maximumUses = [1, 3, 50, .max].randomElement(using: &random) ?? .max
        new.concurrentConnects = Int.random(in: 1...3, using: &random)
        new.idleTimeout =
            [.never, EngineScenario.second, 20 * EngineScenario.second].randomElement(using: &random) ?? .never
        new.maximumLifetime =
            [.never, 2 * EngineScenario.second, 60 * EngineScenario.second].randomElement(using: &random) ?? .never
        new.maximumBackoff = [100_000_000, 30_000_000_000].randomElement(using: &random) ?? 100_000_000
        return new
    }
}
