import Testing

@testable import PoolIO

@Suite("Deadlines of an event loop", .timeLimit(.minutes(1)))
struct DeadlineTests {
    @Test("a deadline that has passed is no time to wait, by however little it has passed")
    func passed() async throws {
        let loop = try EventLoop(name: "test-deadline")
        let pair = try SocketPair()
        let watch = try loop.watch(pair.near)
        var list = DeadlineList()
        #expect(list.first == nil)
        for past in [
            Duration.nanoseconds(1), .microseconds(1), .milliseconds(2), .milliseconds(35), .milliseconds(999),
            .seconds(2),
        ] {
            _ = list.insert(.now - past, watch, 1)
            #expect(list.first?.millisecondsFromNow == 0, "\(past)")
        }
        _ = list.insert(.now + .milliseconds(500), watch, 2)
        #expect((1...501).contains(list.first?.millisecondsFromNow ?? -1))
        watch.close()
        loop.shutDown()
        await loop.waitUntilEnded()
    }
}
