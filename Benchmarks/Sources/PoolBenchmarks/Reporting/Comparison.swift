import Foundation

/// Contenders that did the same, round by round in turns.
struct Comparison: Codable {
    /// What all of them did.
    let title: String
    /// Nil where their number is not what counts.
    let tasks: Int?
    /// In the order of the table. The ratios are against the first.
    let contenders: [String]
    /// For each round, a measurement for each contender.
    let rounds: [[Measurement]]

    /// Runs all contenders in turns, and prints the table. Each round begins with another contender, so that none always comes
    /// after the same.
    init(
        title: String, tasks: Int?, contenders: [String], rounds count: Int,
        _ measure: (_ contender: Int) throws -> Measurement
    ) throws {
        self.title = title
        self.tasks = tasks
        self.contenders = contenders
        rounds = try (0..<count).map { round in
            var measurements: [Measurement?] = Array(repeating: nil, count: contenders.count)
            for turn in contenders.indices {
                let contender = (turn + round) % contenders.count
                measurements[contender] = try measure(contender)
            }
            return measurements.compactMap { $0 }
        }
        print(markdown)
        fflush(nil)
    }

    /// The title with the number of tasks.
    var fullTitle: String { title + (tasks.map { $0 == 1 ? ", 1 task" : ", \($0) tasks" } ?? "") }

    /// The median of the rounds.
    func median(_ contender: Int, _ value: (Measurement) -> Double) -> Double {
        Spread(rounds.map { value($0[contender]) }).median
    }

    /// The ratios to the first contender in the same round.
    func ratio(_ contender: Int, _ value: (Measurement) -> Double) -> Spread {
        Spread(rounds.map { value($0[contender]) / value($0[0]) })
    }
}

/// The middle and the ends of some numbers.
struct Spread {
    let median: Double
    let minimum: Double
    let maximum: Double

    /// - Precondition: `numbers` is not empty.
    init(_ numbers: [Double]) {
        let sorted = numbers.sorted()
        let middle = sorted.count / 2
        median = sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
        minimum = sorted[0]
        maximum = sorted[sorted.count - 1]
    }
}
