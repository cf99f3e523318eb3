import Foundation
import Measuring

/// The worst figures that are accepted, by the title of the comparison and the name of the contender.
struct Limits {
    struct Limit: Codable {
        /// The throughput, as a ratio to the first contender's.
        var throughput: Double?
        /// The CPU time of an operation, as such a ratio.
        var processorTime: Double?
        /// The 99th percentile of the time that an operation takes, as a ratio to that of the better program in C.
        var p99: Double?
        /// How often an operation allocates memory.
        var allocations: Double?
        /// Bytes.
        var memory: Double?
    }

    /// How much worse than a limit a figure may be: machines differ, and are busy. What is judged is the better
    /// quartile of the rounds, since other work makes some of them worse, and a slower package makes all of them worse.
    private static let tolerance = 1.25
    /// Allocations are counted exactly, but over a time that may end within an operation.
    private static let toleranceOfCounts = (factor: 1.05, summand: 0.05)

    private var limits: [String: [String: Limit]]

    /// - Throws: ``BenchmarkError`` for a file that cannot be read.
    init(path: String) throws {
        do {
            limits = try JSONDecoder().decode(
                [String: [String: Limit]].self, from: Data(contentsOf: URL(filePath: path)))
        } catch {
            throw BenchmarkError("the limits in \(path) cannot be read: \(error)")
        }
    }

    /// Forgets the limits of what is timed.
    mutating func keepExact() {
        limits = limits.compactMapValues { contenders in
            let exact = contenders.mapValues { Limit(allocations: $0.allocations, memory: $0.memory) }
                .filter { $0.value.allocations != nil || $0.value.memory != nil }
            return exact.isEmpty ? nil : exact
        }
    }

    var titles: Set<String> { Set(limits.keys) }

    /// The plan with those contenders only that have limits, and those that they are measured against; nil if there are
    /// no limits.
    func plan(_ plan: Plan) -> Plan? {
        guard let limits = limits[plan.fullTitle] else { return nil }
        let needsPrograms = limits.values.contains { $0.p99 != nil }
        var copy = plan
        copy.entries = plan.entries.enumerated().compactMap { index, entry in
            let isMeasure = index == 0 || (needsPrograms && entry.name.hasPrefix("C"))
            return isMeasure || limits[entry.name] != nil ? entry : nil
        }
        return copy
    }

    /// A figure and its limit.
    struct Verdict: CustomStringConvertible {
        let contender: String
        let measure: String
        let figure: Double
        let limit: Double
        let isKept: Bool

        var description: String {
            "\(isKept ? "kept" : "EXCEEDED"): \(contender): \(measure) \(Form.number(figure)), limit \(Form.number(limit))"
        }
    }

    /// A limit for a contender that the comparison does not have is exceeded: nothing would be checked.
    func verdicts(_ comparison: Comparison) -> [Verdict] {
        (limits[comparison.title] ?? [:]).sorted { $0.key < $1.key }.flatMap { name, limit in
            guard let index = comparison.contenders.firstIndex(of: name) else {
                return [Verdict(contender: name, measure: "was not measured", figure: 0, limit: 0, isKept: false)]
            }
            let figures = Self.figures(index, comparison, low: \.lowerQuartile, high: \.upperQuartile)
            return Self.measures.compactMap { measure in
                limit[keyPath: measure.limit].map { limit in
                    let figure = figures[keyPath: measure.limit]
                    return Verdict(
                        contender: name, measure: measure.name, figure: figure ?? .nan, limit: limit,
                        isKept: figure.map { measure.isKept($0, limit) } ?? false)
                }
            }
        }
    }

    /// Takes the comparison's figures as limits, where there are some.
    mutating func record(_ comparison: Comparison) {
        for (index, name) in comparison.contenders.enumerated() {
            let figures = Self.figures(index, comparison, low: \.median, high: \.median)
            for measure in Self.measures where limits[comparison.title]?[name]?[keyPath: measure.limit] != nil {
                // Three digits: more are noise.
                let figure = figures[keyPath: measure.limit].flatMap { Double(String(format: "%.3g", $0)) }
                limits[comparison.title]?[name]?[keyPath: measure.limit] = figure
            }
        }
    }

    func write(_ path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try (encoder.encode(limits) + Data("\n".utf8)).write(to: URL(filePath: path))
    }

    /// - Parameters:
    ///   - low: What to take of the rounds where less is better.
    ///   - high: And where more is.
    private static func figures(
        _ contender: Int, _ comparison: Comparison, low: KeyPath<Spread, Double>, high: KeyPath<Spread, Double>
    ) -> Limit {
        func each(_ value: (Figures) -> Double?) -> Double? {
            comparison.has(value) ? comparison.spread(contender) { value($0) ?? 0 }[keyPath: low] : nil
        }
        return Limit(
            throughput: comparison.ratio(contender, \.throughput)[keyPath: high],
            processorTime: comparison.ratio(contender, \.processorTimeEach)[keyPath: low],
            p99: comparison.tailRatio(contender)?[keyPath: low],
            allocations: each(\.allocationsEach), memory: each(\.memoryEach))
    }

    private struct Measure {
        let name: String
        let limit: WritableKeyPath<Limit, Double?>
        let isKept: (_ figure: Double, _ limit: Double) -> Bool
    }

    private static var measures: [Measure] {
        [
            Measure(name: "throughput", limit: \.throughput) { $0 >= $1 / tolerance },
            Measure(name: "CPU time", limit: \.processorTime) { $0 <= $1 * tolerance },
            Measure(name: "p99", limit: \.p99) { $0 <= $1 * tolerance },
            Measure(name: "allocations", limit: \.allocations) {
                $0 <= $1 * toleranceOfCounts.factor + toleranceOfCounts.summand
            },
            Measure(name: "memory", limit: \.memory) { $0 <= $1 * tolerance },
        ]
    }
}
