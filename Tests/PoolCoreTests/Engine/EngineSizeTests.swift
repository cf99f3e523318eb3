import Testing

@testable import PoolCore

@Suite("The size of the engine's pool")
struct EngineSizeTests {
    private func configuration(
        maximum: Int, _ change: (inout EngineConfiguration) -> Void = { _ in }
    ) -> EngineConfiguration {
        var configuration = EngineConfiguration(maximumConnections: maximum, lanes: [.init(maximum: maximum)])
        configuration.concurrentConnects = maximum
        change(&configuration)
        return configuration
    }

    @Test("A connection that has served its last lease is closed without a reset, and replaced for who waits")
    func uses() throws {
        let bench = EngineBench(maximum: 1) { $0.maximumUses = 2 }
        let connection = try #require(bench.lease())
        bench.release(connection, .dirty)
        #expect(bench.effects.contains(.reset(connection)))
        bench.call(random: 0) { $0.wasReset(connection, .succeeded, &$1) }
        #expect(bench.lease() == connection)
        bench.acquire()
        bench.release(connection, .dirty)
        #expect(bench.closes.map(\.reason) == [.usedUp])
        bench.closed(connection)
        #expect(bench.opens.count == 1)
    }

    @Test("Idle connections are kept beyond those that are leased, up to the maximum")
    func minimumIdle() throws {
        let bench = EngineBench(maximum: 3, lanes: [.init(maximum: 3, minimumIdle: 2)])
        bench.call { $0.start(&$1) }
        let opens = bench.opens
        #expect(opens.count == 2)
        for open in opens { bench.opened(open) }
        let first = try #require(bench.acquire().connection)
        let third = try #require(bench.opens.first)
        bench.opened(third)
        #expect(bench.engine.counts.idle == 2)
        // No more than the maximum.
        _ = try #require(bench.acquire().connection)
        #expect(bench.opens.isEmpty)
        bench.release(first)
        #expect(bench.engine.counts.idle == 2)
    }

    @Test("The idle timeout leaves the minimum of idle connections alone")
    func minimumIdleStays() throws {
        let bench = EngineBench(maximum: 3, lanes: [.init(maximum: 3, minimumIdle: 1)])
        let leases = [try #require(bench.lease()), try #require(bench.lease())]
        for open in bench.opens { bench.opened(open) }
        for lease in leases { bench.release(lease) }
        bench.alarm(at: 601 * EngineBench.second)
        #expect(bench.engine.counts.idle == 1)
    }

    @Test("An acquire that finds none opens the increment, and a failed connect ends the growth")
    func growth() throws {
        let bench = EngineBench(maximum: 10, lanes: [.init(maximum: 10, growth: 4)])
        bench.acquire()
        let opens = bench.opens
        #expect(opens.count == 4)
        for open in opens { bench.opened(open) }
        #expect(bench.engine.counts.idle == 3)
        for _ in 0..<3 { _ = try #require(bench.acquire().connection) }
        bench.acquire()
        #expect(bench.opens.count == 4)
        let more = bench.opens
        for open in more { bench.failed(open) }
        bench.alarm(at: bench.engine.lanes[0].retryAt)
        #expect(bench.opens.count == 1, "only for the waiter")
    }

    @Test("Growth is not made up for where there was no room")
    func growthWithoutRoom() throws {
        let bench = EngineBench(maximum: 3, lanes: [.init(maximum: 3, growth: 3)])
        let leases = (0..<3).compactMap { _ in bench.lease() }
        let first = try #require(leases.first)
        bench.acquire()
        bench.release(first, .broken)
        bench.closed(first)
        #expect(bench.opens.count == 1)
        #expect(bench.engine.lanes[0].growth == 0)
    }

    @Test(
        "With a queue of none an acquire fails where it must wait for a release, not where a connection can be opened")
    func noQueue() throws {
        let bench = EngineBench(maximum: 2) { $0.maximumWaiters = 0 }
        let waiter = try #require(bench.acquire().waiter)
        let opened = try #require(bench.opens.first)
        let lease = try #require(bench.lease())
        #expect(bench.engine.counts.leased == 1)
        #expect(bench.engine.waiters.contains(waiter) == false)
        bench.opened(opened)
        #expect(bench.acquire().waiter == nil)
        #expect(bench.acquire() == .failed(.tooManyWaiters))
        // The place of a connection that is being closed is free for the next.
        bench.release(lease, .broken)
        #expect(bench.acquire().waiter != nil)
        #expect(bench.acquire() == .failed(.tooManyWaiters))
    }

    @Test("Those for whom a connection is being opened do not fill the queue")
    func queueBesidesConnects() throws {
        let bench = EngineBench(maximum: 2) { $0.maximumWaiters = 1 }
        #expect(bench.acquire().waiter != nil)
        #expect(bench.acquire().waiter != nil)
        #expect(bench.acquire().waiter != nil)
        #expect(bench.acquire() == .failed(.tooManyWaiters))
    }

    @Test("A lowered maximum closes idle connections at once and leased ones when they come back")
    func shrinks() throws {
        let bench = EngineBench(maximum: 4)
        let leases = (0..<4).compactMap { _ in bench.lease() }
        bench.release(leases[0])
        bench.release(leases[1])
        let waiter = 2
        bench.call { _ = $0.reconfigure(configuration(maximum: 1), &$1) }
        #expect(bench.closes.map(\.connection) == [leases[0], leases[1]])
        #expect(bench.engine.status == .reconfiguring)
        bench.closed(leases[0])
        bench.closed(leases[1])
        #expect(bench.effects.contains(.endGoal(1, .achieved)))
        let queued = try #require(bench.acquire().waiter)
        bench.release(leases[waiter])
        #expect(bench.closes.map(\.reason) == [.shrunk])
        bench.closed(leases[waiter])
        #expect(bench.opens.isEmpty, "one is still leased")
        bench.release(leases[3])
        #expect(bench.grants.map(\.waiter) == [queued])
    }

    @Test("A raised maximum serves those who wait, and their deadlines stay")
    func grows() throws {
        let bench = EngineBench(maximum: 1)
        _ = try #require(bench.lease())
        let waiter = try #require(bench.acquire(patience: 5 * EngineBench.second).waiter)
        bench.call { _ = $0.reconfigure(configuration(maximum: 2), &$1) }
        #expect(bench.opens.count == 1)
        bench.alarm(at: 5 * EngineBench.second)
        #expect(bench.failures.map(\.waiter) == [waiter])
    }

    @Test("A new lifetime counts from when the connection was opened, with the connection's own part of the jitter")
    func lifetimes() throws {
        let bench = EngineBench(maximum: 1)
        bench.acquire()
        let connection = try #require(bench.opens.first)
        bench.now = 10
        bench.call(random: .max) { $0.opened(connection, &$1) }
        bench.now = 1_000
        bench.call {
            let new = configuration(maximum: 1) {
                $0.maximumLifetime = 1_000_000
                $0.lifetimeJitter = 0.5
            }
            _ = $0.reconfigure(new, &$1)
        }
        #expect(bench.engine.slots[0].expiresAt == 500_010)
        bench.release(connection)
        bench.alarm(at: 500_010)
        #expect(bench.closes.map(\.reason) == [.lifetime])
    }

    @Test("A reconfiguration ends when the new minimum is open, or a connect for it has failed")
    func minimumOpens() throws {
        let bench = EngineBench(maximum: 2)
        let new = EngineConfiguration(maximumConnections: 2, lanes: [.init(maximum: 2, minimum: 1)])
        bench.call { _ = $0.reconfigure(new, &$1) }
        let open = try #require(bench.opens.first)
        #expect(bench.engine.status == .reconfiguring)
        bench.failed(open)
        #expect(bench.effects.contains(.endGoal(1, .achieved)))
        #expect(bench.engine.status == .open)
    }

    @Test("A warm-up opens what is missing and ends with it, at its deadline, or where connects are refused")
    func warmUp() throws {
        let bench = EngineBench(maximum: 4)
        bench.call { _ = $0.warmUp(to: 2, deadline: 9, &$1) }
        let opens = bench.opens
        #expect(opens.count == 2)
        bench.opened(opens[0])
        #expect(!bench.effects.contains(.endGoal(1, .achieved)))
        bench.opened(opens[1])
        #expect(bench.effects.contains(.endGoal(1, .achieved)))
        bench.call { _ = $0.warmUp(to: 3, deadline: 9, &$1) }
        bench.alarm(at: 9)
        #expect(bench.effects.contains(.endGoal(2, .timedOut)))
        let late = try #require(bench.engine.slots.indices.first { bench.engine.slots[$0].state == .opening })
        bench.opened(bench.engine.slots.id(of: late))
        bench.call { _ = $0.warmUp(to: 4, deadline: 99, &$1) }
        bench.failed(try #require(bench.opens.first), isPermanent: true)
        #expect(bench.effects.contains(.endGoal(3, .refused)))
    }

    @Test("A rotation's patience keeps its alarm when an acquire takes the next candidate")
    func rotationPatience() throws {
        let bench = EngineBench(maximum: 2) { $0.connectTimeout = EngineBench.second }
        let leases = (0..<2).compactMap { _ in bench.lease() }
        for lease in leases { bench.release(lease) }
        bench.call { _ = $0.rotate(over: 200 * EngineBench.second, &$1) }
        bench.closed(try #require(bench.closes.first).connection)
        bench.opened(try #require(bench.opens.first))
        for _ in 0..<2 { #expect(bench.acquire().connection != nil) }
        let alarm = bench.engine.nextRotationAlarm(bench.now)
        let due = try #require(alarm)
        #expect(due < 100 * EngineBench.second, "before the next step")
        let armedAt = bench.engine.schedule.armedAt
        #expect(armedAt <= due)
    }

    @Test("A rotation opens the new connection before it closes the old one where there is room")
    func rotation() throws {
        let bench = EngineBench(maximum: 3)
        let leases = [try #require(bench.lease()), try #require(bench.lease())]
        for lease in leases { bench.release(lease) }
        bench.call { _ = $0.rotate(over: 20, &$1) }
        #expect(bench.closes.isEmpty)
        bench.failed(try #require(bench.opens.first), random: 0)
        #expect(bench.engine.counts.idle == 2, "a failed connect closes nothing")
        bench.opened(try #require(bench.opens.first))
        #expect(bench.closes.map(\.connection) == [leases[0]])
        bench.closed(leases[0])
        #expect(bench.opens.isEmpty, "the second step is not due")
        bench.alarm(at: 10)
        bench.opened(try #require(bench.opens.first))
        #expect(bench.closes.map(\.connection) == [leases[1]])
        #expect(bench.effects.contains(.endGoal(1, .achieved)))
    }

    @Test(
        "In a full pool a rotation closes one connection at a time, and gives up no other until its successor is there")
    func rotationWithoutRoom() throws {
        let bench = EngineBench(maximum: 2)
        let leases = [try #require(bench.lease()), try #require(bench.lease())]
        for lease in leases { bench.release(lease) }
        bench.call { _ = $0.rotate(over: 0, &$1) }
        #expect(bench.closes.map(\.connection) == [leases[0]])
        bench.closed(leases[0])
        bench.failed(try #require(bench.opens.first), random: 0)
        #expect(bench.closes.isEmpty)
        bench.opened(try #require(bench.opens.first))
        #expect(bench.closes.map(\.connection) == [leases[1]])
        bench.closed(leases[1])
        bench.opened(try #require(bench.opens.first))
        #expect(bench.effects.contains(.endGoal(1, .achieved)))
        #expect(bench.engine.counts.idle == 2)
    }

    @Test("A second rotation gives up no connection while the successor of one that the first gave up is being opened")
    func rotationAfterRotation() throws {
        let bench = EngineBench(maximum: 3)
        let leases = (0..<3).compactMap { _ in bench.lease() }
        for lease in leases { bench.release(lease) }
        bench.call { _ = $0.rotate(over: 0, &$1) }
        bench.closed(try #require(bench.closes.first?.connection))
        let successor = try #require(bench.opens.first)
        bench.call { _ = $0.rotate(over: 0, &$1) }
        #expect(bench.closes.isEmpty)
        bench.release(try #require(bench.acquire().connection))
        #expect(bench.closes.isEmpty, "nor one that comes back")
        #expect(bench.engine.counts.idle == 2)
        bench.opened(successor)
        #expect(bench.closes.count == 1)
    }

    @Test("What is leased when the rotation's time is over is replaced at its release, and not waited for")
    func rotationOfLeases() throws {
        let bench = EngineBench(maximum: 2)
        let lease = try #require(bench.lease())
        bench.call { _ = $0.rotate(over: 10, &$1) }
        #expect(bench.effects.allSatisfy { if case .setAlarm = $0 { true } else { false } })
        bench.alarm(at: 10)
        #expect(bench.effects.contains(.endGoal(1, .achieved)))
        bench.release(lease)
        let new = try #require(bench.opens.first)
        #expect(bench.engine.counts.idle == 1)
        bench.opened(new)
        #expect(bench.closes.map(\.connection) == [lease])
    }

    @Test("A rotation that is cancelled stops where it is")
    func cancelledRotation() throws {
        let bench = EngineBench(maximum: 3)
        let leases = [try #require(bench.lease()), try #require(bench.lease())]
        for lease in leases { bench.release(lease) }
        bench.call { _ = $0.rotate(over: 20, &$1) }
        let new = try #require(bench.opens.first)
        bench.call { $0.cancelGoal(1, &$1) }
        #expect(bench.effects.contains(.endGoal(1, .cancelled)))
        bench.opened(new)
        #expect(bench.closes.isEmpty)
        bench.alarm(at: 20)
        #expect(bench.closes.isEmpty)
    }

    @Test("A clear that interrupts closes what is leased by force, and its release does no harm")
    func interrupts() throws {
        let bench = EngineBench(maximum: 2)
        let leases = [try #require(bench.lease()), try #require(bench.lease())]
        bench.release(leases[1])
        #expect(bench.call { $0.clear(interrupts: true, &$1) } == 2)
        #expect(bench.effects.contains(.close(leases[0], .cleared, .forced)))
        #expect(bench.effects.contains(.close(leases[1], .cleared, .orderly)))
        bench.release(leases[0])
        #expect(bench.effects.isEmpty)
    }

    @Test("A pool is degraded while somebody waits for a lane whose last connect failed")
    func status() throws {
        let bench = EngineBench(maximum: 1)
        #expect(bench.engine.status == .open)
        bench.acquire()
        bench.failed(try #require(bench.opens.first))
        #expect(bench.engine.status == .degraded)
        bench.alarm(at: bench.engine.lanes[0].retryAt)
        bench.opened(try #require(bench.opens.first))
        #expect(bench.engine.status == .open)
        bench.call { $0.beginClosing(forceAt: $1.now + 100, &$1) }
        #expect(bench.engine.status == .draining)
        #expect(bench.acquire() == .failed(.draining))
    }
}
