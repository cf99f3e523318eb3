import PoolTesting

@testable import PoolCore

/// What happens at random.
extension EngineRun {
    func takeRandomStep() throws {
        changeTheWeather()
        moveTime()
        if now >= model.armedAt, random.oneIn(2) { return try perform(.alarm) }
        if random.oneIn(4), !model.preparing.isEmpty { return try endPreparation() }
        if model.life == .finished, model.connections.isEmpty, model.preparing.isEmpty { return try handOver() }
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<32: try acquire()
        case 32..<58: try release()
        case 58..<64: try cancel()
        case 64..<94: try answerSomething()
        case 94..<97: try reportSomethingStale()
        case 97: try loseSomething()
        case 98: try perform(.alarm)
        default: try rareThing()
        }
    }

    private func changeTheWeather() {
        guard random.oneIn(500) else { return }
        failureRate = [1, 2, 5, 50, 1_000].randomElement(using: &random) ?? 50
        isRefusing = random.oneIn(4)
    }

    private func moveTime() {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<60: break
        case 60..<95: now += Int64.random(in: 0...20_000_000, using: &random)
        case 95..<98: now += Int64.random(in: 0...3_000_000_000, using: &random)
        default:
            // To the very instant of the alarm, or just before or after it.
            if model.armedAt != .never { now = max(now, model.armedAt + Int64.random(in: -1...1, using: &random)) }
        }
    }

    private func handOver() throws {
        try willBeginAnew?()
        engine = Engine(configuration: configuration, sharesBudget: sharesBudget)
        model = ShadowModel(configuration: configuration, sharesBudget: sharesBudget)
        newConfiguration = configuration
        oldWaiters = []
        oldConnections = []
        try perform(.start)
    }

    private func acquire() throws {
        if isQuiet { return try rest() }
        let lane = Int.random(in: model.lanes.indices, using: &random)
        let priorities: [Int32] = [0, 1, 1, 1, 1, 2]
        let priority = priorities.randomElement(using: &random) ?? 1
        // A few tasks acquire again while they hold leases; a task that waits cannot ask.
        var holder = random.oneIn(3) ? UInt.random(in: 1...4, using: &random) * 64 : 0
        let busy = model.waiters + model.preparing.values
        if busy.contains(where: { $0.holder == holder }) { holder = 0 }
        let patiences: [Nanoseconds] = [0, 1_000_000, 100_000_000, 5_000_000_000, 60_000_000_000]
        let patience = patiences.randomElement(using: &random) ?? 0
        let tag = usesTags && random.oneIn(2) ? tag().map { TagRequest(tag: $0, match: match()) } : nil
        try perform(.acquire(lane: lane, priority: priority, holder: holder, deadline: now + patience, tag: tag))
    }

    private func tag() -> PoolSessionTag? {
        let tags: [PoolSessionTag] = ["a=1", "a=2", "a=1;b=1"]
        return tags.randomElement(using: &random)
    }

    private func match() -> PoolTagMatch {
        [.exact, .exact, .any, .cheapest].randomElement(using: &random) ?? .exact
    }

    /// A session hook ends.
    func endPreparation() throws {
        let ids = model.preparing.keys.sorted { ($0.index, $0.generation) < ($1.index, $1.generation) }
        guard let id = ids.randomElement(using: &random) else { return }
        switch Int.random(in: 0..<10, using: &random) {
        case 0: try perform(.unprepared(id, .timedOut))
        case 1: try perform(.unprepared(id, .cancelled))
        case 2: try perform(.unprepared(id, .hookFailed))
        case 3: try perform(.acquireAgain(id, isRejected: random.oneIn(2)))
        default: try perform(.prepared(id, random.oneIn(10) ? tag() : model.preparing[id]?.request?.tag))
        }
    }

    private func release() throws {
        // A task that waits cannot release, except from a child task or a cleanup: rare.
        let waiting = Set(model.waiters.map(\.holder))
        let leased = model.connections.filter {
            $0.state == .leased && ($0.holder == 0 || !waiting.contains($0.holder)) && model.preparing[$0.id] == nil
        }
        guard let lease = leased.randomElement(using: &random) else { return try acquire() }
        if usesTags, random.oneIn(5) { return try perform(.setTag(lease.id, random.oneIn(3) ? nil : tag())) }
        let condition = condition()
        guard condition == .clean, random.oneIn(3) else { return try perform(.release(lease.id, condition)) }
        let count = Int.random(in: 0..<6, using: &random)
        let isLeased = count > 0 && random.oneIn(2)
        let holder = random.oneIn(3) ? UInt.random(in: 1...4, using: &random) * 64 : 0
        let isHeld = model.waiters.contains { $0.holder == holder }
        try perform(
            .cached(
                lease.id,
                CachedUses(
                    begun: count, ended: isLeased ? count - 1 : count,
                    durations: (0..<min(count, 3)).map { Nanoseconds($0) * 1_000 },
                    lease: isLeased ? CachedUses.OpenLease(holder: isHeld ? 0 : holder, since: nil) : nil)))
    }

    private func condition() -> ConnectionCondition {
        switch Int.random(in: 0..<200, using: &random) {
        case 0..<150: .clean
        case 150..<190: .dirty
        case 190..<199: .broken
        default: .generationBroken
        }
    }

    private func cancel() throws {
        guard let waiter = model.waiters.randomElement(using: &random) else { return try acquire() }
        try perform(.cancel(waiter.id))
    }

    func answerSomething() throws {
        let busy = model.connections.filter { $0.state != .idle && $0.state != .leased }
        guard let connection = busy.randomElement(using: &random) else { return try closeOrAcquire() }
        let fails = random.oneIn(failureRate)
        switch connection.state {
        case .opening, .abandoned:
            try perform(
                fails
                    ? .connectFailed(connection.id, isPermanent: isRefusing) : .opened(connection.id))
        case .validating:
            let isRefused = fails && random.oneIn(5)
            try perform(.validated(connection.id, isRefused ? .hookRefused : outcome(fails)))
        case .resetting: try perform(.wasReset(connection.id, outcome(fails)))
        case .closing: try perform(.closed(connection.id))
        case .idle, .leased: break
        }
    }

    private func outcome(_ fails: Bool) -> Engine.Outcome {
        guard fails else { return .succeeded }
        return [.failed, .failed, .failed, .hookFailed, .generationBroken].randomElement(using: &random) ?? .failed
    }

    private func closeOrAcquire() throws {
        if model.life == .running { try acquire() } else { try release() }
    }

    private func loseSomething() throws {
        guard let connection = model.connections.randomElement(using: &random) else { return try acquire() }
        try perform(.lost(connection.id))
    }

    private func reportSomethingStale() throws {
        let id = oldConnections.randomElement(using: &random) ?? ConnectionID(index: 7, generation: 1)
        let waiter = oldWaiters.randomElement(using: &random) ?? WaiterID(index: 7, generation: 1)
        guard model.place(id) == nil else { return try perform(.cancel(waiter)) }
        switch Int.random(in: 0..<7, using: &random) {
        case 0: try perform(.release(id, .generationBroken))
        case 1: try perform(.opened(id))
        case 2: try perform(.connectFailed(id, isPermanent: true))
        case 3: try perform(.validated(id, .generationBroken))
        case 4: try perform(.wasReset(id, .generationBroken))
        case 5: try perform(.lost(id))
        default: try perform(.closed(id))
        }
    }

    private func rareThing() throws {
        if random.oneIn(20) {
            try perform(.clear(interrupts: random.oneIn(4)))
        } else if random.oneIn(8) {
            try changeSomething()
        } else if random.oneIn(40) {
            try perform(.beginClosing(forceAt: now + Int64.random(in: 0...3_000_000_000, using: &random)))
        } else {
            // A report about a connection that is in another state: a second answer, or one that came too late.
            guard let other = model.connections.randomElement(using: &random) else { return try acquire() }
            switch other.state {
            case .idle: try perform(.release(other.id, .broken))
            case .leased: try perform(.opened(other.id))
            case .closing: try perform(.validated(other.id, .succeeded))
            default: try perform(.closed(other.id))
            }
        }
    }
}
