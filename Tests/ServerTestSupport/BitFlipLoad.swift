import Dispatch
public import PoolSQL
public import PoolTesting

/// Tasks that use a pool through a ``BitFlippingRelay``. What they are told may be wrong; what is measured is that the
/// process lives, that each call ends, and that the pool is whole once the relay lets everything pass as it is.
public struct BitFlipLoad<Driver: SQLDriver>: Sendable {
    public struct Report: Sendable, CustomStringConvertible {
        public var answered = 0
        public var failed = 0
        /// Calls whose task was cancelled, because they took longer than `patience`.
        public var cancelled = 0
        /// Calls that ended much later than that.
        public var late: [String] = []

        public var description: String {
            "\(answered) answers, \(failed) errors, \(cancelled) cancelled, late: \(late.prefix(3))"
        }

        static func += (left: inout Self, right: Self) {
            left.answered += right.answered
            left.failed += right.failed
            left.cancelled += right.cancelled
            left.late += right.late
        }
    }

    private let pool: Pool<Driver>
    private let seed: UInt64
    private let patience: Duration
    private let bound: Duration
    private let call: @Sendable (Pool<Driver>, inout SeededRandom) async throws -> Void

    /// - Parameters:
    ///   - patience: How long a call may take before its task is cancelled: a flipped length makes the client wait for
    ///     what never comes.
    ///   - bound: How long a call may take in all.
    ///   - call: What a task does again and again. Its answers may be wrong.
    public init(
        _ pool: Pool<Driver>, seed: UInt64, patience: Duration, bound: Duration,
        _ call: @escaping @Sendable (Pool<Driver>, inout SeededRandom) async throws -> Void
    ) {
        (self.pool, self.seed, self.patience, self.bound, self.call) = (pool, seed, patience, bound, call)
    }

    public func run(tasks: Int, until isOver: @escaping @Sendable () -> Bool) async -> Report {
        await withTaskGroup(of: Report.self) { group in
            for task in 1...tasks {
                group.addTask {
                    var report = Report()
                    var random = SeededRandom(seed: seed &+ UInt64(task))
                    while !isOver() { await step(&report, &random) }
                    return report
                }
            }
            return await group.reduce(into: Report()) { $0 += $1 }
        }
    }

    private func step(_ report: inout Report, _ random: inout SeededRandom) async {
        let start = ContinuousClock.now
        let own = SeededRandom(seed: random.next())
        let running = Task {
            var random = own
            try await call(pool, &random)
        }
        let limit = DispatchWorkItem { running.cancel() }
        DispatchQueue.global().asyncAfter(deadline: .now() + patience / .seconds(1), execute: limit)
        switch await running.result {
        case .success: report.answered += 1
        case .failure(is CancellationError): report.cancelled += 1
        case .failure: report.failed += 1
        }
        limit.cancel()
        let needed = ContinuousClock.now - start
        if needed > bound { report.late.append("seed \(own.seed): \(needed)") }
    }
}
