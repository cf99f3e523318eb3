import Testing

@testable import PoolCore

@Suite("The rules of the engine")
struct EngineRuleTests {
    @Test("A waiter takes an idle connection that must be validated, though another is being opened")
    func idleBeforeOpening() throws {
        let bench = EngineBench(maximum: 3, lanes: [.init(maximum: 3, minimum: 2)])
        bench.call { $0.start(&$1) }
        let opens = bench.opens
        try #require(opens.count == 2)
        bench.opened(opens[0])
        // The second connect hangs while the first connection grows stale.
        bench.now = 31 * EngineBench.second
        let waiter = try #require(bench.acquire().waiter)
        #expect(bench.effects.contains(.validate(opens[0], isStale: true)))
        bench.call(random: 0) { $0.validated(opens[0], .succeeded, &$1) }
        #expect(bench.grants.map(\.waiter) == [waiter])
    }

    @Test("A lane without a connection whose last connect failed is given room once its pause is over")
    func roomAfterFailure() throws {
        let bench = EngineBench(maximum: 1, lanes: [.init(maximum: 1), .init(maximum: 1)])
        bench.acquire(lane: 1, patience: 600 * EngineBench.second)
        bench.failed(try #require(bench.opens.first))
        // While lane 1 pauses, lane 0 takes the only place, and more want it.
        let first = try #require(bench.lease(lane: 0))
        bench.acquire(lane: 0, patience: 600 * EngineBench.second)
        bench.alarm(at: EngineBench.second)
        bench.release(first)
        #expect(bench.closes.map(\.reason) == [.makingRoom])
        bench.closed(first)
        #expect(bench.engine.lanes[1].counts.opening == 1)
    }

    @Test("A connection that its own lane does not need makes room for another lane, also with an acquire hook")
    func roomWithHook() throws {
        let bench = EngineBench(maximum: 1, lanes: [.init(maximum: 1), .init(maximum: 1)]) {
            $0.validatesEveryGrant = true
        }
        bench.acquire(lane: 0)
        let connection = try #require(bench.opens.first)
        bench.opened(connection)
        bench.call(random: 0) { $0.validated(connection, .succeeded, &$1) }
        #expect(bench.grants.count == 1)
        bench.acquire(lane: 1)
        bench.release(connection)
        #expect(bench.closes.map(\.reason) == [.makingRoom])
    }

    @Test("A busy lane keeps its connections while the other lane has one of its own")
    func noThrashing() throws {
        let bench = EngineBench(maximum: 2, lanes: [.init(maximum: 2), .init(maximum: 2)])
        let own = try #require(bench.lease(lane: 0))
        _ = try #require(bench.lease(lane: 1))
        bench.acquire(lane: 1)
        let waiter = try #require(bench.acquire(lane: 0).waiter)
        bench.release(own)
        #expect(bench.grants.map(\.waiter) == [waiter])
        #expect(bench.closes.isEmpty)
    }

    @Test("Reports about earlier tenants of a place are ignored")
    func staleIDs() throws {
        let bench = EngineBench(maximum: 1)
        let old = try #require(bench.lease())
        bench.release(old, .broken)
        bench.closed(old)
        let new = try #require(bench.lease())
        #expect(new.index == old.index && new != old)
        bench.release(old, .generationBroken)
        bench.opened(old)
        bench.failed(old, isPermanent: true)
        bench.closed(old)
        bench.call(random: 0) { $0.validated(old, .failed, &$1) }
        #expect(bench.effects.isEmpty)
        #expect(bench.engine.counts.leased == 1)
    }

    @Test("A waiter is cancelled once, and not after it was served")
    func cancelOnce() throws {
        let bench = EngineBench(maximum: 1)
        let lease = try #require(bench.lease())
        let (first, second) = (try #require(bench.acquire().waiter), try #require(bench.acquire().waiter))
        #expect(bench.cancel(first))
        #expect(!bench.cancel(first))
        bench.release(lease)
        #expect(bench.grants.map(\.waiter) == [second])
        #expect(!bench.cancel(second))
    }

    @Test("A deadline that has passed fails at once, unless a connection is idle")
    func pastDeadline() throws {
        let bench = EngineBench(maximum: 1)
        #expect(bench.acquire(patience: 0) == .failed(.timedOut))
        let lease = try #require(bench.lease())
        bench.release(lease)
        #expect(bench.acquire(patience: 0).connection == lease)
    }

    @Test("All waiters whose deadline has passed fail at the alarm, the earliest first")
    func deadlines() throws {
        let bench = EngineBench(maximum: 1)
        _ = try #require(bench.lease())
        let waiters = [5, 3, 4, 9].map { bench.acquire(patience: $0 * EngineBench.second).waiter }
        bench.alarm(at: 5 * EngineBench.second)
        #expect(bench.failures.map(\.waiter) == [waiters[1], waiters[2], waiters[0]])
        #expect(bench.failures.allSatisfy { $0.reason == .timedOut })
        #expect(bench.effects.contains(.setAlarm(9 * EngineBench.second)))
    }

    @Test("The pause after failed connects doubles up to its maximum")
    func backoff() throws {
        let bench = EngineBench(maximum: 1) { $0.maximumBackoff = EngineBench.second }
        bench.acquire(patience: .max / 2)
        var pauses: [Nanoseconds] = []
        for _ in 0..<6 {
            bench.failed(try #require(bench.opens.first))
            let retryAt = bench.engine.lanes[0].retryAt
            pauses.append(retryAt - bench.now)
            bench.alarm(at: retryAt)
        }
        // The largest random number is a little less than one.
        let ceilings: [Nanoseconds] = [100, 200, 400, 800, 1_000, 1_000].map { $0 * 1_000_000 }
        for (pause, ceiling) in zip(pauses, ceilings) { #expect(pause <= ceiling && pause > ceiling - 10) }
    }

    @Test("After a failure one connect finds out for all whether the server is back")
    func oneProbe() throws {
        let bench = EngineBench(maximum: 5)
        bench.acquire()
        bench.failed(try #require(bench.opens.first))
        for _ in 0..<4 { bench.acquire() }
        bench.alarm(at: EngineBench.second)
        let probe = try #require(bench.opens.first)
        #expect(bench.opens.count == 1)
        bench.opened(probe)
        #expect(bench.opens.count == 4)
    }

    @Test("A waiter that came to a refused lane with live connections waits for them")
    func refusedButAlive() throws {
        let bench = EngineBench(maximum: 2)
        let lease = try #require(bench.lease())
        let waiter = try #require(bench.acquire().waiter)
        bench.failed(try #require(bench.opens.first), isPermanent: true)
        #expect(bench.failures.isEmpty)
        bench.release(lease)
        #expect(bench.grants.map(\.waiter) == [waiter])
    }

    @Test("A holder may wait for itself only where another lease can serve it")
    func deadlocks() throws {
        let bench = EngineBench(maximum: 2)
        _ = try #require(bench.lease(holder: 64))
        let other = try #require(bench.lease(holder: 128))
        let waiter = try #require(bench.acquire(holder: 64).waiter)
        #expect(bench.acquire(holder: 128) == .failed(.wouldDeadlock))
        bench.release(other)
        #expect(bench.grants.map(\.waiter) == [waiter])
        // Now one task has both connections.
        #expect(bench.acquire(holder: 64) == .failed(.wouldDeadlock))
        // A task without a lease may wait.
        #expect(bench.acquire(holder: 256).waiter != nil)
    }

    @Test("An owned lease may be given back by any task, so that waiting for it is no deadlock")
    func ownedLeases() throws {
        let bench = EngineBench(maximum: 1)
        _ = try #require(bench.lease(holder: 0))
        #expect(bench.acquire(holder: 64).waiter != nil)
    }

    @Test("The lifetime of a connection is shortened at random, at most by the jitter")
    func jitter() throws {
        var configuration = EngineConfiguration(maximumConnections: 2, lanes: [.init(maximum: 2)])
        configuration.maximumLifetime = 100
        configuration.lifetimeJitter = 0.5
        var engine = Engine(configuration: configuration)
        for (random, expected) in [(UInt64.min, Nanoseconds(100)), (.max, 50)] {
            var turn = Turn(now: 0, random: random)
            _ = engine.acquire(lane: 0, priority: 1, holder: 0, deadline: 10, &turn)
            var opened: ConnectionID?
            turn.effects.forEach { if case .open(let id, _, _, _) = $0 { opened = id } }
            let id = try #require(opened)
            engine.opened(id, &turn)
            #expect(engine.slots[id.index].expiresAt == expected)
        }
    }
}
