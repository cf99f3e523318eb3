import Foundation
import Testing

@testable import PoolIO

@Suite("EventLoopGroup", .timeLimit(.minutes(1)))
struct EventLoopGroupTests {
    private func withGroup(_ count: Int, _ body: (EventLoopGroup) async throws -> Void) async throws {
        let group = try EventLoopGroup(name: "test-group", loopCount: count)
        do {
            try await body(group)
        } catch {
            group.shutDown()
            throw error
        }
        group.shutDown()
        await group.waitUntilEnded()
    }

    private func place(in group: EventLoopGroup) -> Int? {
        group.loops.firstIndex { $0.isCurrent }
    }

    @Test("tasks from outside go to the loops in turn", arguments: [1, 2, 5])
    func spread(count: Int) async throws {
        try await withGroup(count) { group in
            var places: [Int] = []
            for _ in 0..<(3 * count) {
                // One after the other, and each has one job only: it never suspends.
                let place = await Task.detached(executorPreference: group) { self.place(in: group) }.value
                places.append(try #require(place))
            }
            for start in 0..<count {
                #expect(places.indices.filter { $0 % count == start }.allSatisfy { places[$0] == places[start] })
            }
            #expect(Set(places).count == count)
        }
    }

    @Test("a task that makes way to others stays on its loop")
    func stays() async throws {
        try await withGroup(4) { group in
            for _ in 0..<8 {
                let places = await Task.detached(executorPreference: group) {
                    var places: [Int?] = []
                    for _ in 0..<100 {
                        places.append(self.place(in: group))
                        await Task.yield()
                    }
                    return places
                }.value
                #expect(places[0] != nil && Set(places).count == 1)
            }
        }
    }

    @Test("a task goes on where what it waits for is seen, and its child tasks begin there")
    func moves() async throws {
        try await withGroup(3) { group in
            let pairs = try (0..<3).map { _ in try SocketPair() }
            let watches = try zip(group.loops, pairs).map { try $0.watch($1.near) }
            let places = await Task.detached(executorPreference: group) {
                var places: [Int?] = []
                for round in 0..<30 {
                    pairs[round % 3].send()
                    _ = await watches[round % 3].wait(for: .read)
                    _ = pairs[round % 3].receive()
                    places.append(self.place(in: group))
                    async let child = self.place(in: group)
                    places.append(await child)
                }
                return places
            }.value
            // What has come may be told of before the wait begins, and then nobody moves.
            #expect(!places.contains(nil))
            for watch in watches { watch.close() }
        }
    }

    @Test("a suspended task is resumed on the thread of the watch's own loop")
    func resumesOnLoop() async throws {
        try await withGroup(3) { group in
            for place in [2, 0, 1, 1, 2] {
                let pair = try SocketPair()
                let watch = try group.loops[place].watch(pair.near)
                async let found = Task.detached(executorPreference: group) {
                    _ = await watch.wait(for: .read, onlyNews: true)
                    return self.place(in: group)
                }.value
                // The byte is news only if it comes after the wait has begun.
                while !watch.isWaiting { await Task.yield() }
                pair.send()
                #expect(await found == place)
                watch.close()
            }
        }
    }

    @Test("a loop that is held up does not hold up the watches and tasks of the others")
    func heldUp() async throws {
        try await withGroup(2) { group in
            let gate = DispatchSemaphore(value: 0)
            let isHeld = DispatchSemaphore(value: 0)
            let hog = Task.detached(executorPreference: group.loops[0]) {
                isHeld.signal()
                gate.wait()
            }
            isHeld.wait()
            let pair = try SocketPair()
            let watch = try group.loops[1].watch(pair.near)
            for _ in 0..<20 {
                async let outcome = watch.wait(for: .read, until: .now + .seconds(30))
                pair.send()
                #expect(await outcome == .ready)
                _ = pair.receive()
            }
            let other = Task.detached(executorPreference: group.loops[1]) { self.place(in: group) }
            #expect(await other.value == 1)
            gate.signal()
            await hog.value
            watch.close()
        }
    }

    @Test("a loop may prefer itself, its group, or be preferred by tasks of the group")
    func nested() async throws {
        try await withGroup(2) { group in
            let places = await Task.detached(executorPreference: group) {
                var places: [Int?] = []
                for loop in group.loops + group.loops {
                    await withTaskExecutorPreference(loop) {
                        await Task.yield()
                        places.append(self.place(in: group))
                    }
                }
                return places
            }.value
            #expect(places == [0, 1, 0, 1])
        }
    }

    @Test("the end of a group ends all its loops, and jobs that come later run elsewhere")
    func shutDown() async throws {
        let group = try EventLoopGroup(name: "test-end", loopCount: 3)
        let pairs = try (0..<3).map { _ in try SocketPair() }
        let watches = try zip(group.loops, pairs).map { try $0.watch($1.near) }
        await withTaskGroup(of: WaitOutcome.self) { tasks in
            for watch in watches { tasks.addTask(executorPreference: group) { await watch.wait(for: .read) } }
            group.shutDown()
            for await outcome in tasks { #expect(outcome == .closed) }
        }
        await group.waitUntilEnded()
        #expect(await Task(executorPreference: group) { group.isCurrent }.value == false)
        #expect(throws: EventLoopError.self) { try group.loops[0].watch(pairs[0].near) }
        for watch in watches { watch.close() }
    }

    @Test("a group that has ended is freed, and so are its loops")
    func freed() async throws {
        weak var remains: EventLoopGroup?
        weak var loop: EventLoop?
        do {
            let group = try EventLoopGroup(name: "test-freed", loopCount: 2)
            (remains, loop) = (group, group.loops[0])
            #expect(await Task(executorPreference: group) { group.isCurrent }.value)
            group.shutDown()
            await group.waitUntilEnded()
        }
        while remains != nil || loop != nil { await Task.yield() }
    }

    @Test("many tasks queue jobs on each other's loops, and none is lost")
    func manyJobs() async throws {
        try await withGroup(3) { group in
            let count = Counter()
            await withTaskGroup { tasks in
                for _ in 0..<50 {
                    tasks.addTask(executorPreference: group) {
                        for round in 0..<100 {
                            if round % 10 == 0 {
                                await Task.detached(executorPreference: group.next()) { count.increment() }
                                    .value
                            } else {
                                await Task { count.increment() }.value
                            }
                        }
                    }
                }
            }
            #expect(count.value == 5_000)
        }
    }
}
