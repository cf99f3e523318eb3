import PoolCore
import PoolTesting
import Testing

@testable import PoolCore

/// Drivers that do not answer, and a process that does not run: every wait ends all the same.
@Suite("Drivers that are stuck", .timeLimit(.minutes(1)))
struct PoolStuckDriverTests {
    /// A pool whose first connect hangs, and is deaf to its cancellation; and a rotation that has begun.
    private struct Rotation {
        let fixture: PoolFixture
        let connect: FakeCall
        let rotation: Task<Void, any Error>

        init() async throws {
            let fixture = try PoolFixture(
                PoolConfiguration(maximumConnections: 3, minimumConnections: 1, connectTimeout: .seconds(2))
            ) { $0.script(.connect, [.hangUncancellably]) }
            self.fixture = fixture
            connect = try await fixture.driver.nextHanging(.connect)
            rotation = Task { try await fixture.pool.rotate(over: .zero) }
            while fixture.pool.shell.state.withLock({ $0.goals.isEmpty }) { await Task.yield() }
        }

        /// Moves the time on, alarm by alarm.
        func advance(to seconds: Int64) async throws {
            let end = PoolInstant(nanoseconds: seconds * 1_000_000_000)
            while fixture.time.now() < end {
                try await fixture.time.waitForSleepers(1)
                fixture.time.advance(to: min(end, fixture.time.nextWakeUp ?? end))
            }
        }
    }

    @Test("A rotation gives up a connect that never answers, and is deaf to its cancellation")
    func neverAnswers() async throws {
        let rotation = try await Rotation()
        try await rotation.advance(to: 7)
        #expect(await rotation.fixture.poolError(of: rotation.rotation)?.code == .acquireTimedOut)
        rotation.connect.succeed()
        try await rotation.fixture.expectWhole()
    }

    @Test("A rotation has ended before a connect that answers long after it was given up")
    func answersTooLate() async throws {
        let rotation = try await Rotation()
        try await rotation.advance(to: 7)
        #expect(await rotation.fixture.poolError(of: rotation.rotation)?.code == .acquireTimedOut)
        rotation.fixture.time.advance(by: .seconds(1))
        rotation.connect.succeed()
        try await rotation.fixture.expectWhole()
    }

    @Test("A rotation replaces a connection that came after it was given up, where there is room for both")
    func answersLate() async throws {
        let rotation = try await Rotation()
        try await rotation.advance(to: 2)
        try await rotation.connect.waitForCancellation()
        rotation.fixture.time.advance(by: .seconds(1))
        rotation.connect.succeed()
        try await rotation.rotation.value
        let closed = rotation.fixture.observer.events.filter { if case .connectionClosed = $0 { true } else { false } }
        #expect(closed.count == 1)
        #expect(closed.contains { if case .connectionClosed(_, _, .rotated, _) = $0 { true } else { false } })
        try await rotation.fixture.expectWhole()
    }

    @Test("A process that stood still during a drain gives its drivers their time when it goes on")
    func standstill() async throws {
        let fixture = try PoolFixture(maximum: 1)
        let lease = try await fixture.pool.acquire()
        fixture.driver.script(.close, [.hang])
        let closing = Task { try await fixture.pool.close(drain: .seconds(3)) }
        try await fixture.time.waitForSleeper(until: PoolInstant(nanoseconds: 3_000_000_000))
        fixture.time.advance(by: .seconds(9))
        let close = try await fixture.driver.nextHanging(.close)
        #expect(fixture.pool.status == .draining)
        try await fixture.time.waitForSleeper(until: PoolInstant(nanoseconds: 14_000_000_000))
        close.succeed()
        try await closing.value
        lease.release()
        fixture.expectClosed()
    }

    @Test("An engine of an application does not look through its state, and one of these tests does")
    func selfCheck() async throws {
        #expect(!EngineConfiguration(maximumConnections: 1, lanes: [.init(maximum: 1)]).checksItself)
        let fixture = try PoolFixture(maximum: 1)
        let checksItself = fixture.pool.shell.state.withLock { $0.engine.configuration.checksItself }
        #expect(checksItself)
        try await fixture.pool.close()
        var engine = Engine(configuration: EngineConfiguration(maximumConnections: 1, lanes: [.init(maximum: 1)]))
        // Wrong, and nobody looks.
        engine.counters.enqueued = 7
        var turn = Turn(now: 0)
        engine.retryConnects(&turn)
        let violation = engine.violation
        #expect(violation != nil)
    }
}
