import Foundation
import Measuring

/// Contenders that are to do the same.
struct Plan {
    struct Entry {
        let name: String
        var program: Program
        /// Does the same without what is measured: its memory is taken off.
        var bare: Program?

        func measure(_ environment: [String: String]) throws -> Figures {
            var measurement = try program.measure(environment)
            if let bare, let memory = measurement.memory {
                measurement.memory = max(memory - (try bare.measure(environment).memory ?? 0), 0)
            }
            return measurement
        }
    }

    /// What all of them do.
    let title: String
    /// Nil where their number is not what counts.
    var tasks: Int?
    /// False where memory or allocations are what counts.
    var isTimed = true
    /// In the order of the table. The ratios are against the first.
    var entries: [Entry]

    /// The title with the number of tasks.
    var fullTitle: String { title + (tasks.map { $0 == 1 ? ", 1 task" : ", \($0) tasks" } ?? "") }

    /// Runs all contenders in turns. Each round begins with another contender, so that none always comes after the
    /// same.
    func measure(rounds count: Int, _ environment: [String: String]) throws -> Comparison {
        let present = entries.filter { $0.program.lack == nil }
        let absent = entries.compactMap { entry in entry.program.lack.map { "\(entry.name): \($0)" } }
        guard present.first?.name == entries.first?.name else { throw BenchmarkError(absent.joined(separator: "\n")) }
        let rounds = try (0..<count).map { round in
            var measurements: [Figures?] = Array(repeating: nil, count: present.count)
            for turn in present.indices {
                let contender = (turn + round) % present.count
                measurements[contender] = try present[contender].measure(environment)
            }
            return measurements.compactMap { $0 }
        }
        return Comparison(
            title: fullTitle, isTimed: isTimed, contenders: present.map(\.name), absent: absent, rounds: rounds)
    }
}

/// What is measured on one ground: a database, or the pool alone.
protocol Subject {
    func plans(_ options: Options) throws -> [Plan]

    /// Runs `body` with what the contenders find in their environment, and the name and version of the server, if there
    /// is one.
    func prepared(_ body: (_ environment: [String: String], _ server: String?) throws -> Void) async throws
}

extension Subject {
    func prepared(_ body: (_ environment: [String: String], _ server: String?) throws -> Void) async throws {
        try body([:], nil)
    }
}
