import PoolSQL

/// A histogram drawn in text: a line for each step of 1, 2, 5, 10, 20, 50 …
struct Chart {
    private let bars: [(label: String, count: Int)]

    init(_ histogram: PoolHistogram) {
        var bars = Self.bounds.map { (label: $0.label, count: 0) } + [(label: "more", count: 0)]
        for bucket in histogram.buckets {
            let index = Self.bounds.firstIndex { bucket.upperBound <= $0.duration } ?? Self.bounds.count
            bars[index].count += bucket.count
        }
        let first = bars.firstIndex { $0.count > 0 } ?? 0
        let last = bars.lastIndex { $0.count > 0 } ?? 0
        self.bars = Array(bars[first...last])
    }

    var text: String {
        let longest = bars.reduce(1) { max($0, $1.count) }
        let total = max(1, bars.reduce(0) { $0 + $1.count })
        return bars.map { label, count in
            let percent = (Double(count) * 100 / Double(total)).fixed(1) + " %"
            let bar = Self.bar(Double(count) / Double(longest))
            return "  \(label.padded(to: 9)) \(percent.padded(to: 8))  \(bar)"
        }
        .map { String($0.reversed().drop { $0 == " " }.reversed()) }
        .joined(separator: "\n")
    }

    /// A bar of up to 40 characters, in steps of an eighth of one.
    private static func bar(_ fraction: Double) -> String {
        guard fraction > 0 else { return "" }
        let eighths = max(1, Int((fraction * 40 * 8).rounded()))
        let remainder = eighths % 8 == 0 ? "" : String(partialBlocks[eighths % 8 - 1])
        return String(repeating: "█", count: eighths / 8) + remainder
    }

    private static let partialBlocks = Array("▏▎▍▌▋▊▉")

    private static let bounds: [(label: String, duration: Duration)] = {
        let units: [(name: String, size: Duration)] = [
            ("µs", .microseconds(1)), ("ms", .milliseconds(1)), ("s", .seconds(1)),
        ]
        return units.flatMap { unit in
            [1, 2, 5, 10, 20, 50, 100, 200, 500].map { ("≤ \($0) \(unit.name)", unit.size * $0) }
        }
    }()
}
