import Foundation
import PoolIO
import Synchronization
import Testing

@Suite("EventLoop", .timeLimit(.minutes(1)))
struct EventLoopTests {
    private func withLoop(_ body: (EventLoop) async throws -> Void) async throws {
        let loop = try EventLoop(name: "test-loop")
        do {
            try await body(loop)
        } catch {
            loop.shutDown()
            throw error
        }
        loop.shutDown()
        await loop.waitUntilEnded()
    }

    @Test("a wait ends when bytes can be read")
    func readiness() async throws {
        try await withLoop { loop in
            let pair = try SocketPair()
            let watch = try loop.watch(pair.near)
            for _ in 0..<100 {
                async let outcome = watch.wait(for: .read)
                pair.send()
                #expect(await outcome == .ready)
                #expect(pair.receive() == 1)
            }
            watch.close()
        }
    }

    @Test("bytes that came before the wait end it too")
    func earlyBytes() async throws {
        try await withLoop { loop in
            let pair = try SocketPair()
            let watch = try loop.watch(pair.near)
            for _ in 0..<100 {
                pair.send()
                #expect(await watch.wait(for: .read) == .ready)
                // They are still there.
                #expect(await watch.wait(for: .read) == .ready)
                #expect(pair.receive() == 1)
            }
            watch.close()
        }
    }

    @Test("a wait for writing ends when there is room")
    func writing() async throws {
        try await withLoop { loop in
            let pair = try SocketPair()
            let watch = try loop.watch(pair.near)
            #expect(await watch.wait(for: .write) == .ready)
            pair.fill()
            async let outcome = watch.wait(for: [.read, .write])
            pair.drain()
            #expect(await outcome == .ready)
            watch.close()
        }
    }

    @Test("the end of the stream counts as readable")
    func endOfStream() async throws {
        try await withLoop { loop in
            let pair = try SocketPair()
            let watch = try loop.watch(pair.near)
            async let outcome = watch.wait(for: .read)
            shutdown(pair.far, Int32(SHUT_RDWR))
            #expect(await outcome == .ready)
            #expect(pair.receive() == 0)
            watch.close()
        }
    }

    @Test("a deadline ends a wait, and the next wait is not touched by it")
    func deadline() async throws {
        try await withLoop { loop in
            let pair = try SocketPair()
            let watch = try loop.watch(pair.near)
            let start = ContinuousClock.now
            #expect(await watch.wait(for: .read, until: start + .milliseconds(20)) == .timedOut)
            #expect(ContinuousClock.now - start >= .milliseconds(20))
            pair.send()
            #expect(await watch.wait(for: .read, until: start + .seconds(100)) == .ready)
            #expect(pair.receive() == 1)
            #expect(await watch.wait(for: [], until: .now + .milliseconds(1)) == .timedOut)
            watch.close()
        }
    }

    @Test("an interruption ends the wait that runs, or else the next, once")
    func interruption() async throws {
        try await withLoop { loop in
            let pair = try SocketPair()
            let watch = try loop.watch(pair.near)
            async let first = watch.wait(for: .read)
            watch.interrupt()
            #expect(await first == .interrupted)
            watch.interrupt()
            watch.clearInterrupt()
            pair.send()
            #expect(await watch.wait(for: .read) == .ready)
            watch.close()
        }
    }

    @Test("closing a watch ends its wait, and a descriptor that is used again reaches its new watch only")
    func reusedDescriptor() async throws {
        try await withLoop { loop in
            for _ in 0..<200 {
                let pair = try SocketPair()
                let old = try loop.watch(pair.near)
                async let outcome = old.wait(for: .read)
                pair.send()
                _ = await outcome
                old.close()
                let new = try loop.watch(pair.near)
                #expect(await old.wait(for: .read) == .closed)
                #expect(await new.wait(for: .read) == .ready)
                new.close()
                new.close()
            }
        }
    }

    @Test("a descriptor that was closed under its watch, and is another's by now, is not touched by the old watch")
    func closedDescriptor() async throws {
        try await withLoop { loop in
            for _ in 0..<50 {
                let old: DescriptorWatch
                do {
                    let pair = try SocketPair()
                    old = try loop.watch(pair.near)
                }
                let pair = try SocketPair()
                let new = try loop.watch(pair.near)
                async let outcome = new.wait(for: .read)
                old.close()
                pair.send()
                #expect(await outcome == .ready)
                new.close()
            }
        }
    }

    @Test("bytes that nobody waits for are reported")
    func unexpectedInput() async throws {
        try await withLoop { loop in
            let pair = try SocketPair()
            let watch = try loop.watch(pair.near)
            await withCheckedContinuation { continuation in
                watch.onUnexpectedInput { continuation.resume() }
                pair.send()
            }
            watch.onUnexpectedInput(nil)
            #expect(await watch.wait(for: .read) == .ready)
            watch.close()
        }
    }

    @Test("a task that prefers the loop runs on its thread, also after a wait")
    func isTaskExecutor() async throws {
        try await withLoop { loop in
            let pair = try SocketPair()
            let watch = try loop.watch(pair.near)
            let task = Task(executorPreference: loop) {
                let before = loop.isCurrent
                pair.send()
                let outcome = await watch.wait(for: .read)
                return before && loop.isCurrent && outcome == .ready
            }
            #expect(await task.value)
            #expect(!loop.isCurrent)
            watch.close()
        }
    }

    @Test("the end of the loop ends all waits, and jobs that come later run elsewhere")
    func shutDown() async throws {
        let loop = try EventLoop(name: "test-end")
        let pair = try SocketPair()
        let watch = try loop.watch(pair.near)
        async let outcome = watch.wait(for: .read)
        loop.shutDown()
        #expect(await outcome == .closed)
        await loop.waitUntilEnded()
        #expect(await Task(executorPreference: loop) { loop.isCurrent }.value == false)
        #expect(throws: EventLoopError.self) { try loop.watch(pair.near) }
        watch.close()
    }

    @Test("many tasks wait on many descriptors, and each is woken by its own bytes")
    func manyWatches() async throws {
        try await withLoop { loop in
            try await withThrowingTaskGroup { group in
                for number in 1...50 {
                    group.addTask {
                        let pair = try SocketPair()
                        let watch = try loop.watch(pair.near)
                        for _ in 0..<50 {
                            async let outcome = watch.wait(for: .read, until: .now + .seconds(30))
                            pair.send(number)
                            #expect(await outcome == .ready)
                            // A wait may be ended once too often.
                            while pair.receive() != number {
                                #expect(await watch.wait(for: .read, until: .now + .seconds(30)) == .ready)
                            }
                        }
                        watch.close()
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}

@Suite("HelperThreads", .timeLimit(.minutes(1)))
struct HelperThreadsTests {
    @Test("work runs and returns its result, and its errors reach the caller")
    func runs() async throws {
        struct Broken: Error {}
        let helpers = HelperThreads(name: "test-help", maximumThreads: 2)
        #expect(try await helpers.run { 7 } == 7)
        await #expect(throws: Broken.self) { try await helpers.run { throw Broken() } }
    }

    @Test("never more calls run at once than there may be threads, and all are run")
    func isBounded() async throws {
        let helpers = HelperThreads(name: "test-bound", maximumThreads: 3)
        let gauge = Gauge()
        try await withThrowingTaskGroup { group in
            for _ in 0..<100 {
                group.addTask {
                    try await helpers.run { gauge.step() }
                }
            }
            try await group.waitForAll()
        }
        #expect(gauge.most <= 3)
        #expect(gauge.total == 100)
    }

    @Test("a cancelled caller does not wait for a call that blocks")
    func abandons() async throws {
        let helpers = HelperThreads(name: "test-abandon", maximumThreads: 1)
        let gate = DispatchSemaphore(value: 0)
        let task = Task { try await helpers.run { gate.wait() } }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        gate.signal()
        #expect(try await helpers.run { true })
    }
}

/// Counts how many calls run at once.
private final class Gauge: Sendable {
    private let counts = Mutex((running: 0, most: 0, total: 0))
    var most: Int { counts.withLock { $0.most } }
    var total: Int { counts.withLock { $0.total } }

    func step() {
        counts.withLock {
            $0.running += 1
            $0.most = max($0.most, $0.running)
        }
        sched_yield()
        counts.withLock {
            $0.running -= 1
            $0.total += 1
        }
    }
}
