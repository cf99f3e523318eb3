@_spi(Driver) internal import PoolSQL

extension PostgresConnection {
    /// Applies the settings that the driver relies on, and takes on the lane's role.
    func applyBaseline(_ operation: Operation) async throws {
        try await applyBaselineSettings(operation)
        withSession { $0.hasReset = false }
        guard let role else { return }
        // Even in quotation marks the name means the user's own rights:
        // https://www.postgresql.org/docs/current/sql-set-role.html
        if role == "none" {
            throw PostgresError.misuse("there is no role \"none\": it would be the user's own", .undefinedObject)
        }
        if role.utf8.contains(0) { throw PostgresError.misuse("a role must not hold a zero byte", .undefinedObject) }
        try await command("SET ROLE \(SQLDialect.postgres.quoted(role))", operation)
    }

    private func applyBaselineSettings(_ operation: Operation) async throws {
        try withSession { try $0.startBaseline() }
        _ = try await drive(operation)
        try withSession { try $0.finishBaseline() }
    }

    /// Restores the settings that the driver relies on, if a statement of the lease has reset them.
    func restoreBaseline(_ operation: Operation) async throws {
        let isDue = withSession { session in
            // In a failed transaction the server accepts no statement.
            session.needsBaseline && session.exchange == nil && session.link?.transactionStatus != .failed
        }
        if isDue { try await applyBaselineSettings(operation) }
    }
}
