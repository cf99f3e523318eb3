import PoolCore
import PoolTesting
import Testing

@Suite("Manual time", .timeLimit(.minutes(1)))
struct ManualTimeTests {
    private let time = ManualTime()

    @Test("Time stands still until it is moved, and never goes back")
    func standsStill() {
        #expect(time.now() == PoolInstant(nanoseconds: 0))
        time.advance(by: .seconds(2))
        time.advance(to: PoolInstant(nanoseconds: 5))
        #expect(time.now() == PoolInstant(nanoseconds: 2_000_000_000))
    }

    @Test("A sleep until an instant that has passed returns at once")
    func pastInstant() async throws {
        try await time.sleep(until: PoolInstant(nanoseconds: -1))
        try await time.sleep(until: time.now())
        #expect(time.wakeUps.isEmpty)
    }

    @Test("Only the sleepers that are due wake")
    func wakesWhoIsDue() async throws {
        let (early, late) = (PoolInstant(nanoseconds: 10), PoolInstant(nanoseconds: 20))
        let first = Task { try await time.sleep(until: early) }
        let second = Task { try await time.sleep(until: late) }
        try await time.waitForSleepers(2)
        #expect(time.wakeUps == [early, late])
        time.advance(to: early)
        try await first.value
        #expect(time.wakeUps == [late])
        #expect(time.advanceToNextWakeUp())
        try await second.value
        #expect(!time.advanceToNextWakeUp())
    }

    @Test("A cancelled sleep throws and leaves nothing behind")
    func cancelledSleep() async throws {
        let sleeper = Task { try await time.sleep(until: .distantFuture) }
        try await time.waitForSleeper(until: .distantFuture)
        sleeper.cancel()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
        #expect(time.wakeUps.isEmpty)
    }

    @Test("A task that is cancelled already does not sleep")
    func cancelledBefore() async {
        let sleeper = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await time.sleep(until: .distantFuture)
        }
        await #expect(throws: CancellationError.self) { try await sleeper.value }
    }

    @Test("Who waits for sleepers sees them leave, too")
    func waitsForNoSleeper() async throws {
        let sleeper = Task { try await time.sleep(until: PoolInstant(nanoseconds: 1)) }
        try await time.waitForSleepers(1)
        let empty = Task { try await time.waitUntil { $0.isEmpty } }
        time.advance(by: .seconds(1))
        try await empty.value
        try await sleeper.value
    }
}

@Suite("Seeded randomness")
struct SeededRandomTests {
    @Test("The same seed gives the same numbers, alone and shared")
    func sameSeed() {
        var left = SeededRandom(seed: 42)
        let right = SeededRandom.source(seed: 42)
        for _ in 0..<100 { #expect(left.next() == right()) }
    }

    @Test("The numbers are those of the published algorithm")
    func published() {
        var random = SeededRandom(seed: 1_234_567)
        #expect(random.next() == 6_457_827_717_110_365_317)
        #expect(random.next() == 3_203_168_211_198_807_973)
        #expect(random.next() == 9_817_491_932_198_370_423)
    }
}
