import PoolCore
import PoolTesting
import Testing

/// Each mistake that a pool can be used with, and what it says to it.
@Suite("The errors of misuse", .timeLimit(.minutes(1)))
struct PoolErrorCaseTests {
    /// A mistake, the code that its error must have, and a way to make it.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: String
        let make: @Sendable () async throws -> Void

        init(_ name: String, _ code: String, _ make: @escaping @Sendable () async throws -> Void) {
            (testDescription, self.code, self.make) = (name, code, make)
        }
    }

    static let cases = closing + waiting + configuration + many

    private static let closing = [
        Case("close() while a lease is held", "leasesHeld") {
            let fixture = try PoolFixture(maximum: 1)
            let lease = try await fixture.pool.acquire()
            let outcome = await result { try await fixture.pool.close() }
            lease.release()
            try await fixture.pool.close(drain: .zero)
            try outcome.get()
        },
        Case("an acquire on a closed pool", "closed") {
            let fixture = try PoolFixture(maximum: 1)
            try await fixture.pool.close()
            try await fixture.waiter().value
        },
        Case("an acquire while the pool drains", "draining") {
            let fixture = try PoolFixture(maximum: 1)
            let lease = try await fixture.pool.acquire()
            let closing = Task { try await fixture.pool.close(drain: .seconds(10)) }
            while fixture.pool.status != .draining { await Task.yield() }
            let outcome = await result { try await fixture.waiter().value }
            lease.release()
            try await closing.value
            try outcome.get()
        },
        Case("close() during a change", "reconfiguring") {
            let fixture = try PoolFixture(maximum: 1)
            fixture.driver.script(.connect, [.hang])
            let change = Task { try await fixture.pool.reconfigure { $0.minimumConnections = 1 } }
            let connect = try await fixture.driver.nextHanging(.connect)
            let outcome = await result { try await fixture.pool.close() }
            connect.succeed()
            try await change.value
            try await fixture.pool.close(drain: .zero)
            try outcome.get()
        },
    ]

    private static let waiting = [
        Case("an acquire beside a full queue", "tooManyWaiters") {
            let fixture = try PoolFixture(PoolConfiguration(maximumConnections: 1, maximumWaiters: 0))
            let lease = try await fixture.pool.acquire()
            let outcome = await result { try await fixture.waiter().value }
            lease.release()
            try await fixture.pool.close(drain: .zero)
            try outcome.get()
        },
        Case("an acquire whose time is over", "acquireTimedOut") {
            let fixture = try PoolFixture(maximum: 1)
            let lease = try await fixture.pool.acquire()
            let waiter = fixture.waiter(AcquireOptions(timeout: .seconds(3)))
            await fixture.untilWaiting(1)
            fixture.time.advance(by: .seconds(3))
            let outcome = await result { try await waiter.value }
            lease.release()
            try await fixture.pool.close(drain: .zero)
            try outcome.get()
        },
        Case("a shard that there is not", "noLane") {
            let fixture = try PoolFixture(maximum: 1)
            let outcome = await result { try await fixture.waiter(AcquireOptions(shard: "north")).value }
            try await fixture.pool.close(drain: .zero)
            try outcome.get()
        },
        Case("an identity where there are no users", "identityRefused") {
            let pool = try Pool(driver: FakeDriver(acceptsIdentities: false))
            let options = AcquireOptions(identity: .role("clerk"))
            let outcome = await result { try await pool.withConnection(options) { _ in } }
            try await pool.close(drain: .zero)
            try outcome.get()
        },
        Case("credentials that have expired", "credentialsExpired") {
            let stale: PoolCredentialProvider = { _ in PoolCredentials(user: "ada", validFor: .zero) }
            let observer = RecordingObserver()
            let pool = try Pool(
                driver: FakeDriver(), configuration: PoolConfiguration(minimumConnections: 1), credentials: stale,
                observer: observer)
            let event = try await observer.event { $0.connectFailure != nil }
            try await pool.close(drain: .zero)
            if let failure = event.connectFailure { throw failure.error }
        },
    ]

    private static let configuration = [
        Case("a negative count", "minimumConnections") { _ = try PoolConfiguration(minimumConnections: -1) },
        Case("a negative queue", "maximumWaiters") { _ = try PoolConfiguration(maximumWaiters: -1) },
        Case("a negative time", "idleTimeout") { _ = try PoolConfiguration(idleTimeout: .seconds(-1)) },
        Case("a minimum above the maximum", "minimumConnections") {
            _ = try PoolConfiguration(maximumConnections: 2, minimumConnections: 3)
        },
        Case("a maximum of none", "maximumConnections") { _ = try PoolConfiguration(maximumConnections: 0) },
    ]

    private static let many = [
        Case("an alias that is in use", "aliasInUse") { try await withRegistry { try $0.register($1) } },
        Case("an alias that there is not", "unknownAlias") {
            try await withRegistry { registry, _ in _ = try registry.pool("other") }
        },
    ]

    private static func withRegistry(_ body: (PoolRegistry, Pool<FakeDriver>) throws -> Void) async throws {
        let registry = PoolRegistry()
        let pool = try Pool(driver: FakeDriver())
        try registry.register(pool)
        let outcome = await result { try body(registry, pool) }
        try await registry.closeAll(drain: .zero)
        try outcome.get()
    }

    private static func result(of body: () async throws -> Void) async -> Result<Void, any Error> {
        do { return .success(try await body()) } catch { return .failure(error) }
    }

    /// The code of an error, and what it says without the figures of the moment.
    private func summary(_ error: any Error) throws -> (code: String, text: String) {
        switch error {
        case let error as PoolError: return (error.code.description, error.remedy)
        case let error as PoolConfigurationError: return (error.property, error.description)
        case let error as PoolRegistryError: return (error.code.description, error.description)
        default: throw error
        }
    }

    @Test("Each mistake has an error of its own, with a code and a text that no other has")
    func distinct() async throws {
        var mistakes: [String: String] = [:]
        for mistake in Self.cases {
            let error = try await #require(throws: (any Error).self, "\(mistake.testDescription)") {
                try await mistake.make()
            }
            let (code, text) = try summary(error)
            #expect(code == mistake.code, "\(mistake.testDescription): \(error)")
            #expect(!text.isEmpty, "\(mistake.testDescription)")
            let other = mistakes.updateValue(mistake.testDescription, forKey: text)
            #expect(other == nil, "\(mistake.testDescription) says the same as \(other ?? ""): \(text)")
        }
        #expect(mistakes.count == Self.cases.count)
    }
}
