import Foundation
import PoolIO
import Testing

@Suite("BlockingThreads", .timeLimit(.minutes(1)))
struct BlockingThreadsTests {
    @Test("a task that prefers the threads lives on them, and its calls do not hop")
    func isTaskExecutor() async throws {
        let threads = BlockingThreads(name: "test")
        let reservation = try threads.reserve()
        #expect(!threads.isCurrent)
        let task = Task(executorPreference: threads) { () -> [Bool] in
            let first = threads.isCurrent
            await Task.yield()
            let second = threads.isCurrent
            let third = try await threads.run { threads.isCurrent }
            return [first, second, third]
        }
        #expect(try await task.value == [true, true, true])
        withExtendedLifetime(reservation) {}
    }

    @Test("work from elsewhere runs on the threads, and its errors reach the caller")
    func runsWork() async throws {
        struct Broken: Error {}
        let threads = BlockingThreads(name: "test")
        let reservation = try threads.reserve()
        #expect(try await threads.run { threads.isCurrent })
        await #expect(throws: Broken.self) { try await threads.run { throw Broken() } }
        #expect(reservation.threads === threads)
    }

    @Test("as many calls can block at once as there are reservations")
    func blockTogether() async throws {
        let threads = BlockingThreads(name: "test")
        let reservations = try (0..<8).map { _ in try threads.reserve() }
        // Each waits for all others: with a thread less none would return.
        let arrivals = Arrivals(8)
        try await withThrowingTaskGroup { group in
            for _ in 0..<8 { group.addTask { try await threads.run { arrivals.arriveAndWait() } } }
            try await group.waitForAll()
        }
        #expect(threads.threadCount == reservations.count)
    }

    @Test("the threads end with their reservations, and what prefers them runs elsewhere then")
    func ends() async throws {
        let threads = BlockingThreads(name: "test")
        for _ in 0..<20 {
            var reservations = try (0..<4).map { _ in try threads.reserve() }
            #expect(try await threads.run { threads.isCurrent })
            reservations.removeAll()
            while threads.threadCount > 0 { await Task.yield() }
            #expect(try await threads.run { !threads.isCurrent })
            #expect(await Task(executorPreference: threads) { !threads.isCurrent }.value)
        }
    }

    @Test("work that holds the last reservation ends it without waiting for itself")
    func reservationInWork() async throws {
        let threads = BlockingThreads(name: "test")
        for _ in 0..<500 { try await hold(threads) }
        while threads.threadCount > 0 { await Task.yield() }
    }

    private func hold(_ threads: BlockingThreads) async throws {
        let reservation = try threads.reserve()
        try await threads.run { withExtendedLifetime(reservation) {} }
    }

    @Test("nothing is lost while threads come and go")
    func churn() async throws {
        let threads = BlockingThreads(name: "test")
        let ran = Counter()
        try await withThrowingTaskGroup { group in
            for _ in 0..<8 {
                group.addTask(executorPreference: threads) {
                    for _ in 0..<200 {
                        let reservation = try threads.reserve()
                        try await threads.run { ran.increment() }
                        await Task.yield()
                        withExtendedLifetime(reservation) {}
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(ran.value == 1_600)
        while threads.threadCount > 0 { await Task.yield() }
    }

    @Test("each thread begins and ends with what it was given")
    func startAndEnd() async throws {
        let (begun, ended) = (Counter(), Counter())
        let threads = BlockingThreads(
            name: "test", atStart: { begun.increment() }, atEnd: { ended.increment() })
        var reservations = try (0..<3).map { _ in try threads.reserve() }
        try await threads.run {}
        reservations.removeAll()
        while ended.value < 3 { await Task.yield() }
        #expect(begun.value == 3)
    }
}

/// Where some threads wait for each other.
private final class Arrivals: Sendable {
    private let monitor: Monitor<Int>
    private let expected: Int

    init(_ expected: Int) {
        self.expected = expected
        monitor = Monitor(0)
    }

    func arriveAndWait() {
        monitor.update { $0 += 1 }
        _ = monitor.wait { $0 >= expected ? true : nil }
        // An update wakes one of those who wait, which wakes the next.
        monitor.update { _ in }
    }
}
