import PoolTesting

@testable import PoolCore

/// A budget that gives and takes at random.
extension EngineRun {
    func takeRandomBudgetStep() throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<70:
            guard model.permits.demand.wanted > model.permits.received else { return try takeRandomStep() }
            try perform(.permitGranted)
        case 70..<72:
            // It was asked for, but whoever wanted it has left.
            try perform(.permitGranted)
        case 72..<80: try perform(.makeRoom)
        case 80..<90:
            let age = Int.random(in: 0...8, using: &random)
            let starving = random.oneIn(2) ? UInt64.max : UInt64(max(0, model.arrivals - age))
            try perform(.setShortage(BudgetShortage(exists: true, starving: starving)))
        default: try perform(.setShortage(.none))
        }
    }

    /// What happens in a pool that nobody acquires from.
    func rest() throws {
        if let lease = model.connections.filter({ $0.state == .leased }).randomElement(using: &random) {
            return try perform(.release(lease.id, .clean))
        }
        if model.connections.contains(where: { $0.state != .idle }) { return try answerSomething() }
        try perform(.alarm)
    }

    func tellBudget(_ call: EngineCall, _ turn: inout Turn) {
        switch call {
        case .permitGranted:
            model.permits.received += 1
            engine.permitGranted(&turn)
        case .setShortage(let shortage):
            model.permits.shortage = shortage
            engine.setShortage(shortage, &turn)
        case .makeRoom:
            let spare = model.spare
            hasMadeRoom = engine.makeRoom(&turn)
            model.permits.mustMakeRoom = true
            let isRight = hasMadeRoom == (spare != nil && model.life == .running)
            model.require(isRight, "has made room: \(hasMadeRoom), but there is \(String(describing: spare))")
        default: break
        }
    }
}
