import Measuring

/// What contenders did that did the same, round by round in turns.
struct Comparison: Codable {
    /// What all of them did.
    let title: String
    /// False where memory or allocations are what counts, and not the time.
    let isTimed: Bool
    /// In the order of the table. The ratios are against the first.
    let contenders: [String]
    /// Contenders that were left out, and why.
    let absent: [String]
    /// For each round, a measurement for each contender.
    let rounds: [[Figures]]

    func has(_ value: (Figures) -> Double?) -> Bool { rounds.joined().contains { (value($0) ?? 0) > 0 } }

    /// What the rounds gave.
    func spread(_ contender: Int, _ value: (Figures) -> Double) -> Spread {
        Spread(rounds.map { value($0[contender]) })
    }

    /// The ratios to the first contender in the same round.
    func ratio(_ contender: Int, _ value: (Figures) -> Double) -> Spread {
        Spread(rounds.map { value($0[contender]) / value($0[0]) })
    }

    /// The ratios of the 99th percentile to that of the program in C that was better in the same round; nil if there is
    /// none, or single operations were not timed.
    func tailRatio(_ contender: Int) -> Spread? {
        let programs = contenders.indices.filter { contenders[$0].hasPrefix("C") }
        guard !programs.isEmpty, has({ Double($0.p99) }) else { return nil }
        return Spread(
            rounds.map { round in
                let best = programs.map { round[$0].p99 }.min() ?? 0
                return Double(round[contender].p99) / Double(max(best, 1))
            })
    }
}

/// The middle and the ends of some numbers.
struct Spread {
    let median: Double
    /// A quarter of them are at most the first, and a quarter at least the second.
    let lowerQuartile: Double
    let upperQuartile: Double
    let minimum: Double
    let maximum: Double

    /// - Precondition: `numbers` is not empty.
    init(_ numbers: [Double]) {
        let sorted = numbers.sorted()
        func quantile(_ share: Double) -> Double {
            let place = share * Double(sorted.count - 1)
            let below = sorted[Int(place)]
            return below + (sorted[Int(place.rounded(.up))] - below) * (place - place.rounded(.down))
        }
        (lowerQuartile, median, upperQuartile) = (quantile(0.25), quantile(0.5), quantile(0.75))
        minimum = sorted[0]
        maximum = sorted[sorted.count - 1]
    }
}
