import PoolTesting
import Testing

@testable import PoolCore

@Suite("What a pool's error says")
struct PoolErrorTextTests {
    @Test("An acquire that times out names where it stands, as the holders' places are named")
    func place() async throws {
        let fixture = try PoolFixture(maximum: 1)
        let lease = try await fixture.pool.acquire()
        let line: UInt = #line + 1
        let task = Task { try await fixture.pool.withConnection(AcquireOptions(timeout: .seconds(1))) { _ in } }
        await fixture.untilWaiting(1)
        fixture.time.advance(by: .seconds(1))
        let error = try #require(await fixture.poolError(of: task))
        #expect(error.fileID == "\(#fileID)")
        #expect(error.line == line)
        #expect(error.description.contains("acquireTimedOut after 1.00 s (queue) at \(#fileID):\(line); 1 leased"))
        lease.release()
        try await fixture.expectWhole()
    }

    @Test("So does one that is refused at once, which has no phase and no time")
    func refused() async throws {
        let fixture = try PoolFixture(maximum: 1)
        try await fixture.pool.close(drain: .zero)
        let line: UInt = #line + 1
        let error = try await #require(throws: PoolError.self) { try await fixture.pool.withConnection { _ in } }
        #expect(error.description.hasPrefix("pool \"pool\": closed at \(#fileID):\(line); "))
        let second = try await #require(throws: PoolError.self) { try await fixture.pool.close() }
        #expect(second.fileID == nil)
        #expect(second.description.hasPrefix("pool \"pool\": closed; "))
        #expect(!second.remedy.contains("Acquire"))
    }

    @Test("The remedy fits the phase, and what is known of connects")
    func remedies() {
        func remedy(_ phase: PoolError.Phase, _ hasConnectError: Bool = false) -> String {
            PoolError.Code.acquireTimedOut.remedy(
                phase: phase, isOfAcquire: true, hasConnectError: hasConnectError)
        }
        #expect(remedy(.queue).contains("Hold leases for less time"))
        #expect(remedy(.connect) == "Check that the server can be reached and answers, or raise acquireTimeout.")
        #expect(remedy(.connect, true) == "Mend what the last connect error names.")
        let all = PoolError.Phase.allCases.map { remedy($0) }
        #expect(Set(all).count == all.count)
        #expect(all.filter { $0.contains("Hold leases") }.count == 1)
    }

    @Test("A server that says nothing: no advice to hold leases for less time, and no error within the error")
    func silentServer() async throws {
        let fixture = try PoolFixture(PoolConfiguration(maximumConnections: 1, connectTimeout: .seconds(1)))
        fixture.driver.always(.connect, .hang)
        let waiter = fixture.waiter(AcquireOptions(timeout: .seconds(2)))
        await fixture.until { $0.opening == 1 }
        fixture.time.advance(by: .seconds(1))
        try await fixture.observer.event { $0.connectFailure != nil }
        fixture.time.advance(by: .seconds(1))
        let text = try #require(await fixture.poolError(of: waiter)).description
        #expect(text.contains("last connect error: connectTimedOut after 1.00 s (connect). Mend what"))
        #expect(text.ranges(of: "waiting").count == 1)
        try await fixture.pool.close(drain: .zero)
    }

    @Test(
        "A cause that ends a sentence by itself gets no second full stop", arguments: ["no route.", "who is it?", "no"])
    func fullStops(_ cause: String) async throws {
        let fixture = try PoolFixture(PoolConfiguration(maximumConnections: 1))
        fixture.driver.always(.connect, .fail(FakeError(cause)))
        let waiter = fixture.waiter(AcquireOptions(timeout: .seconds(2)))
        try await fixture.observer.event { $0.connectFailure != nil }
        fixture.time.advance(by: .seconds(2))
        let text = try #require(await fixture.poolError(of: waiter)).description
        #expect(!text.contains("..") && !text.contains("?."))
        #expect(text.contains(cause == "no" ? "no. Mend" : "\(cause) Mend"))
        try await fixture.pool.close(drain: .zero)
    }

    @Test("Too many waiters: nil is named as the way to have no limit")
    func tooMany() {
        let remedy = PoolError.Code.tooManyWaiters.remedy(phase: .queue, isOfAcquire: true, hasConnectError: false)
        #expect(remedy.contains("nil removes the limit"))
    }
}
