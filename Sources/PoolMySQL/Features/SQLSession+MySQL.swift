@_spi(Driver) public import PoolCore

extension SQLSession where Self: ~Copyable, Driver == MySQLDriver {
    /// Runs one statement and returns all its results: those of the statements in a procedure, and its out parameters.
    ///
    /// ```swift
    /// let results = try await connection.queryAll("CALL transfer(\(1), \(2), \(nil as Int?))")
    /// let balance = try results.first { $0.areOutParameters }?.rows.decode(Int.self)
    /// ```
    ///
    /// In a transaction it must not `COMMIT`: the server does so without a word, and each statement after it is
    /// refused.
    ///
    /// - Throws: ``MySQLError`` of the first statement that failed, or `CancellationError`.
    public mutating func queryAll(_ sql: SQL) async throws -> [MySQLResultSet] {
        try await handle.connection.queryAll(sql)
    }

    /// What the server remarked about the latest statement that this session has run. After one that failed in a
    /// transaction, or that may have changed the session before it failed, there is nothing: the driver has asked for
    /// the state since. https://mariadb.com/kb/en/show-warnings/
    ///
    /// - Throws: ``MySQLError``, or `CancellationError`.
    public mutating func warnings() async throws -> [MySQLWarning] {
        try await handle.connection.warnings()
    }
}

extension Lease where Driver == MySQLDriver {
    /// Logs in again as another user, for the rest of the lease. Nothing of the session before is left, and nothing of
    /// this one is left to the next lease: the reset at its end logs the configuration's user in again.
    ///
    /// The ``MySQLConfiguration/initCommands`` run again, as that user. A role that the lease was acquired for is not
    /// taken on: it is the pool's user's. Temporary tables are dropped, also where they are kept otherwise.
    ///
    /// - Parameter database: Nil is the configuration's.
    /// - Throws: ``MySQLError``, also if a transaction is open. The server ends the connection if it refuses the user.
    public mutating func changeUser(_ user: String, password: String, database: String? = nil) async throws {
        try await handle.connection.changeUser(Login(user: user, password: password, database: database))
    }
}
