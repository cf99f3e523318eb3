import PoolCore
import PoolTesting
import Testing

@Suite("The life of connections", .timeLimit(.minutes(1)))
struct PoolLifetimeTests {
    @Test("The minimum is opened at once, and kept")
    func minimum() async throws {
        let fixture = try PoolFixture(
            PoolConfiguration(maximumConnections: 3, minimumConnections: 2, idleTimeout: .seconds(10)))
        try await fixture.observer.events(2) { $0.isOpened }
        try await fixture.pool.withConnection { $0.connection.condition = .broken }
        try await fixture.observer.events(3) { $0.isOpened }
        try await fixture.holding(3)
        fixture.time.advance(by: .seconds(10))
        try await fixture.observer.event { $0.closeReason == .idleTimeout }
        await fixture.until { $0.closing == 0 }
        fixture.time.advance(by: .seconds(10))
        try await fixture.holding(2)
        #expect(fixture.pool.statistics.connectionsClosed == [.broken: 1, .idleTimeout: 1])
        try await fixture.expectWhole()
    }

    @Test("A connection that is unused for the idle timeout is closed, one that is used is not")
    func idleTimeout() async throws {
        let fixture = try PoolFixture(PoolConfiguration(maximumConnections: 2, idleTimeout: .seconds(10)))
        try await fixture.holding(2)
        fixture.time.advance(by: .seconds(6))
        try await fixture.holding(1)
        fixture.time.advance(by: .seconds(6))
        try await fixture.observer.event { $0.closeReason == .idleTimeout }
        await fixture.until { $0.closing == 0 }
        #expect(fixture.pool.statistics.counts.idle == 1)
        try await fixture.expectWhole()
    }

    @Test("A connection that is too old is closed while idle, or at its release")
    func lifetime() async throws {
        let fixture = try PoolFixture(
            PoolConfiguration(
                maximumConnections: 2, idleTimeout: nil, maximumLifetime: .seconds(60), lifetimeJitter: 0))
        let lease = try await fixture.pool.acquire()
        fixture.time.advance(by: .seconds(60))
        try await fixture.time.waitUntil { $0.isEmpty }
        #expect(!fixture.driver.connections[0].isClosed)
        lease.release()
        try await fixture.observer.event { $0.closeReason == .lifetime }
        try await fixture.holding(1)
        fixture.time.advance(by: .seconds(60))
        try await fixture.observer.events(2) { $0.closeReason == .lifetime }
        try await fixture.expectWhole()
    }

    @Test(
        "A lifetime is shortened at random, by nothing at the least and by the jitter at the most",
        arguments: [(UInt64.min, 100), (UInt64.max, 90)])
    func jitter(drawn: UInt64, seconds: Int) async throws {
        let (time, observer) = (ManualTime(), RecordingObserver())
        let pool = try Pool(
            driver: FakeDriver(),
            configuration: PoolConfiguration(
                maximumConnections: 1, idleTimeout: nil, maximumLifetime: .seconds(100), lifetimeJitter: 0.1),
            observer: observer, environment: PoolEnvironment(time: time, random: { drawn }))
        try await pool.withConnection { _ in }
        time.advance(by: .seconds(seconds) - .milliseconds(1))
        #expect(pool.statistics.connectionsClosed == [:])
        time.advance(by: .milliseconds(2))
        try await observer.event { $0.closeReason == .lifetime }
        try await pool.close(drain: .zero)
    }

    @Test("Connections that were opened together do not end together")
    func paced() async throws {
        let fixture = try PoolFixture(
            PoolConfiguration(
                maximumConnections: 4, idleTimeout: nil, maximumLifetime: .seconds(400), lifetimeJitter: 0))
        try await fixture.holding(4)
        fixture.time.advance(by: .seconds(400))
        try await fixture.observer.event { $0.closeReason == .lifetime }
        await fixture.until { $0.closing == 0 }
        #expect(fixture.pool.statistics.connectionsClosed == [.lifetime: 1])
        try await fixture.expectWhole()
    }

    @Test("After a failed connect the next one waits, longer each time, and an acquire waits with it")
    func backoff() async throws {
        let fixture = try PoolFixture(maximum: 2)
        fixture.driver.script(.connect, (0..<4).map { .fail(FakeError("attempt \($0 + 1)")) })
        let waiter = fixture.waiter()
        var ceiling = Duration.milliseconds(100)
        for attempt in 1...4 {
            let event = try await fixture.observer.events(attempt) { $0.connectFailure != nil }[attempt - 1]
            let failure = try #require(event.connectFailure)
            #expect(failure.attempt == attempt)
            #expect(failure.error as? FakeError == FakeError("attempt \(attempt)"))
            #expect(failure.retryAfter >= .zero && failure.retryAfter <= ceiling)
            ceiling = ceiling * 2
            fixture.time.advance(by: failure.retryAfter)
        }
        try await waiter.value
        #expect(fixture.driver.connections.first?.request.attempt == 5)
        #expect(fixture.pool.statistics.connectFailures == 4)
        try await fixture.expectWhole()
    }

    @Test("A passing failure lets acquires wait until their deadline, and is named then")
    func passingFailure() async throws {
        let fixture = try PoolFixture(maximum: 1)
        fixture.driver.always(.connect, .fail(FakeError("starting", verdict: .serverStarting)))
        let waiter = fixture.waiter(AcquireOptions(timeout: .seconds(1)))
        try await fixture.observer.event { $0.connectFailure != nil }
        await fixture.untilWaiting(1)
        fixture.time.advance(by: .seconds(1))
        let error = try #require(await fixture.poolError(of: waiter))
        #expect(error.code == .acquireTimedOut)
        #expect(error.phase == .connect)
        #expect((error.lastConnectError as? FakeError)?.message == "starting")
        try await fixture.pool.close(drain: .zero)
        fixture.expectClosed()
    }

    @Test("A permanent failure fails all who wait at once, and who comes before the next attempt")
    func permanentFailure() async throws {
        let fixture = try PoolFixture(maximum: 1)
        let refusal = FakeError("password authentication failed", verdict: .refused)
        fixture.driver.script(.connect, [.hang])
        let waiters = [fixture.waiter(), fixture.waiter(), fixture.waiter()]
        await fixture.untilWaiting(3)
        fixture.driver.always(.connect, .fail(refusal))
        try await fixture.driver.nextHanging(.connect).fail(refusal)
        for waiter in waiters {
            let error = try #require(await fixture.poolError(of: waiter))
            #expect(error.code == .connectRefused)
            #expect(error.lastConnectError as? FakeError == refusal)
        }
        #expect(await fixture.poolError(of: fixture.waiter())?.code == .connectRefused)
        fixture.driver.always(.connect, .succeed)
        fixture.time.advance(by: .seconds(60))
        try await fixture.waiter().value
        try await fixture.expectWhole()
    }

    @Test(
        "A connect that takes too long is cancelled, keeps its place until the driver answers, and is used all the same"
    )
    func lateConnect() async throws {
        let fixture = try PoolFixture(maximum: 1)
        fixture.driver.script(.connect, [.hangUncancellably])
        let waiter = fixture.waiter()
        let connect = try await fixture.driver.nextHanging(.connect)
        #expect(connect.request?.deadline == PoolInstant(nanoseconds: 10_000_000_000))
        fixture.time.advance(by: .seconds(10))
        try await connect.waitForCancellation()
        let event = try await fixture.observer.event { $0.connectFailure != nil }
        #expect((event.connectFailure?.error as? PoolError)?.code == .connectTimedOut)
        #expect(fixture.pool.statistics.counts.total == 1)
        connect.succeed()
        try await waiter.value
        #expect(fixture.driver.connections.count == 1)
        try await fixture.expectWhole()
    }

    @Test(
        "A validation or a reset that takes too long is interrupted, and its connection replaced",
        arguments: [
            FakeStep.validate, .reset,
        ])
    func lateStep(step: FakeStep) async throws {
        let fixture = try PoolFixture(maximum: 1)
        fixture.driver.script(step, [.hangUncancellably])
        try await fixture.pool.withConnection { if step == .reset { $0.connection.leave("residue") } }
        if step == .validate { fixture.time.advance(by: .seconds(31)) }
        let waiter = fixture.waiter()
        let call = try await fixture.driver.nextHanging(step)
        fixture.time.advance(by: .seconds(5))
        try await waiter.value
        #expect(call.isCancelled)
        #expect(fixture.driver.connections[0].history.last == .closed(.forced))
        #expect(fixture.driver.connections.count == 2)
        try await fixture.expectWhole()
    }

    @Test("At the pool's maximum an idle connection of one lane makes room for a waiter of another")
    func stealing() async throws {
        let lanes = [
            PoolLaneConfiguration(name: "a", maximumConnections: 2, serves: [.readWrite]),
            PoolLaneConfiguration(name: "b", maximumConnections: 2, serves: [.readOnly]),
        ]
        let fixture = try PoolFixture(PoolConfiguration(maximumConnections: 2), lanes: lanes)
        try await fixture.holding(2)
        try await fixture.holding(2, .readOnly) { #expect(fixture.pool.statistics.counts.leased == 2) }
        #expect(fixture.pool.statistics.connectionsClosed == [.makingRoom: 2])
        try await fixture.expectWhole()
    }
}
