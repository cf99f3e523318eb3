extension PoolShell {
    func connect(_ plan: ConnectOrder) async throws -> any DriverConnection {
        if case .credentials(let credentials) = plan.identity {
            return try await driver.connect(plan.request(credentials))
        }
        let credentials = try await currentCredentials()
        do {
            return try await driver.connect(plan.request(credentials))
        } catch {
            // The password may have been changed since the provider returned it.
            guard let credentials, self.credentials.hasProvider, driver.verdict(on: error) == .refused else {
                throw error
            }
            self.credentials.forget(credentials)
            let fresh = try await currentCredentials(isRefresh: true)
            if fresh == credentials { throw error }
            return try await driver.connect(plan.request(fresh))
        }
    }

    func currentCredentials(isRefresh: Bool = false) async throws -> PoolCredentials? {
        switch try await credentials.current(for: configuration.name, isRefresh: isRefresh, time) {
        case .none: return nil
        case .held(let credentials): return credentials
        case .expired: throw refusal(.credentialsExpired, lane: nil, nil)
        }
    }

    func setCredentials(_ new: PoolCredentials) {
        credentials.set(CredentialStore.held(new, time))
        transition { $0.engine.retryConnects(&$1) }
    }

    /// The cache for connections of a lane, if they can be cached.
    func leaseCache(of plan: ConnectOrder) -> LeaseCache? {
        guard plan.identity == nil, let lane = lanes.firstIndex(where: { $0.name == plan.lane.name }) else {
            return nil
        }
        return lane == laneForReading ? cacheForReading : lane == laneForWriting ? cacheForWriting : nil
    }

    /// Gives a connection the pool's number of statements to keep. Runs without the lock, and so repeats until the
    /// number it gave is the one in force.
    ///
    /// - Parameter isChange: whether to pass on nil as well: the pool no longer has a number.
    func setStatementCacheCapacity(of connection: any DriverConnection, isChange: Bool = false) {
        var said: Int??
        while true {
            let capacity = state.withLock { $0.configuration.statementCacheCapacity }
            if said == .some(capacity) || (said == nil && capacity == nil && !isChange) { return }
            connection.setStatementCacheCapacity(capacity)
            said = .some(capacity)
        }
    }
}
