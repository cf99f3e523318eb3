import Foundation
import PoolCore
import PoolTesting
import Testing

/// What an application sees of its acquires, counted a second time.
private actor Tally {
    var (granted, timedOut, cancelled, failed, rejected, closed) = (0, 0, 0, 0, 0, 0)

    func note(_ result: Result<Void, any Error>) {
        switch result {
        case .success: granted += 1
        case .failure(let error as PoolError):
            switch error.code {
            case .acquireTimedOut: timedOut += 1
            case .tooManyWaiters: rejected += 1
            case .closed, .draining: closed += 1
            default: failed += 1
            }
        case .failure: cancelled += 1
        }
    }
}

@Suite("The counters in a long run", .timeLimit(.minutes(5)))
struct CounterRunTests {
    @Test("After 100,000 acquires of all kinds every one is accounted for, and the queue balances at every moment")
    func balance() async throws {
        let seed =
            ProcessInfo.processInfo.environment["POOL_TEST_SEED"].flatMap { UInt64($0) } ?? .random(in: 1...1_000_000)
        EngineSelfCheck.switchOn()
        let driver = FakeDriver()
        let random = SeededRandom.source(seed: seed)
        driver.decide(.connect) { _ in
            let draw = random()
            if draw % 40 == 0 { return .fail(FakeError("refused, seed \(seed)", verdict: .refused)) }
            return .yield(times: Int(draw >> 40) % 4, then: .succeed)
        }
        let pool = try Pool(
            driver: driver,
            configuration: PoolConfiguration(
                maximumConnections: 3, maximumWaiters: 6, maximumUses: 50, initialBackoff: .microseconds(1),
                maximumBackoff: .microseconds(50)))
        let tally = Tally()
        await withTaskGroup { group in
            for task in 0..<16 {
                group.addTask {
                    var random = SeededRandom(seed: seed &+ UInt64(task))
                    for step in 0..<6_250 {
                        await tally.note(await acquire(from: pool, &random))
                        if step % 500 == 0 { expectBalance(pool.statistics, seed) }
                    }
                }
            }
        }
        try await pool.close(drain: .seconds(10))
        for _ in 0..<10 { await tally.note(await acquire(from: pool, isPatient: true, isCancelled: false, yields: 0)) }
        let statistics = pool.statistics
        expectBalance(statistics, seed)
        // Those that were cancelled before they asked for anything are no requests.
        let early = await tally.cancelled - statistics.cancelled
        #expect(early >= 0, "seed \(seed)")
        #expect(statistics.requests == 100_010 - early, "seed \(seed)")
        #expect(statistics.acquired == (await tally.granted), "seed \(seed)")
        #expect(statistics.timedOut == (await tally.timedOut), "seed \(seed)")
        #expect(statistics.rejected == (await tally.rejected), "seed \(seed)")
        #expect(statistics.failed == (await tally.failed), "seed \(seed)")
        #expect(statistics.refusedAtClose == 10, "seed \(seed)")
        for count in [statistics.enqueued, statistics.dequeued, statistics.rejected, statistics.cancelled] {
            #expect(count > 0, "seed \(seed): the run was too tame")
        }
    }

    private func acquire(
        from pool: Pool<FakeDriver>, _ random: inout SeededRandom
    ) async -> Result<Void, any Error> {
        await acquire(
            from: pool, isPatient: !random.oneIn(10), isCancelled: random.oneIn(20),
            yields: Int.random(in: 0..<6, using: &random))
    }

    private func acquire(
        from pool: Pool<FakeDriver>, isPatient: Bool, isCancelled: Bool, yields: Int
    ) async -> Result<Void, any Error> {
        let task = Task {
            try await pool.withConnection(AcquireOptions(timeout: isPatient ? .seconds(30) : .nanoseconds(1))) { _ in
                for _ in 0..<yields { await Task.yield() }
            }
        }
        if isCancelled {
            for _ in 0..<yields { await Task.yield() }
            task.cancel()
        }
        return await task.result
    }

    private func expectBalance(_ statistics: PoolStatistics, _ seed: UInt64) {
        let left =
            statistics.dequeued + statistics.timedOutInQueue + statistics.cancelledInQueue + statistics.failedInQueue
            + statistics.rejectedAtClose
        #expect(statistics.enqueued == left + statistics.counts.waiting, "seed \(seed)")
        #expect(statistics.wait.count == statistics.acquired, "seed \(seed)")
    }
}
