import PoolTesting

@testable import PoolCore

/// One call of the engine.
enum EngineCall: Hashable {
    case start
    case acquire(lane: Int, priority: Int32, holder: UInt, deadline: Nanoseconds, tag: TagRequest?)
    case cancel(WaiterID)
    case release(ConnectionID, ConnectionCondition)
    /// The shell hands the connection on by itself for a while, if it may.
    case cached(ConnectionID, CachedUses)
    case opened(ConnectionID)
    case connectFailed(ConnectionID, isPermanent: Bool)
    case validated(ConnectionID, Engine.Outcome)
    case wasReset(ConnectionID, Engine.Outcome)
    case closed(ConnectionID)
    case lost(ConnectionID)
    /// The session hook has ended: well, badly, or with the wish for another connection.
    case prepared(ConnectionID, PoolSessionTag?)
    case unprepared(ConnectionID, Engine.PreparationFailure)
    case acquireAgain(ConnectionID, isRejected: Bool)
    case setTag(ConnectionID, PoolSessionTag?)
    case clear(interrupts: Bool)
    case reconfigure(String)
    case warmUp(count: Int, deadline: Nanoseconds)
    case rotate(over: Nanoseconds)
    case cancelGoal(GoalNumber)
    case resetStatistics
    case alarm
    case beginClosing(forceAt: Nanoseconds)
    case permitGranted
    case setShortage(BudgetShortage)
    case makeRoom

    var needsRandomNumber: Bool {
        switch self {
        case .opened, .connectFailed, .validated, .wasReset, .acquireAgain, .alarm: true
        default: false
        }
    }

    var releasedBroken: ConnectionID? {
        switch self {
        case .release(let id, .broken), .release(let id, .generationBroken), .lost(let id): id
        default: nil
        }
    }
}

/// What went wrong in a run, with all that is needed to see it again.
struct EngineRunFailure: Error, CustomStringConvertible {
    let problem: String
    let configuration: String
    let seed: UInt64
    let step: Int
    let lastCalls: [String]

    var description: String {
        "\(problem)\nconfiguration \(configuration), seed \(seed), step \(step); "
            + "repeat with POOL_TEST_SEED=\(seed)\nthe last calls:\n" + lastCalls.joined(separator: "\n")
    }
}

/// An engine and its shadow, called at random.
final class EngineRun {
    let name: String
    /// What the scenario says; a reconfiguration changes the engine's.
    let configuration: EngineConfiguration
    let sharesBudget: Bool
    let usesTags: Bool
    /// For the next reconfiguration.
    var newConfiguration: EngineConfiguration
    var random: SeededRandom
    var engine: Engine
    var model: ShadowModel
    var now: Nanoseconds = 1_000
    private(set) var step = 0
    private var lastCalls: [(at: Nanoseconds, call: EngineCall, effects: [Effect])] = []
    /// Ids that were good once.
    var oldConnections: [ConnectionID] = []
    var oldWaiters: [WaiterID] = []
    /// One in so many connects, validations and resets fails; changes like the weather.
    var failureRate = 50
    var isRefusing = false
    /// Where the demands go; with nil, they are answered at random.
    var onDemand: ((PermitDemand) -> Void)?
    /// Numbers the waiters of several runs.
    var nextArrival: (() -> UInt64)?
    /// The pool has ended, and the next one comes.
    var willBeginAnew: (() throws -> Void)?
    var hasMadeRoom = false
    /// Nobody acquires.
    var isQuiet = false

    init(
        name: String, configuration: EngineConfiguration, sharesBudget: Bool = false, usesTags: Bool = false,
        seed: UInt64
    ) {
        self.name = name
        self.configuration = configuration
        self.sharesBudget = sharesBudget
        self.usesTags = usesTags
        newConfiguration = configuration
        random = SeededRandom(seed: seed)
        engine = Engine(configuration: configuration, sharesBudget: sharesBudget)
        model = ShadowModel(configuration: configuration, sharesBudget: sharesBudget)
    }

    func run(steps: Int) throws {
        try perform(.start)
        while step < steps {
            if sharesBudget, random.oneIn(4) { try takeRandomBudgetStep() } else { try takeRandomStep() }
        }
        try closeDown()
    }

    func perform(_ call: EngineCall) throws {
        step += 1
        model.now = now
        var turn = Turn(now: now, random: call.needsRandomNumber ? random.next() : nil)
        model.begin()
        tell(call, &turn)
        noteRetries()
        model.noteFloors(of: engine)
        var followed: [Effect] = []
        let inHand = model.connections.first { $0.isInHand }?.lane
        let hadToMakeRoom = model.life == .running && (inHand.map { model.mustMakeRoom($0) } ?? false)
        turn.effects.forEach { effect in
            followed.append(effect)
            remember(effect)
            model.follow(effect, call: call)
        }
        lastCalls.append((now, call, followed))
        if lastCalls.count > 200 { lastCalls.removeFirst(180) }
        model.settle(call, handed: inHand, hadToMakeRoom: hadToMakeRoom)
        model.compare(with: engine)
        if let problem = model.problem ?? engine.violation {
            let tail = lastCalls.suffix(20).map { "\($0.at): \($0.call)\n    -> \($0.effects)" }
            throw EngineRunFailure(
                problem: problem, configuration: name, seed: random.seed, step: step, lastCalls: tail)
        }
    }

    /// Calls the engine, and tells the shadow what that means. What is stale means nothing to the shadow.
    private func tell(_ call: EngineCall, _ turn: inout Turn) {
        switch call {
        case .start: engine.start(&turn)
        case .acquire(let lane, let priority, let holder, let deadline, let tag):
            if let arrival = nextArrival?() { (engine.nextSequence, model.arrivals) = (arrival, Int(arrival)) }
            let outcome = engine.acquire(
                lane: lane, priority: priority, holder: holder, tag: tag, deadline: deadline, &turn)
            noteRetries()
            model.acquired(
                lane: lane, priority: priority, holder: holder, deadline: deadline, tag: tag, outcome: outcome)
            if case .queued(let id) = outcome { oldWaiters.append(id) }
        case .cancel(let id): model.cancelled(id, answer: engine.cancel(id, &turn))
        case .clear(let interrupts):
            model.clearAll()
            let affected = engine.clear(interrupts: interrupts, &turn)
            let expected = model.count(nil, .opening, .idle, .validating, .leased, .resetting)
            model.require(affected == expected, "clear has answered \(affected), not \(expected)")
        case .alarm:
            model.armedAt = .never
            model.endDrain()
            model.noteSilence()
            engine.alarm(&turn)
        case .beginClosing(let forceAt):
            model.beganClosing(forceAt: forceAt)
            engine.beginClosing(forceAt: forceAt, &turn)
        case .permitGranted, .setShortage, .makeRoom: tellBudget(call, &turn)
        case .reconfigure, .warmUp, .rotate, .cancelGoal, .resetStatistics: change(call, &turn)
        case .prepared, .unprepared, .acquireAgain, .setTag: tellOfSession(call, &turn)
        case .release, .cached, .opened, .connectFailed, .validated, .wasReset, .closed, .lost: report(call, &turn)
        }
    }

    /// Tells the engine and the shadow what a caller wants of the pool besides connections.
    private func change(_ call: EngineCall, _ turn: inout Turn) {
        switch call {
        case .reconfigure:
            let number = engine.reconfigure(newConfiguration, &turn)
            model.reconfigured(newConfiguration, number, of: engine)
        case .warmUp(let count, let deadline):
            let number = engine.warmUp(to: count, deadline: deadline, &turn)
            // What the lanes may have now: limits that are raised later ask for no more.
            let most = min(count, model.configuration.lanes.reduce(0) { $0 + $1.maximum })
            model.goals.append(.init(number: number, kind: .warm(most), deadline: deadline))
        case .rotate(let duration):
            model.beganRotation(over: duration, engine.lastGoal + 1)
            _ = engine.rotate(over: duration, &turn)
        case .cancelGoal(let number):
            model.cancelGoal(number)
            engine.cancelGoal(number, &turn)
        case .resetStatistics:
            engine.resetStatistics()
            model.enqueued = model.waiters.count
            model.tally = ShadowModel.Tally()
            for id in model.preparing.keys { model.preparing[id]?.isInQueue = false }
            model.waits = (0, 0, .max, 0)
            model.require(engine.counters.peakWaiting == model.waiters.count, "the peak is not what waits now")
        default: break
        }
    }

    private func cache(_ id: ConnectionID, _ uses: CachedUses, _ turn: inout Turn) {
        let (acquired, used) = (engine.counters.acquired, engine.useTimes.count)
        guard engine.cache(id, &turn) else { return }
        engine.endCaching(id, uses, &turn)
        model.require(engine.counters.acquired == acquired + uses.begun, "cached leases are not counted")
        model.tally.acquired += uses.begun
        model.require(engine.useTimes.count == used + 1 + uses.ended, "the uses of cached leases are not counted")
        guard let place = place(id, .leased) else { return model.require(false, "what is not leased was cached") }
        if let lease = uses.lease {
            model.renewLease(place, holder: lease.holder)
        } else {
            model.released(place, .clean)
        }
    }

    private func report(_ call: EngineCall, _ turn: inout Turn) {
        switch call {
        case .release(let id, let condition):
            engine.release(id, condition: condition, &turn)
            noteRetries()
            if let place = place(id, .leased) { model.released(place, condition) }
        case .cached(let id, let uses): cache(id, uses, &turn)
        case .opened(let id):
            engine.opened(id, &turn)
            noteRetries()
            let place = place(id, .opening) ?? place(id, .abandoned)
            if let place { model.opened(place, expires: engine.slots[id.index].expiresAt) }
        case .connectFailed(let id, let isPermanent):
            engine.connectFailed(
                id, isPermanent: isPermanent, &turn)
            noteRetries()
            let place = place(id, .opening) ?? place(id, .abandoned)
            if let place { model.connectFailed(place, isPermanent: isPermanent) }
        case .validated(let id, let outcome):
            engine.validated(id, outcome, &turn)
            noteRetries()
            if let place = place(id, .validating) { model.prepared(place, outcome) }
        case .wasReset(let id, let outcome):
            // A session with a tag is kept as it is.
            let didReset = engine.tag(of: id) == nil
            engine.wasReset(
                id, outcome, didReset: didReset, &turn)
            noteRetries()
            guard let place = place(id, .resetting) else { return }
            if didReset { model.connections[place].isSetUp = false }
            model.prepared(place, outcome)
        case .closed(let id):
            engine.closed(id, &turn)
            if let place = place(id, .closing) { model.connections.remove(at: place) }
        case .lost(let id):
            engine.lost(id, &turn)
            noteRetries()
            if let place = model.place(id) { model.lost(place) }
        default: break
        }
    }

    private func tellOfSession(_ call: EngineCall, _ turn: inout Turn) {
        switch call {
        case .prepared(let id, let tag):
            engine.prepared(id, tag: tag, &turn)
            model.prepared(id, tag)
        case .unprepared(let id, let failure):
            let mode: ConnectionCloseMode = failure == .hookFailed ? .orderly : .forced
            engine.unprepared(id, failure, mode: mode, &turn)
            model.unprepared(id, failure)
        case .acquireAgain(let id, let isRejected):
            let deadline = model.preparing[id]?.deadline ?? now
            let outcome = engine.acquireAgain(
                instead: id, isRejected: isRejected, deadline: deadline, &turn)
            noteRetries()
            model.acquiresAgain(id, isRejected: isRejected, outcome: outcome)
            if case .queued(let again) = outcome { oldWaiters.append(again) }
        case .setTag(let id, let tag):
            engine.setTag(tag, of: id)
            if let place = place(id, .leased) { model.setTag(place, tag) }
        default: break
        }
    }

    /// The shadow cannot know what the engine draws from its random numbers; it checks the bounds.
    private func noteRetries() {
        for lane in model.lanes.indices { model.chosenRetryAt[lane] = engine.lanes[lane].retryAt }
    }

    private func place(_ id: ConnectionID, _ state: ShadowModel.State) -> Int? {
        model.connections.firstIndex { $0.id == id && $0.state == state }
    }

    private func remember(_ effect: Effect) {
        if case .demand(let demand) = effect { onDemand?(demand) }
        guard case .open(let id, _, _, _) = effect else { return }
        oldConnections.append(id)
        if oldConnections.count > 100 { oldConnections.removeFirst(50) }
        if oldWaiters.count > 100 { oldWaiters.removeFirst(50) }
    }

    /// Closes the pool, answers all calls of the driver, and looks whether all has ended.
    func closeDown() throws {
        try perform(.beginClosing(forceAt: now + 1_000))
        while !model.connections.isEmpty, model.problem == nil {
            now += 500
            if now >= model.armedAt { try perform(.alarm) }
            try endPreparation()
            try answerSomething()
        }
        model.require(model.life == .finished, "the pool has not finished")
        model.require(model.waiters.isEmpty, "somebody still waits")
        model.require(model.goals.isEmpty, "a goal has not ended")
        try perform(.cancel(WaiterID(index: 0, generation: .max)))
    }
}
