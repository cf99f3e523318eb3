import PoolCore
import PoolTesting
import Testing

@Suite("The limit of a shard", .timeLimit(.minutes(1)))
struct PoolShardTests {
    @Test("No shard has more connections than the pool's limit for one, and a change of that limit counts at once")
    func limit() async throws {
        let lanes = ["east", "west"].map { PoolLaneConfiguration(name: $0, shard: $0, maximumConnections: 4) }
        let fixture = try PoolFixture(
            PoolConfiguration(maximumConnections: 4, maximumConnectionsPerShard: 1), lanes: lanes)
        let west = AcquireOptions(shard: "west")
        try await fixture.holding(1, west) {
            let waiter = fixture.waiter(west)
            await fixture.untilWaiting(1)
            #expect(fixture.pool.statistics.counts.total == 1)
            try await fixture.holding(1, AcquireOptions(shard: "east"))
            #expect(fixture.pool.statistics.counts.waiting == 1)
            try await fixture.pool.reconfigure { $0.maximumConnectionsPerShard = 2 }
            try await waiter.value
        }
        let counts = fixture.pool.statistics.lanes.map(\.counts.total)
        #expect(counts == [1, 2])
        try await fixture.pool.close(drain: .zero)
        fixture.expectClosed()
    }
}
