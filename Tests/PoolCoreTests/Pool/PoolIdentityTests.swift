import PoolCore
import PoolTesting
import Testing

@Suite("Identities and shards", .timeLimit(.minutes(3)))
struct PoolIdentityTests {
    private static let ada = PoolIdentity.credentials(PoolCredentials(user: "ada", password: "lovelace"))
    private static let grace = PoolIdentity.credentials(PoolCredentials(user: "grace", password: "hopper"))

    private func user(_ fixture: PoolFixture, _ identity: PoolIdentity?) async throws -> String? {
        try await fixture.pool.withConnection(AcquireOptions(identity: identity)) { connection in
            connection.connection.request.credentials?.user
        }
    }

    @Test("Each identity has connections of its own, opened with its credentials, which are used again")
    func lanes() async throws {
        let fixture = try PoolFixture(maximum: 4)
        for _ in 0..<2 {
            #expect(try await user(fixture, nil) == nil)
            #expect(try await user(fixture, Self.ada) == "ada")
            #expect(try await user(fixture, Self.grace) == "grace")
        }
        #expect(fixture.driver.connections.count == 3)
        let lanes = fixture.pool.statistics.lanes
        #expect(lanes.map(\.name) == ["main", "main as user ada", "main as user grace"])
        #expect(lanes.allSatisfy { $0.counts.idle == 1 })
        try await fixture.pool.close(drain: .zero)
        fixture.expectClosed()
    }

    @Test("Another password is another identity: nobody gets a connection by a name alone")
    func password() async throws {
        let fixture = try PoolFixture(maximum: 4)
        #expect(try await user(fixture, Self.ada) == "ada")
        let impostor = PoolIdentity.credentials(PoolCredentials(user: "ada", password: "wrong"))
        fixture.driver.script(.connect, [.fail(FakeError("refused", verdict: .refused))])
        let error = await #expect(throws: PoolError.self) { try await user(fixture, impostor) }
        #expect(error?.code == .connectRefused)
        #expect(try await user(fixture, Self.ada) == "ada")
        #expect(fixture.driver.connections.count == 1)
        try await fixture.pool.close(drain: .zero)
        fixture.expectClosed()
    }

    @Test("At the maximum an idle connection of one identity makes room for another")
    func stealing() async throws {
        let fixture = try PoolFixture(maximum: 1)
        for identity in [Self.ada, Self.grace, Self.ada] { _ = try await user(fixture, identity) }
        #expect(fixture.driver.connections.count == 3)
        #expect(fixture.driver.ledger.peakOpen == 1)
        try await fixture.expectWhole()
    }

    @Test("A thousand identities leave no more lanes behind than there are connections")
    func manyIdentities() async throws {
        let fixture = try PoolFixture(maximum: 3)
        for number in 0..<1_000 {
            let identity = PoolIdentity.credentials(PoolCredentials(user: "user \(number)", password: "secret"))
            #expect(try await user(fixture, identity) == "user \(number)")
        }
        await fixture.until { $0.closing == 0 }
        #expect(fixture.pool.statistics.lanes.count <= 4)
        #expect(fixture.driver.ledger.peakOpen == 3)
        try await fixture.pool.close(drain: .zero)
        fixture.expectClosed()
    }

    @Test("A role goes with the pool's own credentials")
    func roles() async throws {
        let fixture = try PoolFixture(maximum: 2)
        let options = AcquireOptions(identity: .role("auditor"))
        let request = try await fixture.pool.withConnection(options) { $0.connection.request }
        #expect(request.role == "auditor")
        #expect(request.credentials == nil)
        try await fixture.expectWhole()
    }

    @Test("A driver without users refuses an identity")
    func refused() async throws {
        let pool = try Pool(driver: FakeDriver(acceptsIdentities: false))
        let error = await #expect(throws: PoolError.self) {
            try await pool.withConnection(AcquireOptions(identity: Self.ada)) { _ in }
        }
        #expect(error?.code == .identityRefused)
        #expect(error?.remedy.isEmpty == false)
        try await pool.close(drain: .zero)
    }

    @Test("A password shows in no description, dump or error")
    func secrets() {
        let credentials = PoolCredentials(user: "ada", password: "lovelace")
        let options = AcquireOptions(identity: .credentials(credentials))
        var dumped = ""
        dump(options, to: &dumped)
        dump(credentials, to: &dumped)
        let texts = ["\(credentials)", "\(Self.ada)", String(reflecting: credentials), dumped, "\(options)"]
        #expect(texts.allSatisfy { !$0.contains("lovelace") })
    }

    @Test("An acquire names a shard; each shard has its own limit; an unknown one is an error")
    func shards() async throws {
        let lanes = ["east", "west"].map { PoolLaneConfiguration(name: $0, shard: $0, maximumConnections: 1) }
        let fixture = try PoolFixture(PoolConfiguration(maximumConnections: 4), lanes: lanes)
        let west = AcquireOptions(shard: "west")
        try await fixture.pool.withConnection(west) { connection in
            #expect(connection.connection.request.lane.name == "west")
            let error = await #expect(throws: PoolError.self) {
                var options = west
                options.timeout = .zero
                try await fixture.pool.acquire(options).release()
            }
            #expect(error?.code == .acquireTimedOut)
            let east = try await fixture.pool.acquire(AcquireOptions(shard: "east"))
            east.release()
        }
        let error = await #expect(throws: PoolError.self) {
            try await fixture.pool.withConnection(AcquireOptions(shard: "north")) { _ in }
        }
        #expect(error?.code == .noLane)
        try await fixture.pool.close(drain: .zero)
        fixture.expectClosed()
    }
}
