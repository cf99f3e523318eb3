internal import PoolSQL

extension PostgresConnection {
    /// The commands that reset a session except its prepared statements. `RESET ALL` does not reset the role. A seed
    /// that makes random numbers predictable is replaced by a random one.
    private func scrub() -> String {
        let seed = Double.random(in: -1...1)
        return """
            CLOSE ALL; RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; UNLISTEN *; DISCARD SEQUENCES; \
            \(configuration.temporaryTables == .dropped ? "DISCARD TEMP;" : "") \
            SELECT pg_catalog.pg_advisory_unlock_all(), pg_catalog.setseed(\(seed)), \
            (SELECT pg_catalog.string_agg('DEALLOCATE ' || pg_catalog.quote_ident(name), '; ') \
            FROM pg_catalog.pg_prepared_statements WHERE from_sql)
            """
    }

    /// Undoes what the last lease left, as ``PostgresConfiguration/resetPolicy`` says.
    ///
    /// - Throws: ``PostgresError``, also if only a new connection can undo a change.
    public func reset() async throws {
        try await perform(isCancellable: false) { operation in
            await stopLeftover(operation)
            if configuration.resetPolicy == .off { return }
            try await rollback(operation)
            let (isChanged, isSpent, isShared) = withSession { ($0.isChanged, $0.isSpent, $0.cache.isShared) }
            guard isChanged else { return }
            if configuration.resetPolicy == .rollbackOnly { return withSession { $0.isChanged = false } }
            if isSpent {
                throw PostgresError.misuse(
                    "the lease has done to its session what only the session's end undoes, as LOAD does")
            }
            // Removes the statements that were prepared by SQL; the driver's own stay. Behind a pooler the statements
            // may be another client's.
            if let deallocation = try await answer(to: scrub(), operation), !isShared {
                try await command(deallocation, operation)
            }
            withSession { session in
                session.noteChangedNames()
                session.notifications.removeAll()
                session.isChanged = false
            }
            try await applyBaseline(operation)
        }
    }

    /// The last value that a script of the driver returns; nil if it is NULL.
    private func answer(to script: String, _ operation: Operation) async throws -> String? {
        try withSession { try $0.startCommand(script, dropsRows: false) }
        _ = try await drive(operation)
        guard case .text(let text)? = try withSession({ try $0.finish().rows?.last?.values.last }) else { return nil }
        return text
    }

    /// Rolls back an open transaction and ends a running statement; keeps settings and temporary tables.
    ///
    /// - Throws: ``PostgresError``.
    public func endUnfinishedWork() async throws {
        try await perform(isCancellable: false) { operation in
            await stopLeftover(operation)
            try await rollback(operation)
        }
    }

    private func stopLeftover(_ operation: Operation) async {
        guard withSession({ $0.exchange != nil }) else { return }
        try? await stopExchange(operation, asking: true)
        withSession { session in _ = try? session.finish() }
    }
}
