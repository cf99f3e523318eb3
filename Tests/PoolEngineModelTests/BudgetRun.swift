import PoolTesting

@testable import PoolCore

/// Three engines with their shadows, one budget, and messages between them that are delivered late and out of order.
final class BudgetRun {
    private let ledgerMaximum: Int
    private let runs: [EngineRun]
    private var ledger: BudgetLedger
    /// The engines' places in the budget, and who is in which.
    private var members: [Int]
    /// Demands may overtake each other; what the budget says may not.
    private var demands: [(member: Int, demand: PermitDemand)] = []
    private var outbox: [BudgetEffect] = []
    private var arrivals: UInt64 = 0
    private var random: SeededRandom
    private var grants = 0
    private var roomsMade = 0
    /// Connections that were closed in a shortage.
    private var yields = 0

    init(maximum: Int, _ configurations: [EngineConfiguration], seed: UInt64) throws {
        ledgerMaximum = maximum
        ledger = BudgetLedger(maximum: maximum)
        random = SeededRandom(seed: seed)
        members = []
        runs = configurations.enumerated().map { index, configuration in
            EngineRun(
                name: "engine \(index)", configuration: configuration, sharesBudget: true, seed: seed &+ UInt64(index))
        }
        for (index, run) in runs.enumerated() {
            members.append(try join(run))
            run.onDemand = { [unowned self] demand in
                if demand.yielding > 0 { yields += 1 }
                demands.append((members[index], demand))
            }
            run.nextArrival = { [unowned self] in
                arrivals += 1
                return arrivals
            }
            run.willBeginAnew = { [unowned self, unowned run] in
                try deliverEverything()
                try require(ledger.members[members[index]] == nil, "a closed pool has kept permits")
                members[index] = try join(run)
            }
        }
    }

    private func join(_ run: EngineRun) throws -> Int {
        guard let id = ledger.join(reserving: run.configuration.lanes.reduce(0) { $0 + $1.minimum }) else {
            throw FakeError("the minimums do not fit")
        }
        ledger.attach(id, &outbox)
        return id
    }

    func run(steps: Int) throws {
        for run in runs { try run.perform(.start) }
        for _ in 0..<steps {
            if random.oneIn(60) { for run in runs { run.isQuiet = !random.oneIn(3) } }
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5: try runs.randomElement(using: &random)?.takeRandomStep()
            case 5..<7: deliverDemand()
            case 7..<9: try deliverEffect()
            default: if random.oneIn(5) { try deliverEverything() }
            }
            try requireTheBudget()
        }
        for run in runs { try run.closeDown() }
        try deliverEverything()
        try require(ledger.held == 0 && ledger.members.isEmpty, "permits are left: \(ledger.members)")
        try require(grants > steps / 500, "only \(grants) permits were given")
        try require(roomsMade > steps / 5000, "room was made only \(roomsMade) times")
        try require(yields > steps / 5000, "only \(yields) connections were closed in a shortage")
    }

    private func deliverDemand() {
        guard let place = demands.indices.randomElement(using: &random) else { return }
        let (member, demand) = demands.remove(at: place)
        ledger.demand(demand, by: member, &outbox)
    }

    private func deliverEffect() throws {
        guard !outbox.isEmpty else { return }
        switch outbox.removeFirst() {
        case .grant(let member):
            grants += 1
            try run(of: member)?.perform(.permitGranted)
        case .announce(let shortage, let member): try run(of: member)?.perform(.setShortage(shortage))
        case .search:
            let longest = runs.max { spareTime($0) < spareTime($1) }
            let found = longest.map(spareTime) ?? -1 >= 0
            if found { try longest?.perform(.makeRoom) }
            if found { roomsMade += 1 }
            ledger.searched(found: found, &outbox)
        }
    }

    private func spareTime(_ run: EngineRun) -> Nanoseconds {
        run.engine.longestSpare(now: run.now) ?? -1
    }

    private func run(of member: Int) -> EngineRun? {
        members.firstIndex(of: member).map { runs[$0] }
    }

    private func deliverEverything() throws {
        var steps = 0
        while !demands.isEmpty || !outbox.isEmpty {
            deliverDemand()
            try deliverEffect()
            steps += 1
            try require(steps < 10_000, "the budget and its pools never come to rest")
        }
        try requireRest()
    }

    private func requireTheBudget() throws {
        let open = runs.reduce(0) { $0 + $1.engine.counts.total }
        try require(open <= ledgerMaximum, "\(open) connections are open")
        try require(ledger.held <= ledgerMaximum, "\(ledger.held) permits are given")
        let held = runs.reduce(0) { $0 + $1.engine.permits.held }
        try require(held <= ledger.held, "\(held) permits are held, \(ledger.held) were given")
    }

    /// Nothing is under way between the budget and its pools.
    private func requireRest() throws {
        try requireTheBudget()
        let open = runs.reduce(0) { $0 + $1.engine.counts.total }
        try require(ledger.held == open, "\(ledger.held) permits are given for \(open) connections")
        let lacking = runs.filter { $0.engine.permits.hasAsked && $0.engine.permits.demand.sequence != .max }
        guard !lacking.isEmpty else { return }
        let kept = ledger.members.values.reduce(0) { $0 + max($1.held, $1.reserved) }
        try require(kept >= ledgerMaximum, "somebody waits for a permit that is free")
        let isMakingRoom = runs.contains { $0.engine.permits.yielding > 0 }
        let spare = runs.first { $0.engine.spareSlot != nil }
        try require(isMakingRoom || spare == nil, "somebody waits while \(spare?.name ?? "") has an idle connection")
        let starving = lacking.map { $0.engine.permits.demand.starving }.min() ?? .max
        guard !isMakingRoom else { return }
        for run in runs where run.engine.life == .running {
            try require(run.engine.permits.shortage.starving <= starving, "\(run.name) does not know who starves")
        }
    }

    private func require(_ holds: Bool, _ rule: @autoclosure () -> String) throws {
        guard !holds else { return }
        throw EngineRunFailure(
            problem: rule(), configuration: "three engines", seed: random.seed, step: runs.reduce(0) { $0 + $1.step },
            lastCalls: demands.suffix(10).map { "demand \($0)" } + outbox.map { "to be delivered: \($0)" })
    }
}
