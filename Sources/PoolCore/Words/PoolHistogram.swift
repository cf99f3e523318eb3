/// The frequency of durations, in buckets that are at most 25 % wide: constant time and memory.
public struct PoolHistogram: Sendable, Hashable {
    /// Four buckets for each power of two.
    private static let bucketCount = 4 * 62

    private var counts: [UInt64]
    /// The number of durations that were recorded.
    public private(set) var count: Int = 0
    private var total: Int64 = 0
    private var largest: Int64 = 0

    init() {
        counts = Array(repeating: 0, count: Self.bucketCount)
    }

    mutating func record(_ nanoseconds: Nanoseconds) {
        let value = Swift.max(0, nanoseconds)
        counts[Self.bucket(of: value)] += 1
        count += 1
        total = total.adding(value)
        if value > largest { largest = value }
    }

    mutating func record(_ nanoseconds: Nanoseconds, times: Int) {
        guard times > 0 else { return }
        let value = Swift.max(0, nanoseconds)
        counts[Self.bucket(of: value)] += UInt64(times)
        count += times
        let (sum, overflow) = value.multipliedReportingOverflow(by: Int64(times))
        total = total.adding(overflow ? .max : sum)
        if value > largest { largest = value }
    }

    /// The bucket of `value`: below 4 each value has its own; from there on the two bits after the leading one choose.
    private static func bucket(of value: Int64) -> Int {
        guard value >= 4 else { return Int(value) }
        let exponent = 63 - value.leadingZeroBitCount
        return 4 * (exponent - 1) + Int((value >> (exponent - 2)) & 3)
    }

    /// The first value that is too large for `bucket`.
    private static func upperBound(of bucket: Int) -> Int64 {
        guard bucket >= 4 else { return Int64(bucket) + 1 }
        let (exponent, step) = (bucket / 4 + 1, Int64(bucket % 4))
        return exponent == 62 && step == 3 ? .max : (5 + step) << (exponent - 2)
    }

    /// The mean of all recorded durations; zero if there are none.
    public var mean: Duration {
        count == 0 ? .zero : .nanoseconds(total / Int64(count))
    }

    /// The longest recorded duration; zero if there is none.
    public var maximum: Duration {
        .nanoseconds(largest)
    }

    /// The sum of all recorded durations.
    public var sum: Duration {
        .nanoseconds(total)
    }

    /// A duration that `fraction` of all records (0 to 1) do not exceed, at most 25 % too large. Zero if there are
    /// none.
    public func percentile(_ fraction: Double) -> Duration {
        let rank = Swift.max(1, (Double(count) * Swift.min(1, Swift.max(0, fraction))).rounded(.up))
        var seen: UInt64 = 0
        for bucket in counts.indices where counts[bucket] > 0 {
            seen += counts[bucket]
            if Double(seen) >= rank { return .nanoseconds(Swift.min(Self.upperBound(of: bucket), largest)) }
        }
        return .zero
    }

    /// The buckets that are not empty, in ascending order.
    public var buckets: [(upperBound: Duration, count: Int)] {
        counts.indices.filter { counts[$0] > 0 }.map { (.nanoseconds(Self.upperBound(of: $0)), Int(counts[$0])) }
    }
}
