extension Pool where Driver: SQLDriver {
    /// Acquires a connection, runs one statement, and returns all its rows.
    ///
    /// - Parameter options: How the connection is acquired: `.readOnly` sends the statement to a reader, where the
    ///   driver has such. The default takes a connection that reads and writes.
    /// - Throws: ``PoolError`` if no connection can be had, or the driver's error.
    @inlinable
    public func query(
        _ sql: SQL, _ options: AcquireOptions = AcquireOptions(), fileID: StaticString = #fileID, line: UInt = #line
    ) async throws -> Rows {
        try await withConnection(options, fileID: fileID, line: line) { connection in
            try await connection.query(sql)
        }
    }

    /// Acquires a connection and runs one statement for what it does.
    ///
    /// - Throws: ``PoolError`` if no connection can be had, or the driver's error.
    @inlinable
    @discardableResult
    public func execute(
        _ sql: SQL, _ options: AcquireOptions = AcquireOptions(), fileID: StaticString = #fileID, line: UInt = #line
    ) async throws -> StatementResult {
        try await withConnection(options, fileID: fileID, line: line) { connection in
            try await connection.execute(sql)
        }
    }

    /// Acquires a connection and runs `body` in a transaction on it, which is committed when `body` returns, and
    /// rolled back when it throws. See ``Lease/transaction(_:_:)``.
    ///
    /// - Parameters:
    ///   - options: Isolation, access and retries. An access that is given here decides over that of `acquire`: a
    ///     transaction that only reads takes a connection that only reads.
    ///   - acquire: How the connection is acquired.
    /// - Throws: What `body` throws, ``PoolError`` if no connection can be had, or the driver's error.
    @discardableResult
    public func withTransaction<Result>(
        _ options: TransactionOptions = TransactionOptions(), acquire: AcquireOptions = AcquireOptions(),
        fileID: StaticString = #fileID, line: UInt = #line,
        _ body: (inout Transaction<Driver>) async throws -> Result
    ) async throws -> Result {
        var acquire = acquire
        if let access = options.access { acquire.access = access }
        return try await withConnection(acquire, fileID: fileID, line: line) { connection in
            try await connection.transaction(options, body)
        }
    }
}
