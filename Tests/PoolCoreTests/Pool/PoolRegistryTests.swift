import PoolCore
import PoolTesting
import Testing

@Suite("A registry of pools", .timeLimit(.minutes(1)))
struct PoolRegistryTests {
    private func pool(_ name: String = "some") throws -> Pool<FakeDriver> {
        try Pool(driver: FakeDriver(), configuration: PoolConfiguration(name: name))
    }

    @Test("A pool is found by its alias and its type, or as any pool")
    func lookUp() async throws {
        let registry = PoolRegistry()
        let (main, cache) = (try pool(), try pool("cached"))
        try registry.register(main)
        try registry.register(cache, alias: "cache")
        #expect(registry.names == ["cache", "default"])
        #expect(try registry.pool(of: FakeDriver.self) === main)
        #expect(try registry.pool("cache", of: FakeDriver.self) === cache)
        let any = try registry.pool("cache")
        #expect(any.name == "cached")
        #expect(any.information == DriverInformation(name: "fake"))
        #expect(any.statistics.pool == "cached")
        #expect(any.clear(interrupt: false) == 0)
        try await registry.closeAll(drain: .zero)
    }

    @Test("Errors name the alias, and what there is instead")
    func errors() async throws {
        let registry = PoolRegistry()
        #expect(throws: PoolRegistryError.self) { try registry.pool() }
        let main = try pool()
        try registry.register(main, alias: "main")
        let twice = #expect(throws: PoolRegistryError.self) { try registry.register(try pool(), alias: "main") }
        #expect(twice?.code == .aliasInUse)
        let unknown = #expect(throws: PoolRegistryError.self) { try registry.pool("mian") }
        #expect(unknown?.code == .unknownAlias)
        #expect(unknown?.description.contains("main") == true)
        let other = #expect(throws: PoolRegistryError.self) {
            try registry.pool("main", of: OtherDriver.self)
        }
        #expect(other?.code == .otherDriver)
        #expect(other?.actualDriver == "fake")
        #expect(try registry.pool("main", of: FakeDriver.self) === main)
        try await registry.closeAll(drain: .zero)
    }

    @Test("A pool that closes leaves the registry, and its alias is free")
    func leaving() async throws {
        let registry = PoolRegistry()
        let first = try pool()
        try registry.register(first)
        try registry.register(first, alias: "again")
        try await first.close()
        #expect(registry.names == [])
        // One that is closed already is not kept.
        try registry.register(first)
        #expect(registry.names == [])
        let second = try pool()
        try registry.register(second)
        #expect(try registry.pool(of: FakeDriver.self) === second)
        try await registry.closeAll(drain: .zero)
    }

    @Test("A pool whose alias was given to another does not take that along when it closes")
    func replaced() async throws {
        let registry = PoolRegistry()
        let (first, second) = (try pool(), try pool())
        try registry.register(first)
        #expect(registry.remove("default") === first)
        try registry.register(second)
        try await first.close()
        #expect(registry.names == ["default"])
        try await registry.closeAll(drain: .zero)
    }

    @Test("All pools are closed at the same time, each once, and leases get their time")
    func closeAll() async throws {
        let registry = PoolRegistry()
        let (first, second) = (try pool(), try pool())
        try registry.register(first, alias: "a")
        try registry.register(first, alias: "b")
        try registry.register(second, alias: "c")
        #expect(registry.all.count == 2)
        let lease = try await first.acquire()
        let closing = Task { try await registry.closeAll(drain: .seconds(60)) }
        while registry.names.contains("c") { await Task.yield() }
        #expect(registry.names == ["a", "b"])
        lease.release()
        try await closing.value
        #expect(registry.names == [])
        await #expect(throws: PoolError.self) { try await second.acquire().release() }
    }

    @Test("An empty alias is refused")
    func emptyAlias() async throws {
        let (registry, pool) = (PoolRegistry(), try pool())
        let error = #expect(throws: PoolRegistryError.self) { try registry.register(pool, alias: "") }
        #expect(error?.code == .emptyAlias)
        #expect(registry.names == [])
        try await pool.close()
    }

    @Test("A registry that is gone does not keep a pool from closing")
    func goneRegistry() async throws {
        let pool = try pool()
        do {
            let registry = PoolRegistry()
            try registry.register(pool)
        }
        try await pool.close()
    }
}

/// A driver that no pool of these tests has.
private struct OtherDriver: PoolDriver {
    let name = "other"

    func connect(_ request: ConnectRequest) async throws -> FakeConnection { throw FakeError("no other driver") }
    func verdict(on error: any Error) -> PoolVerdict { .keep }
}
