/// Acquire and release with connections that do nothing: the pool alone.
struct PoolBenchmark {
    let options: Options

    private enum Part: String, CaseIterable {
        case cycle, yield, waiters
    }

    func run() throws -> [Comparison] {
        // Waiters by the million take minutes: only where they are asked for.
        let parts = options.only == nil ? [.cycle, .yield] : try options.chosen(Part.self)
        var comparisons: [Comparison] = []
        if parts.contains(.cycle) {
            for tasks in options.tasks ?? [1, 2, 8, 64] { comparisons.append(try cycle(tasks, connections: 8)) }
            for connections in [64, 10_000] { comparisons.append(try cycle(1, connections: connections)) }
        }
        if parts.contains(.yield) { comparisons.append(try heldAcrossYield()) }
        if parts.contains(.waiters) {
            comparisons += try WaiterRun.End.allCases.map { end in try waiters(end) }
        }
        return comparisons
    }

    private func cycle(_ tasks: Int, connections: Int) throws -> Comparison {
        try compare(
            "acquire and release, pool of \(Form.count(Double(connections)))", [.mutex, .atomic, .pool],
            Load(tasks: tasks, operationsPerCall: 64, seconds: options.seconds), connections, yields: false)
    }

    private func heldAcrossYield() throws -> Comparison {
        try compare(
            "held across a yield, pool of 8", [.yields, .mutex, .atomic, .pool],
            Load(tasks: 64, seconds: options.seconds), 8, yields: true)
    }

    private func waiters(_ end: WaiterRun.End) throws -> Comparison {
        let counts = [1000, 10_000, 100_000, 1_000_000]
        return try Comparison(
            title: "Pool: waiters that are \(end.title)", tasks: nil,
            contenders: counts.map { "\(Form.count(Double($0))) waiters" } + ["1,000,000 tasks without a pool"],
            rounds: options.rounds
        ) { contender in
            let isBare = contender == counts.count
            return try ContenderProcess.measure(
                .waiters(
                    WaiterRun(end: isBare ? .resumed : end, count: isBare ? counts[contender - 1] : counts[contender])))
        }
    }

    private func compare(
        _ title: String, _ contenders: [PoolContender], _ load: Load, _ connections: Int, yields: Bool
    ) throws -> Comparison {
        try Comparison(
            title: "Pool: \(title)", tasks: load.tasks, contenders: contenders.map(\.rawValue), rounds: options.rounds
        ) { contender in
            try ContenderProcess.measure(
                .pool(
                    PoolRun(contender: contenders[contender], load: load, connections: connections, yields: yields)))
        }
    }
}
