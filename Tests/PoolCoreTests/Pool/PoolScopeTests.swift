import PoolCore
import PoolTesting
import Testing

@Suite("A pool for the length of a function, or of the process", .timeLimit(.minutes(1)))
struct PoolScopeTests {
    struct Stop: Error {}

    @Test(
        "run(drain:) closes the pool when its body returns or throws, and hands on what that gave",
        arguments: [true, false])
    func scope(isFailure: Bool) async throws {
        let fixture = try PoolFixture(maximum: 2)
        let body: (Pool<FakeDriver>) async throws -> Int = { pool in
            try await pool.withConnection { try await $0.work() }
            #expect(pool.status == .open)
            if isFailure { throw Stop() }
            return 7
        }
        if isFailure {
            await #expect(throws: Stop.self) { try await fixture.pool.run(body) }
        } else {
            #expect(try await fixture.pool.run(body) == 7)
        }
        #expect(fixture.pool.status == .closed)
        fixture.expectClosed()
    }

    @Test("What others hold when the body of run(drain:) ends has its time, also where the task is cancelled")
    func drain() async throws {
        let fixture = try PoolFixture(maximum: 1)
        let lease = try await fixture.pool.acquire()
        let scope = Task { try await fixture.pool.run(drain: .seconds(5)) { _ in try Task.checkCancellation() } }
        scope.cancel()
        while fixture.pool.status != .draining { await Task.yield() }
        fixture.time.advance(by: .seconds(4))
        #expect(fixture.pool.status == .draining)
        #expect(fixture.driver.connections[0].isClosed == false)
        lease.release()
        _ = await scope.result
        fixture.expectClosed()
    }

    @Test("A pool that waits, connects and holds leases does not keep its process")
    func exit() async {
        await #expect(processExitsWith: .success) {
            let driver = FakeDriver()
            let configuration = try PoolConfiguration(
                maximumConnections: 2, minimumConnections: 1, idleTimeout: .seconds(3600), leakWarning: .seconds(3600))
            let pool = try Pool(driver: driver, configuration: configuration)
            driver.always(.work, .hangUncancellably)
            Task { try await pool.withConnection { try await $0.work() } }
            _ = try await driver.nextHanging(.work)
            driver.always(.connect, .hangUncancellably)
            Task { try await pool.withConnection { _ in } }
            _ = try await driver.nextHanging(.connect)
            // The body ends here, as a program's main function would.
        }
    }
}
