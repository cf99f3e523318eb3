internal import PoolCore

extension PostgresConnection {
    /// Everything of a session but its prepared statements. `RESET ALL` does not reset the role.
    private static let scrub = """
        CLOSE ALL; RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; UNLISTEN *; \
        SELECT pg_catalog.pg_advisory_unlock_all(); DISCARD SEQUENCES
        """

    /// Ends what the last lease left open, and undoes what it changed.
    func reset() async throws {
        try await perform(isCancellable: false) { operation in
            await stopLeftover(operation)
            if configuration.resetPolicy == .off { return }
            try await rollback(operation)
            let (isChanged, hasForeignStatements) = withSession { ($0.isChanged, $0.hasForeignStatements) }
            guard isChanged else { return }
            if configuration.resetPolicy == .rollbackOnly { return withSession { $0.isChanged = false } }
            try await command(Self.scrub, operation)
            if configuration.temporaryTables == .dropped { try await command("DISCARD TEMP", operation) }
            if hasForeignStatements {
                try await command("DEALLOCATE ALL", operation)
            }
            withSession { session in
                session.noteChangedNames()
                session.notifications.removeAll()
                session.isChanged = false
                session.hasForeignStatements = false
            }
            try await applyBaseline(operation)
        }
    }

    /// Rolls back what the last lease left open, and keeps what it changed.
    func endTransaction() async throws {
        try await perform(isCancellable: false) { operation in
            await stopLeftover(operation)
            try await rollback(operation)
        }
    }

    private static func quoted(_ name: String) -> String {
        // By scalars: a quotation mark and an accent after it are one character, and still end a quoted name.
        let parts = name.unicodeScalars.split(separator: "\"", omittingEmptySubsequences: false)
        return "\"" + parts.map { String($0) }.joined(separator: "\"\"") + "\""
    }

    private func stopLeftover(_ operation: Operation) async {
        guard withSession({ $0.exchange != nil }) else { return }
        try? await stopExchange(operation, asking: true)
        withSession { session in _ = try? session.finish() }
    }

    /// What the driver relies on, and the server may be configured otherwise.
    func applyBaseline(_ operation: Operation) async throws {
        let style = withSession { $0.link?.parameter("DateStyle") ?? "" }
        if !style.hasPrefix("ISO") { try await command("SET datestyle = ISO", operation) }
        guard let role else { return }
        // Also in quotation marks it means the user's own rights: https://www.postgresql.org/docs/current/sql-set-role.html
        if role == "none" {
            throw PostgresError.misuse("there is no role \"none\": it would be the user's own", .undefinedObject)
        }
        try await command("SET ROLE \(Self.quoted(role))", operation)
    }
}
