import Foundation
import PoolCore
import PoolTesting
import Testing

@Suite("Many tasks on a driver that fails at random", .timeLimit(.minutes(2)))
struct PoolStressTests {
    struct Scenario: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var lanes: [PoolLaneConfiguration]?
        var hooks = PoolHooks<FakeDriver>()
    }

    static let scenarios = [
        Scenario(testDescription: "one lane"),
        Scenario(
            testDescription: "three lanes",
            lanes: [
                PoolLaneConfiguration(name: "writer", maximumConnections: 1, serves: [.readWrite], closesLast: true),
                PoolLaneConfiguration(
                    name: "reader", maximumConnections: 4, minimumConnections: 1, serves: [.readOnly]),
                PoolLaneConfiguration(name: "spare", maximumConnections: 2, serves: []),
            ]),
        Scenario(
            testDescription: "hooks",
            hooks: PoolHooks(
                connect: { try await $0.work() }, acquire: { try await $0.work() }, release: { try await $0.work() })),
    ]

    @Test("No place, no lease and no connection is lost", arguments: scenarios)
    func stress(scenario: Scenario) async throws {
        let seed =
            ProcessInfo.processInfo.environment["POOL_TEST_SEED"].flatMap { UInt64($0) } ?? .random(in: 1...1_000_000)
        let driver = FakeDriver(lanes: scenario.lanes)
        let random = SeededRandom.source(seed: seed)
        for step in FakeStep.allCases {
            driver.decide(step) { _ in
                let draw = random()
                let outcome = draw % 25 == 0 ? FakeOutcome.fail(FakeError("at random, seed \(seed)")) : .succeed
                return .yield(times: Int(draw >> 32) % 5, then: outcome)
            }
        }
        let observer = RecordingObserver()
        let pool = try Pool(
            driver: driver,
            configuration: PoolConfiguration(
                maximumConnections: 4, maximumWaiters: 20, validateAfterIdle: .microseconds(50),
                idleTimeout: .milliseconds(2), maximumLifetime: .milliseconds(20), initialBackoff: .microseconds(10),
                maximumBackoff: .milliseconds(1)),
            hooks: scenario.hooks, observer: observer)
        await withTaskGroup { group in
            for task in 0..<48 {
                group.addTask {
                    var random = SeededRandom(seed: seed &+ UInt64(task))
                    for _ in 0..<40 { await work(pool, &random) }
                }
            }
        }
        for step in FakeStep.allCases { driver.always(step, .succeed) }
        try await pool.close(drain: .seconds(10))
        #expect(driver.ledger.findingsAfterClose == [], "seed \(seed)")
        #expect(pool.statistics.counts.total == 0, "seed \(seed)")
        #expect(pool.statistics.counts.waiting == 0, "seed \(seed)")
        // What was interrupted by force may end a little later.
        for kind in PoolOperation.Kind.allCases {
            while !observer.running(kind).isEmpty { await Task.yield() }
        }
        let statistics = pool.statistics
        #expect(statistics.use.count == statistics.acquired, "seed \(seed)")
        #expect(statistics.wait.count == statistics.acquired, "seed \(seed)")
        #expect(statistics.connectionsOpened == statistics.connectionsClosed.values.reduce(0, +), "seed \(seed)")
    }

    /// One acquire of some kind, by a task that may be cancelled in the middle.
    private func work(_ pool: Pool<FakeDriver>, _ random: inout SeededRandom) async {
        let options = AcquireOptions(
            access: random.oneIn(2) ? .readOnly : .readWrite,
            priority: AcquireOptions.Priority.allCases.randomElement(using: &random) ?? .normal,
            timeout: random.oneIn(5) ? .microseconds(100) : .seconds(20))
        let (draw, patience) = (Int.random(in: 0..<20, using: &random), Int.random(in: 0..<50, using: &random))
        let isCancelled = random.oneIn(4)
        if random.oneIn(300) { pool.clear() }
        let task = Task {
            if draw == 0 {
                var lease = try await pool.acquire(options)
                return lease.discard(reason: "at random")
            }
            if draw == 1 { return try await pool.acquire(options).release() }
            try await pool.withConnection(options) { lease in
                #expect(lease.connection.residue.isEmpty)
                #expect(!lease.connection.isClosed)
                if draw < 6 { lease.connection.leave("residue") }
                if draw == 7 { lease.connection.condition = .broken }
                try await lease.work()
                if draw == 8 { throw FakeError("from a body", verdict: .keep) }
            }
        }
        if isCancelled {
            for _ in 0..<patience { await Task.yield() }
            task.cancel()
        }
        _ = await task.result
    }
}
