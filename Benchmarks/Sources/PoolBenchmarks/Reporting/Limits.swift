import Foundation

/// The worst ratios that are accepted, by the title of the comparison and the name of the contender.
struct Limits {
    private struct Limit: Codable {
        /// The throughput, as a ratio to the first contender's.
        var throughput: Double?
        /// The CPU time of an operation, as such a ratio.
        var processorTime: Double?
    }

    /// How much worse than a limit a ratio may be: machines differ, and are busy.
    private static let tolerance = 1.25

    private let limits: [String: [String: Limit]]

    /// - Throws: ``BenchmarkError`` for a file that cannot be read.
    init(path: String) throws {
        do {
            limits = try JSONDecoder().decode(
                [String: [String: Limit]].self, from: Data(contentsOf: URL(filePath: path)))
        } catch {
            throw BenchmarkError("the limits in \(path) cannot be read: \(error)")
        }
    }

    /// Checks the comparisons that were made; there may be limits for others.
    ///
    /// - Throws: ``BenchmarkError`` that names each ratio beyond its limit. Limits for a contender that a comparison does not have,
    ///   or for none of the comparisons, are errors too: nothing would be checked.
    func check(_ comparisons: [Comparison]) throws {
        var failures: [String] = []
        var count = 0
        for comparison in comparisons {
            for (name, limit) in limits[comparison.fullTitle] ?? [:] {
                guard let contender = comparison.contenders.firstIndex(of: name) else {
                    failures.append("\(comparison.fullTitle): there is no contender '\(name)'")
                    continue
                }
                count += 1
                failures += check(contender, of: comparison, limit)
            }
        }
        if count == 0, failures.isEmpty { failures.append("there is no limit for what was measured") }
        if !failures.isEmpty { throw BenchmarkError(failures.sorted().joined(separator: "\n")) }
        print("Limits kept: \(count).")
    }

    private func check(_ contender: Int, of comparison: Comparison, _ limit: Limit) -> [String] {
        let place = "\(comparison.fullTitle): \(comparison.contenders[contender])"
        var failures: [String] = []
        let throughput = comparison.ratio(contender, \.throughput).median
        if let least = limit.throughput, throughput < least / Self.tolerance {
            failures.append(
                "\(place): the throughput is \(Form.ratio(throughput)) of C, the limit \(Form.ratio(least))")
        }
        let processorTime = comparison.ratio(contender, \.processorTimePerOperation).median
        if let most = limit.processorTime, processorTime > most * Self.tolerance {
            failures.append(
                "\(place): the CPU time is \(Form.ratio(processorTime)) of C, the limit \(Form.ratio(most))")
        }
        return failures
    }
}
