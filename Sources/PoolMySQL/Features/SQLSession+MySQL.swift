@_spi(Driver) public import PoolSQL

extension SQLSession where Self: ~Copyable, Driver == MySQLDriver {
    /// Runs one statement and returns all its results: those of the statements in a procedure, and its out parameters.
    ///
    /// ```swift
    /// let results = try await connection.queryAll("CALL transfer(\(1), \(2), \(nil as Int?))")
    /// let balance = try results.first { $0.areOutParameters }?.rows.decode(Int.self)
    /// ```
    ///
    /// Within a transaction a procedure must not `COMMIT`: the server does so silently, and the driver then refuses
    /// each further statement of the transaction.
    ///
    /// - Throws: ``MySQLError`` of the first statement that failed, or `CancellationError`.
    public mutating func queryAll(_ sql: SQL) async throws -> [MySQLResultSet] {
        try await handle.connection.queryAll(sql)
    }

    /// The server's warnings about the latest statement of this session. Empty after a statement that failed in a
    /// transaction, or that may have changed the session before it failed, because the driver has queried the
    /// session's state since. https://mariadb.com/kb/en/show-warnings/
    ///
    /// - Throws: ``MySQLError``, or `CancellationError`.
    public mutating func warnings() async throws -> [MySQLWarning] {
        try await handle.connection.warnings()
    }
}

extension Lease where Driver == MySQLDriver {
    /// Logs in again as another user, for the rest of the lease. The session starts empty, and the reset at the end
    /// of the lease logs in the configuration's user again.
    ///
    /// The ``MySQLConfiguration/initCommands`` run again as the new user. A role that the lease was acquired for is
    /// not taken on, because it belongs to the pool's user. Temporary tables are dropped, even with
    /// ``SQLTemporaryTables/kept``.
    ///
    /// - Parameter database: The database to begin in; nil means the configuration's.
    /// - Throws: ``MySQLError``, also if a transaction is open. The server ends the connection if it refuses the user.
    public mutating func changeUser(_ user: String, password: String, database: String? = nil) async throws {
        try await handle.connection.changeUser(Login(user: user, password: password, database: database))
    }
}
