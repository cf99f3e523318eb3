import Testing

@testable import PoolCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The cost of a call must not depend on how many connections and waiters there are. The costs are the thread's
/// processor time, which other work on the machine does not lengthen, and only what grows by far more than chance
/// fails: a cost in proportion would be greater by a factor of a thousand.
///
/// In debug builds each call is followed by a check of the whole state, which costs what is measured here many times
/// over: the structures that the calls are made of are measured instead.
@Suite("The cost of the engine's calls", .serialized)
struct EngineCostTests {
    private static let bound = 30.0

    /// The processor time of this thread, in nanoseconds.
    private static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }

    /// The cheapest of several runs: what else the machine does can only slow a run down.
    private func fastest(_ runs: Int = 7, _ body: () -> Void) -> Double {
        var best = Double.infinity
        for _ in 0..<runs {
            let start = Self.now
            body()
            best = min(best, Self.now - start)
        }
        return best
    }

    #if !DEBUG
    @Test("Acquire, release, cancel and time-out cost the same beside 100,000 waiters as beside 100")
    func waiters() throws {
        let (few, many) = (try costOfCalls(waiters: 100), try costOfCalls(waiters: 100_000))
        #expect(many < few * Self.bound, "\(few) ns beside 100 waiters, \(many) ns beside 100,000")
    }

    private func costOfCalls(waiters: Int) throws -> Double {
        let bench = EngineBench(maximum: 1)
        var lease = try #require(bench.lease())
        for _ in 0..<waiters { bench.acquire(patience: 3_600 * EngineBench.second) }
        var best = Double.infinity
        for _ in 0..<7 {
            let start = Self.now
            for _ in 0..<100 {
                if let waiter = bench.acquire(patience: 7_200 * EngineBench.second).waiter { _ = bench.cancel(waiter) }
                bench.acquire(patience: 7_200 * EngineBench.second)
                bench.release(lease)
                if let next = bench.grants.first { lease = next.connection }
            }
            best = min(best, Self.now - start)
        }
        return best
    }

    @Test("Acquire and release cost the same beside 100,000 leases as beside 100")
    func connections() throws {
        let (few, many) = (try costOfLeases(100), try costOfLeases(100_000))
        #expect(many < few * Self.bound, "\(few) ns beside 100 connections, \(many) ns beside 100,000")
    }

    private func costOfLeases(_ count: Int) throws -> Double {
        let bench = EngineBench(maximum: count)
        // A holder each: what one holder has is looked through when it waits.
        for number in 1..<count { _ = try #require(bench.lease(holder: UInt(number) * 64)) }
        let last = try #require(bench.lease())
        bench.release(last)
        var best = Double.infinity
        for _ in 0..<7 {
            let start = Self.now
            for _ in 0..<100 { if let lease = bench.acquire().connection { bench.release(lease) } }
            best = min(best, Self.now - start)
        }
        return best
    }
    #endif

    private struct Member: Linked { var links = Links() }

    @Test("A member leaves the middle of a list of 100,000 as fast as that of a list of 100")
    func lists() {
        func cost(_ count: Int) -> Double {
            var table = Array(repeating: Member(), count: count)
            var list = LinkedList()
            for member in table.indices { list.append(Int32(member), in: &table) }
            return fastest {
                for _ in 0..<1_000 {
                    let member = Int32(count / 2)
                    list.remove(member, in: &table)
                    list.append(member, in: &table)
                }
            }
        }
        let (few, many) = (cost(100), cost(100_000))
        #expect(many < few * Self.bound, "\(few) ns in a list of 100, \(many) ns in one of 100,000")
    }

    @Test("A deadline among 100,000 is set and dropped about as fast as one among 100")
    func deadlines() {
        func cost(_ count: Int) -> Double {
            var heap = DeadlineHeap()
            for member in 0..<count { heap.set(Int32(member), due: Nanoseconds(member)) }
            return fastest {
                for step in 0..<1_000 {
                    heap.remove(Int32(step % count))
                    heap.set(Int32(step % count), due: Nanoseconds((step * 7_919) % count))
                }
            }
        }
        let (few, many) = (cost(100), cost(100_000))
        #expect(many < few * Self.bound, "\(few) ns among 100, \(many) ns among 100,000")
    }

    @Test("A deadline that comes in order joins and leaves 100,000 as fast as 100")
    func deadlinesInOrder() {
        func cost(_ count: Int) -> Double {
            var queue = DeadlineQueue()
            for member in 0..<count { queue.insert(Int32(member), due: Nanoseconds(member)) }
            var now = count
            return fastest {
                for step in 0..<1_000 {
                    queue.remove(Int32(step % count))
                    queue.insert(Int32(step % count), due: Nanoseconds(now))
                    now += 1
                }
            }
        }
        let (few, many) = (cost(100), cost(100_000))
        #expect(many < few * Self.bound, "\(few) ns among 100, \(many) ns among 100,000")
    }

    @Test("A task's leases are found as fast among 100,000 as among 100")
    func holders() {
        func cost(_ count: Int) -> Double {
            var graph = WaitGraph(capacity: count)
            for number in 1...count { graph.begin(Int32(number - 1), of: 0, holder: UInt(number) * 64) }
            var found = 0
            let cost = fastest {
                for task in 1...1_000 { found += graph.slots(of: UInt(task % count + 1) * 64).count }
            }
            #expect(found == 7_000)
            return cost
        }
        let (few, many) = (cost(100), cost(100_000))
        #expect(many < few * Self.bound, "\(few) ns among 100, \(many) ns among 100,000")
    }
}
