import Foundation
import Testing

@testable import PoolIO

@Suite("The ends of sockets", .timeLimit(.minutes(1)))
struct EndingTests {
    @Test("a socket is finished when its peer has ended too, whatever it sent before")
    func finish() async throws {
        let loop = try EventLoop(name: "test-finish")
        let pair = try SocketPair()
        let watch = try loop.watch(pair.near)
        pair.send(5000)
        async let isFinished = watch.finish(until: .now + .seconds(30))
        // The peer sees the end.
        while pair.isOpenForFar { await Task.yield() }
        pair.send(5000)
        shutdown(pair.far, Int32(SHUT_RDWR))
        #expect(await isFinished)
        watch.close()
        loop.shutDown()
        await loop.waitUntilEnded()
    }

    @Test("a peer that does not end costs the deadline and no more")
    func deafPeer() async throws {
        let loop = try EventLoop(name: "test-deaf")
        let pair = try SocketPair()
        let watch = try loop.watch(pair.near)
        #expect(await watch.finish(until: .now + .milliseconds(20)) == false)
        watch.close()
        loop.shutDown()
        await loop.waitUntilEnded()
    }

    @Test("a watch that was closed is freed with its descriptor, whatever it waited for")
    func freedWatch() async throws {
        let loop = try EventLoop(name: "test-freed")
        let pair = try SocketPair()
        weak var remains: DescriptorWatch?
        do {
            let watch = try loop.watch(pair.near)
            watch.interrupt()
            #expect(await watch.wait(for: .read, until: .now + .seconds(1000)) == .interrupted)
            pair.send()
            #expect(await watch.wait(for: .read, until: .now + .seconds(1000)) == .ready)
            watch.close()
            remains = watch
        }
        // The loop's thread may have it in its hands.
        while remains != nil { await Task.yield() }
        loop.shutDown()
        await loop.waitUntilEnded()
    }

    @Test("a loop that has ended is freed, also if a watch was never closed")
    func freedLoop() async throws {
        weak var remains: EventLoop?
        do {
            let loop = try EventLoop(name: "test-free-loop")
            let pair = try SocketPair()
            let watch = try loop.watch(pair.near)
            async let outcome = watch.wait(for: .read, until: .now + .seconds(1000))
            loop.shutDown()
            #expect(await outcome == .closed)
            await loop.waitUntilEnded()
            remains = loop
        }
        while remains != nil { await Task.yield() }
    }

    @Test("what changes on a descriptor is told once, and again to whoever asks")
    func toldOnce() throws {
        let poller = try Poller()
        defer { poller.close() }
        let pair = try SocketPair()
        try poller.add(pair.near, token: 1)
        poller.wait(0) { _, _ in }
        for cause in [{ pair.send() }, { _ = shutdown(pair.far, Int32(SHUT_RDWR)) }] {
            cause()
            var reports: [Readiness] = []
            for _ in 0..<10 { poller.wait(0) { reports.append($1) } }
            #expect(reports.count == 1 && reports[0].contains(.read))
            #expect(poller.tellAgain(pair.near, token: 1))
            for _ in 0..<10 { poller.wait(0) { reports.append($1) } }
            #expect(reports.count == 2 && reports[1].contains(.read))
        }
    }

    @Test("a wait for news only is not ended by what was told before, and is ended by what comes")
    func onlyNews() async throws {
        let loop = try EventLoop(name: "test-news")
        let pair = try SocketPair()
        let watch = try loop.watch(pair.near)
        pair.send()
        while !watch.hasNews { await Task.yield() }
        #expect(await watch.wait(for: .read) == .ready)
        // The byte is still there, but it is no news.
        #expect(await watch.wait(for: .read, until: .now + .milliseconds(20), onlyNews: true) == .timedOut)
        #expect(!watch.hasNews)
        async let outcome = watch.wait(for: .read, until: .now + .seconds(30), onlyNews: true)
        pair.send()
        #expect(await outcome == .ready)
        watch.close()
        loop.shutDown()
        await loop.waitUntilEnded()
    }

    @Test("what came while nobody waited is news until it is taken, and a stream that has ended says so to each reader")
    func news() async throws {
        let loop = try EventLoop(name: "test-untold")
        let pair = try SocketPair()
        let watch = try loop.watch(pair.near)
        await withCheckedContinuation { continuation in
            watch.onUnexpectedInput { continuation.resume() }
            pair.send()
        }
        #expect(watch.hasNews)
        #expect(watch.takeNews())
        #expect(!watch.hasNews)
        await withCheckedContinuation { continuation in
            watch.onUnexpectedInput { continuation.resume() }
            shutdown(pair.far, Int32(SHUT_RDWR))
        }
        #expect(!watch.takeNews())
        for _ in 0..<3 { #expect(await watch.wait(for: .read, onlyNews: true) == .ready) }
        watch.close()
        loop.shutDown()
        await loop.waitUntilEnded()
    }
}
