import Foundation
import Measuring

/// Measures what there are limits for, shortly, and fails where one is exceeded.
struct Check {
    let options: Options

    /// By how much more is measured, before a limit that is exceeded counts.
    private static let again = (rounds: 2, seconds: 2.0)

    func run(_ subjects: [any Subject]) async throws -> [Comparison] {
        let path = options.limits ?? PoolBenchmarks.folder.appending(path: "limits.json").path
        var limits = try Limits(path: path)
        if options.isExact { limits.keepExact() }
        var (recorded, comparisons, exceeded, left) = (limits, [Comparison](), [String](), limits.titles)
        var longer = options
        longer.rounds *= Self.again.rounds
        longer.seconds *= Self.again.seconds
        for subject in subjects {
            let plans = try zip(subject.plans(options), subject.plans(longer)).compactMap { plan, longer in
                limits.plan(plan).flatMap { plan in limits.plan(longer).map { (plan, $0) } }
            }
            left.subtract(plans.map(\.0.fullTitle))
            if plans.isEmpty { continue }
            try await subject.prepared { environment, _ in
                for (plan, longerPlan) in plans {
                    let comparison = try check(plan, longerPlan, limits, longer.rounds, environment, &exceeded)
                    recorded.record(comparison)
                    comparisons.append(comparison)
                }
            }
        }
        exceeded += left.sorted().map { "\($0): there is no such comparison" }
        if let path = options.record { try recorded.write(path) }
        if !exceeded.isEmpty {
            throw BenchmarkError("limits are exceeded by more than is allowed:\n" + exceeded.joined(separator: "\n"))
        }
        return comparisons
    }

    private func check(
        _ plan: Plan, _ longerPlan: Plan, _ limits: Limits, _ rounds: Int, _ environment: [String: String],
        _ exceeded: inout [String]
    ) throws -> Comparison {
        var comparison = try plan.measure(rounds: options.rounds, environment)
        var verdicts = limits.verdicts(comparison)
        report(comparison, verdicts)
        if verdicts.contains(where: { !$0.isKept }) {
            PoolBenchmarks.say("  It is measured again, in \(rounds) longer rounds: the machine may have been busy.")
            comparison = try longerPlan.measure(rounds: rounds, environment)
            verdicts = limits.verdicts(comparison)
            report(comparison, verdicts)
        }
        exceeded += verdicts.filter { !$0.isKept }.map { "\(comparison.title): \($0)" }
        return comparison
    }

    private func report(_ comparison: Comparison, _ verdicts: [Limits.Verdict]) {
        PoolBenchmarks.say(([comparison.title] + verdicts.map { "  \($0)" }).joined(separator: "\n"))
    }
}
