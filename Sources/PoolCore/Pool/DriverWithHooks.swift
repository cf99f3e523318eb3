/// A driver, and the application's hooks around it.
@usableFromInline
final class DriverWithHooks<Driver: PoolDriver>: Sendable {
    @usableFromInline let driver: Driver
    private let hooks: PoolHooks<Driver>

    init(_ driver: Driver, hooks: PoolHooks<Driver> = PoolHooks()) {
        self.driver = driver
        self.hooks = hooks
    }
}

extension DriverWithHooks: ErasedDriver {
    var information: DriverInformation { driver.information }

    func lanes(maximumConnections: Int) -> [PoolLaneConfiguration] {
        driver.lanes(maximumConnections: maximumConnections)
    }

    func connect(_ request: ConnectRequest) async throws -> any DriverConnection {
        try await driver.connect(request)
    }

    func verdict(on error: any Error) -> PoolVerdict {
        driver.verdict(on: error)
    }

    func accepts(_ identity: PoolIdentity) -> Bool {
        driver.accepts(identity)
    }

    func setUp(_ pooled: PooledConnection) async throws(HookFailure) {
        guard hooks.connect != nil else { return }
        try await runHook(.connect, on: pooled)
        pooled.connection.acceptSessionAsClean()
    }

    func runHook(_ kind: HookKind, on pooled: PooledConnection) async throws(HookFailure) {
        guard let hook = hook(kind) else { return }
        let connection = pooled.connection
        var lease = Lease(forHookOf: self, pooled)
        do {
            try await hook(&lease)
        } catch {
            let isPassing = error is PoolTryAgain || error is CancellationError || !connection.condition.isUsable
            throw HookFailure(cause: error, isPassing: isPassing)
        }
        if let reason = lease.discardReason {
            throw HookFailure(cause: PoolTryAgain(reason: "the \(kind.name) hook discarded its connection: \(reason)"))
        }
        // A hook may have caught the error that broke it.
        if !connection.condition.isUsable {
            throw HookFailure(cause: PoolTryAgain(reason: "the connection broke while the \(kind.name) hook used it"))
        }
        // An open transaction would count as part of a clean session: each lease would begin in it, and lose what it
        // writes.
        if kind.comesBeforeLease, connection.isTransactionOpen {
            throw HookFailure(cause: PoolHookLeftTransactionOpen(hook: kind.name), isPassing: false)
        }
    }

    private func hook(_ kind: HookKind) -> PoolHooks<Driver>.Hook? {
        switch kind {
        case .connect: return hooks.connect
        case .acquire: return hooks.acquire
        case .session(let tag):
            guard let hook = hooks.session else { return nil }
            return { (lease: inout Lease<Driver>) in try await hook(&lease, tag) }
        case .release: return hooks.release
        case .close: return hooks.close
        }
    }
}
