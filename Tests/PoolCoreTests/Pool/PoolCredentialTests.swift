import PoolCore
import PoolTesting
import Synchronization
import Testing

@Suite("Credentials", .timeLimit(.minutes(1)))
struct PoolCredentialTests {
    /// Answers with what the test has put in, the last one again and again.
    private final class Vault: Sendable {
        private let state: Mutex<(answers: [Result<PoolCredentials, FakeError>], requests: [PoolCredentialRequest])>

        init(_ answers: Result<PoolCredentials, FakeError>...) {
            state = Mutex((answers, []))
        }

        var requests: [PoolCredentialRequest] { state.withLock { $0.requests } }

        @Sendable func provide(_ request: PoolCredentialRequest) async throws -> PoolCredentials {
            try state.withLock { state in
                state.requests.append(request)
                return state.answers.count > 1 ? state.answers.removeFirst() : state.answers[0]
            }.get()
        }
    }

    /// Answers each request when the test says so.
    private final class SlowVault: Sendable {
        struct Request: Sendable {
            let isRefresh: Bool
            let answer: CheckedContinuation<PoolCredentials, Never>
        }

        private let requests = Mutex<[Request]>([])

        @Sendable func provide(_ request: PoolCredentialRequest) async throws -> PoolCredentials {
            await withCheckedContinuation { continuation in
                requests.withLock { $0.append(Request(isRefresh: request.isRefresh, answer: continuation)) }
            }
        }

        func next() async -> Request {
            while true {
                if let request = requests.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { return request }
                await Task.yield()
            }
        }
    }

    @Test("The pool's information names the user of the credentials that are in force")
    func user() async throws {
        let pool = try Pool(driver: FakeDriver())
        #expect(pool.information.user == nil)
        pool.setCredentials(PoolCredentials(user: "other"))
        #expect(pool.information.user == "other")
        #expect(pool.statistics.information.user == "other")
        try await pool.close()
    }

    private struct Fixture {
        let driver = FakeDriver()
        let time = ManualTime()
        let pool: Pool<FakeDriver>

        init(_ vault: Vault?) throws {
            pool = try Pool(
                driver: driver, configuration: PoolConfiguration(maximumConnections: 4),
                credentials: vault.map { $0.provide }, environment: .stepped(by: time))
        }

        func tokenOfNewConnection() async throws -> String? {
            pool.clear()
            return try await pool.withConnection { $0.connection.request.credentials?.password?.text }
        }
    }

    private static func token(_ text: String, validFor: Duration? = .seconds(60)) -> Result<PoolCredentials, FakeError>
    {
        .success(PoolCredentials(user: "app", password: PoolSecret(text), validFor: validFor))
    }

    @Test("The provider is asked when the pool is made, and again only when its credentials have expired")
    func expiry() async throws {
        let vault = Vault(Self.token("first"), Self.token("second"))
        let fixture = try Fixture(vault)
        while vault.requests.isEmpty { await Task.yield() }
        #expect(try await fixture.tokenOfNewConnection() == "first")
        fixture.time.advance(by: .seconds(59))
        #expect(try await fixture.tokenOfNewConnection() == "first")
        #expect(vault.requests.count == 1)
        fixture.time.advance(by: .seconds(1))
        #expect(try await fixture.tokenOfNewConnection() == "second")
        #expect(vault.requests.map(\.isRefresh) == [false, false])
        try await fixture.pool.close(drain: .zero)
    }

    @Test("Credentials that come expired are asked for once more, from the source")
    func refresh() async throws {
        let vault = Vault(Self.token("stale", validFor: .zero), Self.token("fresh"))
        let fixture = try Fixture(vault)
        #expect(try await fixture.tokenOfNewConnection() == "fresh")
        #expect(vault.requests.map(\.isRefresh) == [false, true])
        try await fixture.pool.close(drain: .zero)
    }

    @Test("Credentials that stay expired fail the connect, with an error that says so")
    func expired() async throws {
        let vault = Vault(Self.token("stale", validFor: .zero))
        let fixture = try Fixture(vault)
        let acquire = Task { try await fixture.tokenOfNewConnection() }
        while fixture.pool.statistics.connectFailures == 0 { await Task.yield() }
        fixture.time.advance(by: .seconds(30))
        let error = await #expect(throws: PoolError.self) { try await acquire.value }
        #expect(error?.code == .acquireTimedOut)
        #expect((error?.lastConnectError as? PoolError)?.code == .credentialsExpired)
        try await fixture.pool.close(drain: .zero)
    }

    @Test("Credentials that are set are used by the next connect, and expired ones without a provider are an error")
    func set() async throws {
        let fixture = try Fixture(nil)
        #expect(try await fixture.tokenOfNewConnection() == nil)
        fixture.pool.setCredentials(PoolCredentials(user: "app", password: "set", validFor: .seconds(5)))
        #expect(try await fixture.tokenOfNewConnection() == "set")
        fixture.time.advance(by: .seconds(5))
        let acquire = Task { try await fixture.tokenOfNewConnection() }
        while fixture.pool.statistics.connectFailures == 0 { await Task.yield() }
        fixture.pool.setCredentials(PoolCredentials(user: "app", password: "later"))
        #expect(try await acquire.value == "later")
        try await fixture.pool.close(drain: .zero)
    }

    @Test("A password that was changed is fetched anew when the server refuses the old one, at once")
    func rotated() async throws {
        let vault = Vault(Self.token("old", validFor: nil), Self.token("new", validFor: nil))
        let fixture = try Fixture(vault)
        #expect(try await fixture.tokenOfNewConnection() == "old")
        fixture.driver.decide(.connect) { call in
            call.request?.credentials?.password == "old"
                ? .fail(FakeError("wrong password", verdict: .refused)) : .succeed
        }
        #expect(try await fixture.tokenOfNewConnection() == "new")
        #expect(vault.requests.map(\.isRefresh) == [false, true])
        try await fixture.pool.close(drain: .zero)
    }

    @Test("What a provider throws fails the connect, and many connects share one call")
    func failing() async throws {
        let vault = Vault(.failure(FakeError("vault")), Self.token("good"))
        let fixture = try Fixture(vault)
        while vault.requests.isEmpty { await Task.yield() }
        #expect(try await fixture.tokenOfNewConnection() == "good")
        try await fixture.pool.close(drain: .zero)
    }

    @Test("Credentials that are set while the provider is asked are not replaced by its older answer")
    func setMeanwhile() async throws {
        let vault = SlowVault()
        let pool = try Pool(driver: FakeDriver(), credentials: vault.provide, environment: .stepped(by: ManualTime()))
        let acquire = Task { try await pool.withConnection { $0.connection.request.credentials?.password?.text } }
        let request = await vault.next()
        pool.setCredentials(PoolCredentials(user: "app", password: "set"))
        request.answer.resume(returning: PoolCredentials(user: "app", password: "old"))
        // The acquire has waited for the answer, and got it: it has been looked at.
        _ = try await acquire.value
        pool.clear()
        #expect(try await pool.withConnection { $0.connection.request.credentials?.password?.text } == "set")
        try await pool.close(drain: .zero)
    }

    @Test("A refused password is not asked for in a call that the provider may answer from its cache")
    func refusedMeanwhile() async throws {
        let vault = SlowVault()
        let (driver, time) = (FakeDriver(), ManualTime())
        let pool = try Pool(driver: driver, credentials: vault.provide, environment: .stepped(by: time))
        await vault.next().answer.resume(
            returning: PoolCredentials(user: "app", password: "old", validFor: .seconds(1)))
        driver.script(.connect, [.hang])
        let first = Task { try await pool.withConnection { $0.connection.request.credentials?.password?.text } }
        let connect = try await driver.nextHanging(.connect)
        time.advance(by: .seconds(1))
        let second = Task { try await pool.withConnection { $0.connection.request.credentials?.password?.text } }
        let cached = await vault.next()
        #expect(!cached.isRefresh)
        connect.fail(FakeError("wrong password", verdict: .refused))
        let fresh = await vault.next()
        #expect(fresh.isRefresh)
        fresh.answer.resume(returning: PoolCredentials(user: "app", password: "new"))
        cached.answer.resume(returning: PoolCredentials(user: "app", password: "cached"))
        let passwords = try await [first.value, second.value]
        #expect(passwords.contains("new"))
        try await pool.close(drain: .zero)
    }
}
