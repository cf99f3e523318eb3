import Dispatch
import Foundation
import PoolIO
import Synchronization
import Testing

@Suite("ConnectionThread")
struct ConnectionThreadTests {
    @Test("work runs on the thread, and returns its result")
    func runsWork() async throws {
        let thread = try ConnectionThread(name: "test-run")
        defer { thread.shutDown() }
        #expect(!thread.isCurrent)
        let result = try await thread.run { (onThread: thread.isCurrent, value: 7) }
        #expect(result.onThread)
        #expect(result.value == 7)
    }

    @Test("errors of the work reach the caller")
    func throwsError() async throws {
        struct Broken: Error {}
        let thread = try ConnectionThread(name: "test-throw")
        defer { thread.shutDown() }
        await #expect(throws: Broken.self) { try await thread.run { throw Broken() } }
    }

    @Test("a task that prefers the thread runs on it, and its calls do not hop")
    func isTaskExecutor() async throws {
        let thread = try ConnectionThread(name: "test-executor")
        defer { thread.shutDown() }
        let task = Task(executorPreference: thread) { () -> [Bool] in
            let first = thread.isCurrent
            await Task.yield()
            let second = thread.isCurrent
            let third = try await thread.run { thread.isCurrent }
            return [first, second, third]
        }
        #expect(try await task.value == [true, true, true])
    }

    @Test("work runs one after the other, in the order in which it came")
    func keepsOrder() async throws {
        let thread = try ConnectionThread(name: "test-order")
        defer { thread.shutDown() }
        let seen = Mutex<[Int]>([])
        for number in 0..<1_000 {
            try await thread.run { seen.withLock { $0.append(number) } }
        }
        #expect(seen.withLock { $0 } == Array(0..<1_000))
    }

    @Test("many callers at once each get their own result")
    func manyCallers() async throws {
        let thread = try ConnectionThread(name: "test-many")
        defer { thread.shutDown() }
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<500 {
                group.addTask { try await thread.run { number } }
            }
            return try await group.reduce(0, +)
        }
        #expect(sum == 499 * 500 / 2)
    }

    @Test("shutting down runs what was queued first")
    func drainsBeforeEnd() async throws {
        let thread = try ConnectionThread(name: "test-drain")
        let gate = BlockingGate()
        let ran = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await thread.run { gate.wait() } }
            for _ in 0..<20 {
                group.addTask { try await thread.run { ran.increment() } }
            }
            thread.shutDown()
            gate.open()
            try await group.waitForAll()
        }
        await thread.waitUntilEnded()
        #expect(ran.value == 20)
    }

    @Test("work that comes after the end still runs, elsewhere")
    func runsAfterEnd() async throws {
        let thread = try ConnectionThread(name: "test-after")
        thread.shutDown()
        thread.shutDown()
        await thread.waitUntilEnded()
        #expect(try await thread.run { thread.isCurrent } == false)
        let task = Task(executorPreference: thread) { () -> Bool in
            await Task.yield()
            return thread.isCurrent
        }
        #expect(await task.value == false)
    }

    @Test("shutting down from the thread itself works")
    func shutsItselfDown() async throws {
        let thread = try ConnectionThread(name: "test-self")
        try await thread.run { thread.shutDown() }
        await thread.waitUntilEnded()
        #expect(!thread.isCurrent)
    }

    @Test("no continuation is lost when callers race with the end")
    func racesWithEnd() async throws {
        for _ in 0..<50 {
            let thread = try ConnectionThread(name: "test-race")
            let count = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<20 {
                    group.addTask { try await thread.run { 1 } }
                }
                group.addTask {
                    thread.shutDown()
                    return 0
                }
                return try await group.reduce(0, +)
            }
            #expect(count == 20)
        }
    }

    @Test("the object is freed once its thread has ended")
    func isFreed() async throws {
        weak var freed: ConnectionThread?
        do {
            let thread = try ConnectionThread(name: "test-free")
            freed = thread
            thread.shutDown()
            await thread.waitUntilEnded()
            try await thread.run {}
        }
        // The thread drops its own reference as the last thing, just after it has reported its end.
        while freed != nil { await Task.yield() }
    }

    #if os(Linux)
    @Test(
        "the system shows the name, cut at a character to what Linux allows",
        arguments: [
            ("sqlite-write-1", "sqlite-write-1"),
            ("a-name-that-is-far-too-long", "a-name-that-is-"),
            ("fourteen-bytesü", "fourteen-bytes"),
        ])
    func isNamed(name: String, shown: String) async throws {
        let thread = try ConnectionThread(name: name)
        defer { thread.shutDown() }
        let actual = try await thread.run { try String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8) }
        #expect(actual == shown + "\n")
    }
    #endif
}

/// Blocks a thread until it is opened.
private final class BlockingGate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    func open() { semaphore.signal() }
    func wait() { semaphore.wait() }
}

final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .relaxed) }
    func increment() { count.add(1, ordering: .relaxed) }
}
