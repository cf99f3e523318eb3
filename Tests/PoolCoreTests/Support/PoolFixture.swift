import PoolCore
import PoolTesting
import Testing

/// A pool on a fake driver, with time that stands still.
struct PoolFixture: Sendable {
    let driver: FakeDriver
    let time = ManualTime()
    let observer = RecordingObserver()
    let pool: Pool<FakeDriver>

    init(
        _ configuration: PoolConfiguration, lanes: [PoolLaneConfiguration]? = nil,
        hooks: PoolHooks<FakeDriver> = PoolHooks(), driver setUp: (FakeDriver) -> Void = { _ in }
    ) throws {
        EngineSelfCheck.switchOn()
        driver = FakeDriver(lanes: lanes)
        setUp(driver)
        pool = try Pool(
            driver: driver, configuration: configuration, hooks: hooks, observer: observer,
            environment: .stepped(by: time))
    }

    init(maximum: Int, hooks: PoolHooks<FakeDriver> = PoolHooks()) throws {
        try self.init(PoolConfiguration(maximumConnections: maximum), hooks: hooks)
    }

    /// Holds so many leases at once while `body` runs.
    func holding(
        _ count: Int, _ options: AcquireOptions = AcquireOptions(), _ body: () async throws -> Void = {}
    ) async throws {
        guard count > 0 else { return try await body() }
        let lease = try await pool.acquire(options)
        try await holding(count - 1, options, body)
        lease.release()
    }

    /// A task that acquires and releases.
    func waiter(_ options: AcquireOptions = AcquireOptions()) -> Task<Void, any Error> {
        Task { try await pool.withConnection(options) { _ in } }
    }

    /// Lets other tasks run until so many acquires wait.
    func untilWaiting(_ count: Int) async {
        while pool.statistics.counts.waiting < count { await Task.yield() }
    }

    /// Lets other tasks run until `condition` holds for the pool's counts.
    func until(_ condition: (PoolCounts) -> Bool) async {
        while !condition(pool.statistics.counts) { await Task.yield() }
    }

    /// No place was lost: as many leases can be had as the configuration says; and all that was begun has ended.
    func expectWhole(_ location: SourceLocation = #_sourceLocation) async throws {
        for step in FakeStep.allCases { driver.always(step, .succeed) }
        let maximum = pool.configuration.maximumConnections
        try await holding(maximum) {
            #expect(pool.statistics.counts.leased == maximum, sourceLocation: location)
        }
        try await pool.close(drain: .zero)
        expectClosed(location)
    }

    func expectClosed(_ location: SourceLocation = #_sourceLocation) {
        #expect(driver.ledger.findingsAfterClose == [], sourceLocation: location)
        #expect(pool.statistics.counts.total == 0, sourceLocation: location)
        #expect(pool.statistics.counts.waiting == 0, sourceLocation: location)
        for kind in PoolOperation.Kind.allCases {
            #expect(observer.running(kind) == [], "an operation has not ended", sourceLocation: location)
        }
    }

    func error(of task: Task<Void, any Error>) async -> (any Error)? {
        switch await task.result {
        case .success: nil
        case .failure(let error): error
        }
    }

    func poolError(of task: Task<Void, any Error>) async -> PoolError? {
        await error(of: task) as? PoolError
    }
}

extension PoolEvent {
    var closeReason: ConnectionCloseReason? {
        if case .connectionClosed(_, _, let reason, _) = self { reason } else { nil }
    }

    var isOpened: Bool {
        if case .connectionOpened = self { true } else { false }
    }

    var connectFailure: (attempt: Int, error: any Error, retryAfter: Duration)? {
        if case .connectFailed(_, let attempt, let error, _, let pause) = self { (attempt, error, pause) } else { nil }
    }
}
