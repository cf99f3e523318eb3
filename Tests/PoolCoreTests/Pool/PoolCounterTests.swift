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

@Suite("The counters", .timeLimit(.minutes(5)))
struct PoolCounterTests {
    @Test("After 100,000 acquires of all kinds every one is accounted for, and the queue balances at every moment")
    func balance() async throws {
        let seed =
            ProcessInfo.processInfo.environment["POOL_TEST_SEED"].flatMap { UInt64($0) } ?? .random(in: 1...1_000_000)
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

    @Test("The queue's times are those of the waits that have ended, those that timed out included")
    func queueTimes() async throws {
        let fixture = try PoolFixture(maximum: 1)
        let lease = try await fixture.pool.acquire()
        #expect(fixture.pool.statistics.queueTime.minimum == .zero, "the first waited for its connect")
        fixture.pool.resetStatistics()
        let late = fixture.waiter(AcquireOptions(timeout: .seconds(2)))
        await fixture.untilWaiting(1)
        let patient = fixture.waiter()
        await fixture.untilWaiting(2)
        fixture.time.advance(by: .seconds(2))
        #expect(await fixture.poolError(of: late)?.code == .acquireTimedOut)
        #expect(fixture.pool.statistics.queueTime.sum == .seconds(2))
        fixture.time.advance(by: .seconds(3))
        lease.release()
        try await patient.value
        let statistics = fixture.pool.statistics
        #expect(statistics.queueTime.sum == .seconds(7))
        #expect(statistics.queueTime.minimum == .seconds(2))
        #expect(statistics.queueTime.maximum == .seconds(5))
        #expect(statistics.queueTime.average == .milliseconds(3_500))
        #expect(statistics.uptimeSinceReset == .seconds(5))
        try await fixture.expectWhole()
    }

    @Test("A reset of the statistics counts those who wait as enqueued, and makes the peaks what is now")
    func reset() async throws {
        let fixture = try PoolFixture(maximum: 1)
        let lease = try await fixture.pool.acquire()
        let waiters = [fixture.waiter(), fixture.waiter()]
        await fixture.untilWaiting(2)
        waiters[1].cancel()
        _ = await waiters[1].result
        fixture.time.advance(by: .seconds(1))
        try await fixture.pool.reconfigure(resetStatistics: true) { $0.maximumWaiters = nil }
        let now = fixture.pool.statistics
        #expect((now.enqueued, now.peakWaiting, now.requests, now.acquired, now.cancelled) == (1, 1, 1, 0, 0))
        #expect((now.uptime, now.uptimeSinceReset) == (.seconds(1), .zero))
        #expect(now.configuration.maximumWaiters == nil)
        lease.release()
        try await waiters[0].value
        #expect(fixture.pool.statistics.dequeued == 1)
        try await fixture.expectWhole()
    }
}
