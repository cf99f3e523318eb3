import PoolCore
import PoolTesting
import Testing

@Suite("The counters", .timeLimit(.minutes(5)))
struct PoolCounterTests {
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
