import Testing

@testable import PoolCore

@Suite("Three engines on one budget", .serialized)
struct BudgetModelTests {
    private static let runs = ModelRuns("budget run", steps: 100_000)

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
        try await Self.runs.perform(maximum, "\(maximum) connections") { seed in
            try Self.run(maximum, steps: Self.runs.steps, seed: seed)
        }
    }

    private static func run(_ maximum: Int, steps: Int, seed: UInt64) throws {
        try BudgetRun(
            maximum: maximum,
            [
                configuration(maximum: 4, [.init(maximum: 4)]),
                configuration(maximum: 3, [.init(maximum: 2), .init(maximum: 3)], concurrentConnects: 1),
                configuration(maximum: 5, [.init(maximum: 5, minimum: 1)]),
            ], seed: seed
        ).run(steps: steps)
    }
}
