/// The replacement of all connections, one after the other. A new connection is opened before an old one is closed, if
/// there is room for both.
///
/// The engine asks for the next step after each change, and performs it.
struct Rotation: Sendable {
    private enum Step: Hashable, Sendable {
        /// Waiting for the instant of the next step, or for a connection that is free.
        case waiting
        /// The new connection is being opened; the old ones still serve.
        case openingNew(lane: Int)
        /// The new connection is open, and an old one of the lane can be closed.
        case closingOld(lane: Int)
        /// There was no room for both: the old connection is closed, and the new one is being opened.
        case replacingInPlace(lane: Int)
    }

    enum Answer: Hashable, Sendable {
        case close(Int32)
        /// Nothing now. An instant is given if time alone will change that.
        case wait(until: Nanoseconds?)
        /// All old connections are replaced.
        case end
    }

    /// The time from one step to the next.
    private let interval: Nanoseconds
    private var nextAt: Nanoseconds
    private var step = Step.waiting
    /// The instant at which this step began.
    private var since: Nanoseconds
    /// The number of connections that the step's lane must have until the step is done.
    private var floor = 0
    /// True if a connection of the step's lane was opened since the step began.
    private var hasNew = false

    init(of old: Int64, over duration: Nanoseconds, from now: Nanoseconds) {
        interval = duration / max(1, old)
        (nextAt, since) = (now, now)
    }

    // MARK: Questions

    /// True between two steps.
    var isWaiting: Bool { step == .waiting }

    /// The lane in which a connection is being replaced.
    var lane: Int? {
        switch step {
        case .waiting: nil
        case .openingNew(let lane), .closingOld(let lane), .replacingInPlace(let lane): lane
        }
    }

    /// The number of connections that the lane must have now.
    func floor(of lane: Int) -> Int {
        lane == self.lane ? floor : 0
    }

    /// The instant after which the step counts as stuck in its driver.
    func givesUpAt(_ configuration: EngineConfiguration) -> Nanoseconds {
        since.adding(configuration.connectTimeout).adding(Engine.closingGrace)
    }

    /// The instant of the next step, if it has not come and there is a connection to replace.
    func nextStepAt(in engine: borrowing Engine, _ now: Nanoseconds) -> Nanoseconds? {
        isWaiting && nextAt > now && engine.longestIdleOld(in: nil) != nil ? nextAt : nil
    }

    // MARK: Steps

    /// Notes that a connection of `lane` was opened that is not one to be replaced.
    mutating func noteNew(in lane: Int) {
        if lane == self.lane { hasNew = true }
    }

    /// Takes all steps that can be taken now, up to the first that the engine has to perform.
    mutating func next(in engine: borrowing Engine, _ now: Nanoseconds) -> Answer {
        while true {
            switch step {
            case .waiting:
                guard engine.hasOld(in: nil) else { return .end }
                guard let slot = engine.longestIdleOld(in: nil) else { return .wait(until: nil) }
                guard now >= nextAt else { return .wait(until: nextAt) }
                if beginStep(for: slot, in: engine, now) { return .close(slot) }
                return .wait(until: nextAt > now ? nextAt : nil)
            case .openingNew(let lane):
                if !engine.hasOld(in: lane) {
                    endStep(now)
                } else if hasNew {
                    setStep(.closingOld(lane: lane), floor: floor, now)
                } else if !engine.hasRoomForNew(lane), engine.lanes[lane].counts.opening == 0 {
                    // Another connection has taken the place.
                    setStep(.waiting, floor: 0, now)
                } else {
                    return .wait(until: nil)
                }
            case .closingOld(let lane):
                let slot = engine.longestIdleOld(in: lane)
                if slot == nil, engine.hasOld(in: lane) { return .wait(until: nil) }
                endStep(now)
                if let slot { return .close(slot) }
            case .replacingInPlace(let lane):
                let counts = engine.counts
                let isTaken =
                    !engine.hasRoomForNew(lane)
                    && engine.lanes[lane].counts.opening + counts.closing + counts.abandoned == 0
                guard hasNew || isTaken else { return .wait(until: nil) }
                endStep(now)
            }
        }
    }

    /// Takes the step that the old connection in `slot` allows, which just came free.
    /// - Returns: true if the connection is to be closed for it.
    mutating func next(with slot: Int32, in engine: borrowing Engine, _ now: Nanoseconds) -> Bool {
        switch step {
        case .waiting: return now >= nextAt && beginStep(for: slot, in: engine, now)
        case .closingOld(lane: engine.slots[slot].lane):
            endStep(now)
            return true
        case .openingNew, .closingOld, .replacingInPlace: return false
        }
    }

    /// Begins to replace a connection of the lane of `slot`.
    /// - Returns: true if the connection in `slot` has to be closed first, because there is no room for both.
    private mutating func beginStep(for slot: Int32, in engine: borrowing Engine, _ now: Nanoseconds) -> Bool {
        let lane = engine.slots[slot].lane
        let live = engine.lanes[lane].counts.live
        if engine.hasRoomForNew(lane) {
            // An abandoned connect that has succeeded after all does not count as live yet.
            let isLate = engine.slots[slot].state == .abandoned
            setStep(.openingNew(lane: lane), floor: live + (isLate ? 2 : 1), now)
            return false
        }
        // Wait: a place is about to come free, or a closed connection's successor is on its way, of an earlier rotation
        // for example.
        guard engine.counts.closing + engine.counts.abandoned == 0, engine.lanes[lane].counts.opening == 0 else {
            return false
        }
        // No connection is given up while a connect would have to wait.
        if engine.lanes[lane].failures > 0, now < engine.lanes[lane].retryAt {
            nextAt = engine.lanes[lane].retryAt
            return false
        }
        setStep(.replacingInPlace(lane: lane), floor: live, now)
        return true
    }

    private mutating func setStep(_ step: Step, floor: Int, _ now: Nanoseconds) {
        self.step = step
        self.floor = floor
        since = now
        hasNew = false
    }

    private mutating func endStep(_ now: Nanoseconds) {
        nextAt = nextAt.adding(interval)
        setStep(.waiting, floor: 0, now)
    }
}
