import PoolSQL

extension SQLDriverConformance {
    var hookChecks: [ConformanceCheck] {
        [
            ConformanceCheck("what a session hook sets up for no tag is found by every lease") {
                guard let (change, probe) = subject.sessionChanges.first else { return }
                let hooks = PoolHooks<Driver>(session: { lease, _ in try await lease.execute(SQL(raw: change)) })
                try await withPool(1, hooks: hooks) { pool in
                    for lease in 1...3 {
                        let rows = try await pool.query(SQL(raw: probe))
                        try expect(!rows.isEmpty, "lease \(lease) does not find the effect of \(change)")
                    }
                }
            },
            ConformanceCheck("a connect hook that leaves a transaction open is refused at once, and named") {
                let hooks = PoolHooks<Driver>(connect: { try await $0.execute("BEGIN") })
                try await withPool(1, hooks: hooks) { try await expectRefusal(by: "connect", $0) }
            },
            ConformanceCheck("a session hook that leaves a transaction open is refused at once, and named") {
                let hooks = PoolHooks<Driver>(session: { lease, _ in try await lease.execute("BEGIN") })
                try await withPool(1, hooks: hooks) { try await expectRefusal(by: "session", $0) }
            },
            ConformanceCheck("the error of a statement in a connect hook fails who waits at once, as it is") {
                let hooks = PoolHooks<Driver>(connect: { try await $0.execute("SELEC 1") })
                try await withPool(1, hooks: hooks) { pool in
                    let error = try await expectError("a typo in the connect hook") {
                        _ = try await pool.query("SELECT 1")
                    }
                    try expect(!(error is PoolError), "the error is \(error)")
                }
            },
        ]
    }

    private func expectRefusal(by hook: String, _ pool: Pool<Driver>) async throws {
        let error = try await expectError("a \(hook) hook that begins a transaction") {
            _ = try await pool.query("SELECT 1")
        }
        try expect((error as? PoolHookLeftTransactionOpen)?.hook == hook, "the error is \(error)")
    }
}
