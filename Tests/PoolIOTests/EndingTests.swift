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

    @Test("the end of a descriptor that nobody wants to hear of is reported once at most")
    func hangUp() throws {
        let poller = try Poller()
        defer { poller.close() }
        let pair = try SocketPair()
        var reports = 0
        for interest in [Readiness.read, []] {
            try poller.set(pair.near, interest, token: 1, isNew: interest == .read)
        }
        shutdown(pair.far, Int32(SHUT_RDWR))
        for _ in 0..<10 { poller.wait(0) { _, _ in reports += 1 } }
        #expect(reports <= 1)
        // Whoever takes an interest is told.
        try poller.set(pair.near, .read, token: 1, isNew: false)
        reports = 0
        poller.wait(0) { _, readiness in reports += readiness.contains(.read) ? 1 : 0 }
        #expect(reports == 1)
    }
}
