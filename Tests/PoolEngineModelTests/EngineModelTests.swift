import Testing

@testable import PoolCore

/// A configuration that the engine is run with.
struct EngineScenario: Sendable, CustomTestStringConvertible {
    let name: String
    let configuration: EngineConfiguration
    var sharesBudget = false
    var usesTags = false
    var testDescription: String { name }

    static let second: Nanoseconds = 1_000_000_000

    init(
        _ name: String, maximum: Int, _ lanes: [EngineConfiguration.Lane], sharesBudget: Bool = false,
        usesTags: Bool = false,
        _ change: (inout EngineConfiguration) -> Void
    ) {
        self.name = name
        var configuration = EngineConfiguration(maximumConnections: maximum, lanes: lanes)
        configuration.maximumWaiters = 12
        configuration.validateAfterIdle = 2 * Self.second
        configuration.idleTimeout = 20 * Self.second
        configuration.maximumLifetime = 60 * Self.second
        change(&configuration)
        self.configuration = configuration
        self.sharesBudget = sharesBudget
        self.usesTags = usesTags
    }

    static let all = [
        EngineScenario("one lane", maximum: 4, [.init(maximum: 4)]) { _ in },
        EngineScenario("one connection", maximum: 1, [.init(maximum: 1)]) {
            $0.concurrentConnects = 1
            $0.maximumLifetime = .never
        },
        EngineScenario("first in, first out, with a minimum", maximum: 6, [.init(maximum: 6, minimum: 3)]) {
            $0.isLastInFirstOut = false
        },
        EngineScenario("tiny queue, slow connects", maximum: 3, [.init(maximum: 3)]) {
            $0.maximumWaiters = 2
            $0.concurrentConnects = 1
            $0.connectTimeout = Self.second / 10
        },
        EngineScenario(
            "three lanes", maximum: 6,
            [.init(maximum: 2, closesLast: true), .init(maximum: 5, minimum: 1), .init(maximum: 6)]
        ) { _ in },
        EngineScenario(
            "three lanes in three places", maximum: 3, [.init(maximum: 3), .init(maximum: 2), .init(maximum: 1)]
        ) {
            $0.idleTimeout = .never
            $0.leakWarning = Self.second
        },
        EngineScenario("hooks for everything", maximum: 5, [.init(maximum: 3), .init(maximum: 4, minimum: 2)]) {
            $0.validatesEveryGrant = true
            $0.resetsEveryRelease = true
            $0.leakWarning = 3 * Self.second
        },
        EngineScenario("short lives", maximum: 8, [.init(maximum: 8, minimum: 2)]) {
            $0.maximumLifetime = 2 * Self.second
            $0.idleTimeout = Self.second
            $0.lifetimeJitter = 0.5
            $0.validatesEveryGrant = true
        },
        EngineScenario("tags in one lane", maximum: 4, [.init(maximum: 4)], usesTags: true) { _ in },
        EngineScenario("a session hook", maximum: 3, [.init(maximum: 3, minimum: 1)]) { $0.hasSessionHook = true },
        EngineScenario("tags and all hooks", maximum: 4, [.init(maximum: 3), .init(maximum: 2)], usesTags: true) {
            $0.hasSessionHook = true
            $0.validatesEveryGrant = true
            $0.resetsEveryRelease = true
        },
        EngineScenario("tags for one connection", maximum: 1, [.init(maximum: 1)], usesTags: true) {
            $0.hasSessionHook = true
            $0.isLastInFirstOut = false
        },
        EngineScenario("tags on a budget", maximum: 4, [.init(maximum: 4)], sharesBudget: true, usesTags: true) {
            $0.hasSessionHook = true
        },
        EngineScenario("one lane on a budget", maximum: 4, [.init(maximum: 4, minimum: 1)], sharesBudget: true) { _ in
        },
        EngineScenario(
            "three lanes on a budget", maximum: 5,
            [.init(maximum: 2, minimum: 1), .init(maximum: 5), .init(maximum: 3)],
            sharesBudget: true
        ) {
            $0.resetsEveryRelease = true
        },
    ]
}

@Suite("The engine and its shadow", .serialized)
struct EngineModelTests {
    private static let runs = ModelRuns("engine run", steps: 35_000)

    @Test("Half a million random steps keep every promise", arguments: Array(EngineScenario.all.enumerated()))
    func randomSteps(number: Int, scenario: EngineScenario) async throws {
        try await Self.runs.perform(number, scenario.name) { seed in
            try EngineRun(
                name: scenario.name, configuration: scenario.configuration, sharesBudget: scenario.sharesBudget,
                usesTags: scenario.usesTags, seed: seed
            ).run(steps: Self.runs.steps)
        }
    }
}
