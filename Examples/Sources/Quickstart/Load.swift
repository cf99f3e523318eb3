import PoolSQL
import PoolTesting
import Synchronization

/// Many tasks that read and write through one small pool until the time is over.
struct Load<Driver: SQLDriver>: Sendable {
    let pool: Pool<Driver>
    let dialect: QuickstartDialect
    let data: TimeZoneData
    let tasks: Int
    let duration: Duration
    let interruption: Interruption

    func run(showing progress: ProgressLine) async throws -> LoadOutcome {
        try await prepareCounters()
        let before = try await counter()
        let clock = ContinuousClock()
        let start = clock.now
        let end = start + duration
        let live = LiveCount()

        async let _ = progress.repeatedly {
            let elapsed = clock.now - start
            let counts = pool.statistics.counts
            return "load  \(elapsed.inSeconds.fixed(1)) of \(duration.inSeconds.fixed(1)) s, "
                + "\(live.perSecond(over: elapsed).grouped) operations/s, "
                + "\(counts.leased) leased, \(counts.waiting) waiting, \(live.failed.grouped) failed"
        }
        let tally = await withTaskGroup(of: Tally.self) { group in
            for number in 0..<tasks {
                group.addTask { await work(task: number, until: end, live: live) }
            }
            return await group.reduce(into: Tally()) { $0.add($1) }
        }
        let elapsed = clock.now - start
        return LoadOutcome(tally: tally, duration: elapsed, counterBefore: before, counterAfter: try await counter())
    }

    /// One task: an operation after the other, chosen at random, most of them reads.
    private func work(task number: Int, until end: ContinuousClock.Instant, live: LiveCount) async -> Tally {
        var tally = Tally()
        var random = SeededRandom(seed: UInt64(number))
        let clock = ContinuousClock()
        var now = clock.now
        while now < end, !interruption.isRequested {
            let operation = Operation.next(&random)
            do {
                try await perform(operation, number, &random, &tally)
                let finished = clock.now
                tally.succeeded(operation, in: finished - now)
                live.count(failed: false)
                now = finished
            } catch {
                tally.failed(operation, error)
                live.count(failed: true)
                now = clock.now
            }
        }
        return tally
    }

    private func perform(
        _ operation: Operation, _ task: Int, _ random: inout SeededRandom, _ tally: inout Tally
    ) async throws {
        let zone = Int.random(in: 1...data.zones.count, using: &random)
        let moment = Int64.random(in: 0..<2_000_000_000, using: &random)
        switch operation {
        case .offset: try await readOffset(ofZone: zone, at: moment)
        case .country: try await listZones(inCountryOfZone: zone)
        case .stream: try await streamTransitions(ofZone: zone)
        case .snapshot: try await readTwice(&tally)
        case .write: try await recordVisit(of: data.zones[zone - 1].name, at: moment, task: task)
        }
    }
}

/// What a load did.
struct LoadOutcome: Sendable {
    let tally: Tally
    let duration: Duration
    /// The counter before and after the load.
    let counterBefore: Int
    let counterAfter: Int
}

/// What a task may do, and how often out of 100 times.
enum Operation: String, CaseIterable, Sendable {
    case offset, country, stream, snapshot, write

    var weight: Int {
        switch self {
        case .offset: 74
        case .country: 10
        case .stream: 1
        case .snapshot: 5
        case .write: 10
        }
    }

    var title: String {
        switch self {
        case .offset: "offset of a zone at a moment"
        case .country: "zones of a country, joined"
        case .stream: "stream of a zone's transitions"
        case .snapshot: "snapshot read twice"
        case .write: "visit recorded, counter raised"
        }
    }

    static func next(_ random: inout SeededRandom) -> Operation {
        var choice = Int.random(in: 0..<100, using: &random)
        for operation in allCases {
            choice -= operation.weight
            if choice < 0 { return operation }
        }
        return .offset
    }
}

/// What the progress line shows while the load runs.
private final class LiveCount: Sendable {
    private let operations = Atomic(0)
    private let failures = Atomic(0)

    var failed: Int { failures.load(ordering: .relaxed) }

    func count(failed: Bool) {
        if failed {
            failures.add(1, ordering: .relaxed)
        } else {
            operations.add(1, ordering: .relaxed)
        }
    }

    func perSecond(over elapsed: Duration) -> Int {
        Int(Double(operations.load(ordering: .relaxed)) / max(elapsed.inSeconds, 0.001))
    }
}
