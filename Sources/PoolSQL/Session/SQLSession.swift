@_spi(Driver) public import PoolCore

/// The common part of a lease and a transaction: statements can be run on it, one at a time.
///
/// Code for any database takes one as `inout`:
///
/// ```swift
/// func rename(_ id: Int, to name: String, in session: inout some SQLSession & ~Copyable) async throws {
///     try await session.execute("UPDATE users SET name = \(name) WHERE id = \(id)")
/// }
/// ```
///
/// Errors of the database reach the caller as the driver's own type. After an error, the statement has ended and the
/// connection is ready for the next. When the task is cancelled, the statement is cancelled in the database too.
public protocol SQLSession: ~Copyable, Sendable {
    /// The driver of the session's connection.
    associatedtype Driver: SQLDriver
    /// The connection, for the functions of the protocol's extensions; opaque to applications.
    var handle: ConnectionHandle<Driver> { get }
}

extension Lease: SQLSession where Driver: SQLDriver {}

extension SQLSession where Self: ~Copyable {
    /// Runs a statement and returns all its rows.
    ///
    /// The rows are held in memory; for results that may be large there is ``stream(_:batchSize:_:)``. Only
    /// ``execute(_:)`` tells how many rows the statement has changed.
    @inlinable
    public mutating func query(_ sql: SQL) async throws -> SQLRows {
        try await handle.base.query(sql)
    }

    /// Runs a prepared statement with these values, and returns all its rows.
    ///
    /// - Throws: ``SQLStatementError`` if there are too few or too many values.
    public mutating func query<each Value: SQLEncodable>(
        _ statement: SQLPreparedStatement, _ values: repeat each Value
    ) async throws -> SQLRows {
        let sql = try statement.binding(repeat each values)
        return try await handle.connection.query(sql)
    }

    /// Runs a statement for its effect, and tells how many rows it has changed. Rows that it returns are dropped:
    /// ``query(_:)`` returns them.
    @inlinable
    @discardableResult
    public mutating func execute(_ sql: SQL) async throws -> SQLStatementResult {
        try await handle.base.execute(sql)
    }

    /// Runs a prepared statement with these values for its effect.
    ///
    /// - Throws: ``SQLStatementError`` if there are too few or too many values.
    @discardableResult
    public mutating func execute<each Value: SQLEncodable>(
        _ statement: SQLPreparedStatement, _ values: repeat each Value
    ) async throws -> SQLStatementResult {
        let sql = try statement.binding(repeat each values)
        return try await handle.connection.execute(sql)
    }

    /// Runs a statement once for each tuple of values, which fill its `\(.parameter)`s in order.
    ///
    /// ```swift
    /// try await connection.executeBatch(
    ///     "INSERT INTO users(id, name) VALUES (\(.parameter), \(.parameter))", [(1, "Ada"), (2, "Grace")])
    /// ```
    ///
    /// The batch stops at the first failure. Changes made before stay, unless a transaction around it is rolled back.
    ///
    /// - Returns: one result for each tuple.
    /// - Throws: ``SQLStatementError``, before anything runs, if the tuples have too few or too many values.
    @discardableResult
    public mutating func executeBatch<each Value: SQLEncodable>(
        _ sql: SQL, _ tuples: [(repeat each Value)]
    ) async throws -> [SQLStatementResult] {
        let bindSets = tuples.map { tuple in
            var values: [SQLValue] = []
            repeat values.append((each tuple).sqlValue)
            return values
        }
        return try await executeBatch(sql, bindSets: bindSets)
    }

    /// Runs a statement once for each set of values, for statements whose number of values is known only when the
    /// program runs. Otherwise works like the form that takes tuples.
    ///
    /// - Throws: ``SQLStatementError``, before anything runs, if a set has too few or too many values.
    @discardableResult
    public mutating func executeBatch(_ sql: SQL, bindSets: [[SQLValue]]) async throws -> [SQLStatementResult] {
        let filled = try bindSets.map { try sql.filled(with: $0) }
        guard let count = filled.first?.count else { return [] }
        // If the placeholders were written by hand, only the database knows how many there are.
        if let other = filled.first(where: { $0.count != count }) {
            throw SQLStatementError.bindCount(expected: count, given: other.count)
        }
        // All of them before the first is sent: a batch of which a part has run is hard to mend.
        for values in filled { try values.checkValid() }
        return try await handle.connection.executeBatch(sql.withClosedParameters, filled)
    }

    /// Runs statements that are separated by semicolons, as in a migration. The script stops at the first failure.
    ///
    /// The script is passed on as it is. Never build it from input that you do not trust.
    public mutating func executeScript(_ script: String) async throws {
        if script.utf8.contains(0) { throw SQLStatementError.zeroByte }
        try await handle.connection.executeScript(script)
    }

    /// Lets the database check a statement, so that its errors show now, and returns it for use on any connection.
    ///
    /// - Throws: the driver's error, or ``SQLStatementError`` if placeholders were written by hand beside interpolated
    ///   values.
    public mutating func prepare(_ sql: SQL) async throws -> SQLPreparedStatement {
        let description = try await handle.connection.prepare(sql.withClosedParameters)
        return try SQLPreparedStatement(sql: sql, description: description)
    }

    /// Runs a statement and hands its rows to `body` as they arrive, so that memory does not grow with the result.
    ///
    /// ```swift
    /// let total = try await connection.stream("SELECT amount FROM payments") { rows in
    ///     var total = 0
    ///     while let row = try await rows.next() { total += try row[0, as: Int.self] }
    ///     return total
    /// }
    /// ```
    ///
    /// The session cannot be used while the body runs. The statement has ended when this function returns or throws,
    /// wherever the body stopped reading. Its changes stay, also if the body throws, unless the transaction around it
    /// is rolled back.
    ///
    /// - Parameter batchSize: the number of rows to fetch at a time, from 1 to 1,000,000. The default is 256.
    /// - Throws: the error of `body`; or the driver's error, if the statement fails at its end, after `body` has
    ///   returned. A statement that writes can fail so although the body has read its rows; then none of its changes
    ///   stay.
    @discardableResult
    public mutating func stream<Result>(
        _ sql: SQL, batchSize: Int = 256, _ body: (inout SQLRowStream<Driver>) async throws -> Result
    ) async throws -> Result {
        guard 1...1_000_000 ~= batchSize else { throw SQLStatementError.batchSize(batchSize) }
        let cursor = try await handle.connection.open(sql)
        var rows = SQLRowStream<Driver>(cursor: cursor, batchSize: batchSize)
        let result: Result
        do {
            result = try await body(&rows)
        } catch {
            rows.requireStillOf(cursor)
            // The first error says more.
            try? await cursor.close()
            throw error
        }
        rows.requireStillOf(cursor)
        try await cursor.close()
        return result
    }
}
