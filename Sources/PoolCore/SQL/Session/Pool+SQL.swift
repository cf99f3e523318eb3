extension Pool where Driver: SQLDriver {
    /// Acquires a connection, runs one statement, and returns all its rows.
    ///
    /// How many rows a statement has changed it does not tell: that is ``execute(_:_:fileID:line:)``'s. To read a
    /// result in parts there is ``SQLSession/stream(_:batchSize:_:)``, within ``withConnection(_:fileID:line:_:)``. A
    /// statement whose text is a variable is ``SQL/init(raw:binds:)``.
    ///
    /// Each call may run on another connection. A statement that opens a transaction is therefore refused: it is rolled
    /// back, by what the server says of it and not by its text.
    ///
    /// - Parameter options: How the connection is acquired: `.readOnly` sends the statement to a reader, where the
    ///   driver has such. The default takes a connection that reads and writes. Its time-out ends the wait for a
    ///   connection, not the statement.
    /// - Throws: ``PoolError`` if no connection can be had, or with ``PoolError/Code/transactionLeftOpen``; or the
    ///   driver's error.
    @inlinable
    public func query(
        _ sql: SQL, _ options: AcquireOptions = AcquireOptions(), fileID: StaticString = #fileID, line: UInt = #line
    ) async throws -> Rows {
        try await withConnectionForStatement(options, fileID, line) { connection in
            let rows = try await connection.query(sql)
            if connection.mayHaveTransaction { try await connection.refuseTransaction() }
            return rows
        }
    }

    /// Acquires a connection and runs one statement for what it does: the result tells how many rows it has changed.
    /// Rows that it returns are dropped: ``query(_:_:fileID:line:)`` returns them.
    ///
    /// A statement that opens a transaction is refused, as by ``query(_:_:fileID:line:)``.
    ///
    /// - Throws: ``PoolError`` if no connection can be had, or with ``PoolError/Code/transactionLeftOpen``; or the
    ///   driver's error.
    @inlinable
    @discardableResult
    public func execute(
        _ sql: SQL, _ options: AcquireOptions = AcquireOptions(), fileID: StaticString = #fileID, line: UInt = #line
    ) async throws -> StatementResult {
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

extension Lease where Driver: SQLDriver {
    /// False at once where nothing is left of the statement.
    @inlinable
    var mayHaveTransaction: Bool { handle.base.condition == .dirty }

    @usableFromInline
    func refuseTransaction() async throws {
        guard handle.base.isTransactionOpen else { return }
        try await handle.base.transaction(.rollback)
        throw pool.refusal(.transactionLeftOpen, lane: nil, pool.claim(of: ticket))
    }
}
