import PoolCore

/// A driver that does nothing, so that what is measured is the pool.
struct NoOpDriver: PoolDriver {
    final class Connection: DriverConnection {
        var condition: ConnectionCondition { .clean }
        func validate() async throws {}
        func reset() async throws {}
        func close(_ mode: ConnectionCloseMode) async {}
        func cancel() {}
    }

    var name: String { "noop" }
    func connect(_ request: ConnectRequest) async throws -> Connection { Connection() }
    func verdict(on error: any Error) -> PoolVerdict { .keep }
}

extension NoOpDriver {
    /// A pool in which all connections are idle already.
    static func pool(connections: Int) async throws -> Pool<NoOpDriver> {
        let pool = try Pool(
            driver: NoOpDriver(),
            configuration: PoolConfiguration(
                name: "benchmark", maximumConnections: connections, minimumConnections: connections,
                concurrentConnects: 16))
        while pool.statistics.counts.idle < connections { try await Task.sleep(for: .milliseconds(1)) }
        return pool
    }
}
