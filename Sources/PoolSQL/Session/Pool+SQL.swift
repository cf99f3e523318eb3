extension Pool where Driver: SQLDriver {
    /// Acquires a connection, runs one statement, and returns all its rows.
    ///
    /// The result does not tell how many rows a statement has changed: use ``execute(_:_:fileID:line:)`` for that. To
    /// read a result in parts there is ``SQLSession/stream(_:batchSize:_:)``, within
    /// ``withConnection(_:fileID:line:_:)``. For a statement whose text is a variable use ``SQL/init(raw:binds:)``.
    ///
    /// Each call may run on another connection. A statement that opens a transaction is therefore refused, by the state
    /// that the server reports and not by its text: the transaction is rolled back.
    ///
    /// - Parameter options: the options of the acquire: `.readOnly` sends the statement to a reader, if the driver has
    ///   one. The default takes a connection that reads and writes. The timeout ends the wait for a connection, not the
    ///   statement.
    /// - Throws: ``PoolError`` if no connection can be had, or with ``PoolError/Code/transactionLeftOpen``; or the
    ///   driver's error.
    @inlinable
    public func query(
        _ sql: SQL, _ options: AcquireOptions = AcquireOptions(), fileID: StaticString = #fileID, line: UInt = #line
    ) async throws -> SQLRows {
        try await withConnectionForStatement(options, fileID, line) { connection in
            let rows = try await connection.query(sql)
            if connection.mayHaveTransaction { try await connection.refuseTransaction() }
            return rows
        }
    }

    /// Acquires a connection and runs one statement for its effect: the result tells how many rows it has changed. Rows
    /// that it returns are dropped: ``query(_:_:fileID:line:)`` returns them.
    ///
    /// A statement that opens a transaction is refused, as by ``query(_:_:fileID:line:)``.
    ///
    /// - Throws: ``PoolError`` if no connection can be had, or with ``PoolError/Code/transactionLeftOpen``; or the
    ///   driver's error.
    @inlinable
    @discardableResult
    public func execute(
        _ sql: SQL, _ options: AcquireOptions = AcquireOptions(), fileID: StaticString = #fileID, line: UInt = #line
    ) async throws -> SQLStatementResult {
        try await withConnectionForStatement(options, fileID, line) { connection in
            let result = try await connection.execute(sql)
            if connection.mayHaveTransaction { try await connection.refuseTransaction() }
            return result
        }
    }

    @inlinable
    @inline(__always)
    func withConnectionForStatement<Result>(
        _ options: AcquireOptions, _ fileID: StaticString, _ line: UInt,
        _ body: (inout Lease<Driver>) async throws -> Result
    ) async throws -> Result {
        try await lend(options, fileID, line, executor: { $0.statementExecutor }, body)
    }

    /// Acquires a connection and runs `body` in a transaction on it, which is committed when `body` returns, and
    /// rolled back when it throws. See ``Lease/transaction(_:_:)``.
    ///
    /// - Parameters:
    ///   - options: isolation, access and retries. An access given here takes precedence over the one in `acquire`: a
    ///     transaction that only reads takes a connection that only reads.
    ///   - acquire: the options of the acquire.
    /// - Throws: the error of `body`, ``PoolError`` if no connection can be had, or the driver's error.
    @discardableResult
    public func withTransaction<Result>(
        _ options: SQLTransactionOptions = SQLTransactionOptions(), acquire: AcquireOptions = AcquireOptions(),
        fileID: StaticString = #fileID, line: UInt = #line,
        _ body: (inout SQLTransaction<Driver>) async throws -> Result
    ) async throws -> Result {
        var acquire = acquire
        if let access = options.access { acquire.access = access }
        return try await withConnection(acquire, fileID: fileID, line: line) { connection in
            try await connection.transaction(options, body)
        }
    }
}

extension Lease where Driver: SQLDriver {
    /// False, without I/O, if the statement left the session clean.
    @inlinable
    var mayHaveTransaction: Bool { handle.base.condition == .dirty }

    @usableFromInline
    func refuseTransaction() async throws {
        guard handle.base.isTransactionOpen else { return }
        try await handle.base.transaction(.rollback)
        throw transactionLeftOpen()
    }
}
