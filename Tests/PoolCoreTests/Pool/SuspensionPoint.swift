import PoolCore
import PoolTesting

/// Where an acquire can be suspended, and what for.
enum SuspensionPoint: String, CaseIterable, Sendable {
    case queue, connect, connectHook, validate, acquireHook, reset, releaseHook

    /// A pool of one connection with an acquire that hangs at the point.
    struct Scene: Sendable {
        let fixture: PoolFixture
        let waiter: Task<Void, any Error>
        /// The driver's call that the acquire waits for; none in the queue.
        let call: FakeCall?
        /// Ends the lease that the acquire waits for, in the queue.
        let endLease: @Sendable () async throws -> Void
    }

    var phase: PoolError.Phase {
        switch self {
        case .queue: .queue
        case .connect, .connectHook: .connect
        case .validate, .acquireHook: .validate
        case .reset, .releaseHook: .reset
        }
    }

    /// The driver's call that hangs.
    var step: FakeStep? {
        switch self {
        case .queue: nil
        case .connect: .connect
        case .validate: .validate
        case .reset: .reset
        case .connectHook, .acquireHook, .releaseHook: .work
        }
    }

    func scene(
        _ outcome: FakeOutcome = .hang, options: AcquireOptions = AcquireOptions(label: "waiter")
    ) async throws -> Scene {
        var hooks = PoolHooks<FakeDriver>()
        let work: PoolHooks<FakeDriver>.Hook = { try await $0.work() }
        switch self {
        case .connectHook: hooks.connect = work
        case .acquireHook: hooks.acquire = work
        case .releaseHook: hooks.release = work
        case .queue, .connect, .validate, .reset: break
        }
        let fixture = try PoolFixture(maximum: 1, hooks: hooks)
        if self == .queue { return try await queueScene(fixture, options) }
        if self == .validate {
            try await fixture.holding(1)
            fixture.time.advance(by: .seconds(31))
        }
        if let step { fixture.driver.script(step, [outcome]) }
        if self == .reset || self == .releaseHook {
            try await fixture.pool.withConnection { $0.connection.leave("residue") }
        }
        let waiter = fixture.waiter(options)
        let call = if let step { try await fixture.driver.nextHanging(step) } else { FakeCall?.none }
        await fixture.untilWaiting(1)
        return Scene(fixture: fixture, waiter: waiter, call: call, endLease: {})
    }

    private func queueScene(_ fixture: PoolFixture, _ options: AcquireOptions) async throws -> Scene {
        fixture.driver.script(.work, [.hang])
        let holder = Task {
            try await fixture.pool.withConnection(AcquireOptions(label: "holder")) { try await $0.work() }
        }
        let call = try await fixture.driver.nextHanging(.work)
        let waiter = fixture.waiter(options)
        await fixture.untilWaiting(1)
        return Scene(fixture: fixture, waiter: waiter, call: nil) {
            call.succeed()
            // A pool that was closed by force has interrupted the work.
            _ = await holder.result
        }
    }
}
