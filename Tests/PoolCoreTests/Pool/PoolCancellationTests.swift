import PoolCore
import PoolTesting
import Testing

/// How the driver's call ends whose waiter has gone.
enum Ending: String, CaseIterable, Sendable { case succeeds, fails, passesItsDeadline }

@Suite("An acquire that ends at any of its suspension points loses no place", .timeLimit(.minutes(2)))
struct PoolCancellationTests {
    @Test("Cancelled", arguments: SuspensionPoint.allCases, Ending.allCases)
    func cancelled(at point: SuspensionPoint, then ending: Ending) async throws {
        let scene = try await point.scene(ending == .passesItsDeadline ? .hangUncancellably : .hang)
        scene.waiter.cancel()
        let error = await scene.fixture.error(of: scene.waiter)
        #expect(error is CancellationError)
        #expect(scene.fixture.pool.statistics.counts.waiting == 0)
        #expect(scene.fixture.pool.statistics.cancelled == 1)
        try await end(scene, ending)
        try await scene.fixture.expectWhole()
    }

    @Test("Timed out: the error names the phase and the time", arguments: SuspensionPoint.allCases, Ending.allCases)
    func timedOut(at point: SuspensionPoint, then ending: Ending) async throws {
        let scene = try await point.scene(
            ending == .passesItsDeadline ? .hangUncancellably : .hang, options: AcquireOptions(timeout: .seconds(3)))
        scene.fixture.time.advance(by: .seconds(3))
        let error = try #require(await scene.fixture.poolError(of: scene.waiter))
        #expect(error.code == .acquireTimedOut)
        #expect(error.phase == point.phase)
        #expect(error.elapsed == .seconds(3))
        #expect(error.elapsedByPhase == [point.phase: .seconds(3)])
        #expect(error.remedy.hasSuffix("."))
        #expect(scene.fixture.pool.statistics.timedOut == 1)
        try await end(scene, ending)
        try await scene.fixture.expectWhole()
    }

    @Test("Closed under it: the waiter fails at once, and all is closed", arguments: SuspensionPoint.allCases)
    func closed(at point: SuspensionPoint) async throws {
        let scene = try await point.scene()
        try await scene.fixture.pool.close(drain: .zero)
        let error = try #require(await scene.fixture.poolError(of: scene.waiter))
        #expect(error.code == .closed)
        try await scene.endLease()
        scene.fixture.expectClosed()
    }

    @Test("Served: the call that it waits for succeeds", arguments: SuspensionPoint.allCases)
    func served(at point: SuspensionPoint) async throws {
        let scene = try await point.scene()
        try await end(scene, .succeeds)
        try await scene.waiter.value
        try await scene.fixture.expectWhole()
    }

    @Test("Served in the end: the call that it waits for fails or hangs first", arguments: SuspensionPoint.allCases)
    func servedByAnother(at point: SuspensionPoint) async throws {
        for ending in [Ending.fails, .passesItsDeadline] {
            let scene = try await point.scene(
                ending == .passesItsDeadline ? .hangUncancellably : .hang,
                options: AcquireOptions(timeout: .seconds(3_600)))
            try await end(scene, ending)
            try await scene.waiter.value
            try await scene.fixture.expectWhole()
        }
    }

    private func end(_ scene: SuspensionPoint.Scene, _ ending: Ending) async throws {
        try await scene.endLease()
        guard let call = scene.call else { return }
        switch ending {
        case .succeeds: call.succeed()
        case .fails:
            call.fail(FakeError("late"))
            try await afterFailure(scene.fixture)
        case .passesItsDeadline:
            scene.fixture.time.advance(by: .seconds(11))
            try await afterFailure(scene.fixture)
            // A connect has nothing yet that could be closed under it: it is cancelled, and its answer is waited for.
            if call.step == .connect || call.connection?.isClosed == false { call.succeed() }
        }
    }

    /// Waits until the pool has noticed, and lets the pause before the next connect pass.
    private func afterFailure(_ fixture: PoolFixture) async throws {
        try await fixture.observer.event { $0.connectFailure != nil || $0.closeReason != nil }
        fixture.time.advance(by: .seconds(60))
    }
}
