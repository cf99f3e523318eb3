import Measuring

/// Acquire and release with connections that do nothing: the pool alone.
struct PoolSubject: Subject {
    func plans(_ options: Options) throws -> [Plan] {
        var plans: [Plan] = []
        if options.includes("cycle") {
            for tasks in options.tasks ?? [1, 2, 8, 64] {
                var plan = try cycle(tasks, connections: 8, options)
                let load = Load(tasks: tasks, operationsPerCall: 64, seconds: options.seconds)
                plan.entries.append(
                    Plan.Entry(
                        name: Peer.hikari.rawValue, program: Program(.hikari, "cycle", load, connections: 8)))
                plans.append(plan)
            }
            for connections in [64, 10_000] {
                for tasks in options.tasks ?? [1, 8] {
                    plans.append(try cycle(tasks, connections: connections, options))
                }
            }
        }
        if options.includes("cycle") { plans.append(try cycleBySize(options)) }
        if options.includes("yield") { plans.append(try heldAcrossYield(options)) }
        if options.includes("memory") { plans.append(try idleConnections()) }
        if options.includes("allocations") { plans.append(try allocations()) }
        if options.includes("waiters") {
            for end in [WaiterRun.End.served, .cancelled, .timedOut] { plans.append(try waiters(end)) }
        }
        return plans
    }

    private func cycle(_ tasks: Int, connections: Int, _ options: Options) throws -> Plan {
        try plan(
            "acquire and release, pool of \(Form.count(Double(connections)))", [.mutex, .atomic, .pool],
            Load(tasks: tasks, operationsPerCall: 64, seconds: options.seconds), connections)
    }

    /// The ratio to the smallest is what shows whether time grows with size.
    private func cycleBySize(_ options: Options) throws -> Plan {
        Plan(
            title: "Pool: acquire and release by size", tasks: 1,
            entries: try [8, 64, 10_000].map { connections in
                let load = Load(tasks: 1, operationsPerCall: 64, seconds: options.seconds)
                let run = PoolRun(contender: .pool, load: load, connections: connections, yields: false)
                return Plan.Entry(
                    name: "pool of \(Form.count(Double(connections)))", program: try Program(.pool(run)))
            })
    }

    private func heldAcrossYield(_ options: Options) throws -> Plan {
        try plan(
            "held across a yield, pool of 8", [.yields, .mutex, .atomic, .pool],
            Load(tasks: 64, seconds: options.seconds), 8, yields: true)
    }

    private func allocations() throws -> Plan {
        var plan = try plan(
            "allocations of acquire and release", [.mutex, .pool],
            Load(tasks: 1, operationsPerCall: 64, seconds: 0.3), 8)
        (plan.tasks, plan.isTimed) = (nil, false)
        for index in plan.entries.indices { plan.entries[index].program.countsAllocations = true }
        return plan
    }

    private func plan(
        _ title: String, _ contenders: [PoolContender], _ load: Load, _ connections: Int, yields: Bool = false
    ) throws -> Plan {
        Plan(
            title: "Pool: \(title)", tasks: load.tasks,
            entries: try contenders.map { contender in
                let run = PoolRun(contender: contender, load: load, connections: connections, yields: yields)
                return Plan.Entry(name: contender.rawValue, program: try Program(.pool(run)))
            })
    }

    private func idleConnections() throws -> Plan {
        let count = 10_000
        let bare = try Program(.idle(IdleRun(connections: count, isPooled: false)))
        return Plan(
            title: "Pool: memory of 10,000 idle connections, beside the driver's objects", tasks: nil, isTimed: false,
            entries: [
                Plan.Entry(name: "driver's objects alone", program: bare),
                Plan.Entry(
                    name: "pool", program: try Program(.idle(IdleRun(connections: count, isPooled: true))), bare: bare),
            ])
    }

    private func waiters(_ end: WaiterRun.End) throws -> Plan {
        let counts = [1000, 10_000, 100_000, 1_000_000]
        func bare(_ count: Int) throws -> Program { try Program(.waiters(WaiterRun(end: .resumed, count: count))) }
        return Plan(
            title: "Pool: waiters that are \(end.rawValue), their memory beside that of the tasks", tasks: nil,
            entries: try counts.map { count in
                Plan.Entry(
                    name: "\(Form.count(Double(count))) waiters",
                    program: try Program(.waiters(WaiterRun(end: end, count: count))), bare: try bare(count))
            } + [Plan.Entry(name: "1,000,000 tasks without a pool", program: try bare(1_000_000))])
    }
}
