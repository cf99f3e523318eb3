import Synchronization
import Testing

@testable import PoolIO

@Suite("Brief waits", .timeLimit(.minutes(1)))
struct BriefWaitTests {
    private func withWatch(_ body: (EventLoop, DescriptorWatch, SocketPair) async throws -> Void) async throws {
        let loop = try EventLoop(name: "test-brief")
        let pair = try SocketPair()
        let watch = try loop.watch(pair.near)
        do {
            try await body(loop, watch, pair)
        } catch {
            watch.close()
            loop.shutDown()
            throw error
        }
        watch.close()
        loop.shutDown()
        await loop.waitUntilEnded()
    }

    @Test("a brief wait ends when bytes can be read, as often as it is asked for")
    func readiness() async throws {
        try await withWatch { _, watch, pair in
            for _ in 0..<100 {
                // Where the machine is busy, the bytes may come later than a brief wait lasts.
                async let outcome = watch.waitBriefly(for: .read)
                pair.send()
                let ended = await outcome
                if ended == .timedOut {
                    #expect(await watch.wait(for: .read) == .ready)
                } else {
                    #expect(ended == .ready)
                }
                #expect(pair.receive() == 1)
            }
        }
    }

    @Test("a brief wait for what does not come ends by itself, after a tick and before long")
    func end() async throws {
        try await withWatch { _, watch, _ in
            for _ in 0..<3 {
                let start = ContinuousClock.now
                #expect(await watch.waitBriefly(for: .read) == .timedOut)
                // What has begun just before a tick is seen by that one, and ended by the next.
                #expect(ContinuousClock.now - start >= .nanoseconds(EventLoop.tick) * 0.9)
            }
        }
    }

    @Test("the parts of what comes are read on the loop, and the task goes on when they are all there")
    func parts() async throws {
        try await withWatch { loop, watch, pair in
            for isBrief in [false, true] {
                let parts = Mutex(0)
                let read: DescriptorWatch.PartReader = {
                    #expect(loop.isCurrent)
                    _ = pair.receive()
                    // Each part brings the next one about.
                    pair.send()
                    return parts.withLock {
                        $0 += 1
                        return $0 % 100 != 0
                    }
                }
                var outcome = WaitOutcome.ready
                // What is told of before the wait begins ends it at once.
                while outcome == .ready, parts.withLock(\.self) == 0 {
                    pair.send()
                    outcome =
                        isBrief
                        ? await watch.waitBriefly(for: .read, reading: read)
                        : await watch.wait(for: .read, reading: read)
                }
                // Where the machine is busy, a hundred parts may take longer than a brief wait lasts.
                #expect(outcome == .ready || isBrief && outcome == .timedOut)
                if outcome == .ready { #expect(parts.withLock(\.self) == 100) }
                while pair.receive() > 0 {}
            }
        }
    }

    @Test("a brief wait whose parts do not end ends by itself all the same, and an interruption ends any")
    func endlessParts() async throws {
        try await withWatch { _, watch, pair in
            let read: DescriptorWatch.PartReader = {
                _ = pair.receive()
                pair.send()
                return true
            }
            var brief = WaitOutcome.ready
            // What is told of before the wait begins ends it at once.
            while brief == .ready {
                pair.send()
                brief = await watch.waitBriefly(for: .read, reading: read)
            }
            #expect(brief == .timedOut)
            async let outcome = watch.wait(for: .read, reading: read)
            watch.interrupt()
            // An interruption that comes after the wait's end is for the next one.
            var ended = await outcome
            if ended == .ready { ended = await watch.wait(for: .read, reading: read) }
            #expect(ended == .interrupted)
        }
    }

    @Test("only brief waits end with a tick: one without end that comes after it goes on")
    func others() async throws {
        try await withWatch { loop, watch, pair in
            let other = try loop.watch(pair.far)
            #expect(await watch.waitBriefly(for: .read) == .timedOut)
            async let outcome = watch.wait(for: .read)
            // Two of the other one's take more than two ticks.
            for _ in 0..<2 { #expect(await other.waitBriefly(for: .read) == .timedOut) }
            while !watch.isWaiting { await Task.yield() }
            pair.send()
            #expect(await outcome == .ready)
            other.close()
        }
    }

    @Test("an interruption ends a brief wait, and so does the end of the watch")
    func interruption() async throws {
        try await withWatch { _, watch, _ in
            watch.interrupt()
            #expect(await watch.waitBriefly(for: .read) == .interrupted)
            watch.close()
            #expect(await watch.waitBriefly(for: .read) == .closed)
        }
    }

    @Test("the loop ticks only while there are brief waits")
    func idle() async throws {
        try await withWatch { loop, watch, _ in
            #expect(!loop.isTicking)
            #expect(await watch.waitBriefly(for: .read) == .timedOut)
            while loop.isTicking { await Task.yield() }
            // It begins again with the next one.
            #expect(await watch.waitBriefly(for: .read) == .timedOut)
        }
    }
}
