import Dispatch
import Foundation
import Testing

@testable import PoolCore

@Suite("Three engines on one budget", .serialized)
struct BudgetModelTests {
    private static let queue = DispatchQueue(label: "budget runs")

    private static func configuration(
        maximum: Int, _ lanes: [EngineConfiguration.Lane], concurrentConnects: Int = 2
    ) -> EngineConfiguration {
        EngineScenario("", maximum: maximum, lanes) {
            $0.concurrentConnects = concurrentConnects
            $0.idleTimeout = 60 * EngineScenario.second
        }.configuration
    }

    @Test("A hundred thousand random steps keep the budget, and let nobody starve", arguments: [2, 3, 6])
    func randomSteps(maximum: Int) async throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["POOL_TEST_SEED"].flatMap { UInt64($0) } ?? .random(in: 1...1_000_000_000)
        let steps = environment["POOL_TEST_STEPS"].flatMap { Int($0) } ?? 100_000
        print("budget run: \(maximum) connections, POOL_TEST_SEED=\(seed), \(steps) steps")
        // On a thread of its own: on Swift's it would hold up every other test.
        try await withCheckedThrowingContinuation { continuation in
            Self.queue.async { continuation.resume(with: Result { try Self.run(maximum, steps: steps, seed: seed) }) }
        }
    }

    private static func run(_ maximum: Int, steps: Int, seed: UInt64) throws {
        let run = try BudgetRun(
            maximum: maximum,
            [
                configuration(maximum: 4, [.init(maximum: 4)]),
                configuration(maximum: 3, [.init(maximum: 2), .init(maximum: 3)], concurrentConnects: 1),
                configuration(maximum: 5, [.init(maximum: 5, minimum: 1)]),
            ], seed: seed)
        try run.run(steps: steps)
        #expect(run.grants > steps / 500)
        #expect(run.roomsMade > steps / 5000)
        #expect(run.yields > steps / 5000)
    }
}
