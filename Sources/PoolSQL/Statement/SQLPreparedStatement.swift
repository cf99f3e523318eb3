/// A statement that the database has checked, to be run with values that change.
///
/// A prepared statement is a value and belongs to no connection. A connection that does not know it yet prepares it
/// when it is first run there, and keeps it in its statement cache.
///
/// ```swift
/// let byTeam = try await connection.prepare("SELECT name FROM users WHERE team = \(.parameter)")
/// let names = try await connection.query(byTeam, "blue").decode(String.self)
/// ```
public struct SQLPreparedStatement: Sendable, Hashable {
    /// The statement as it was given to ``SQLSession/prepare(_:)``.
    public let sql: SQL
    /// The names of the columns that the statement returns.
    public let columnNames: [String]
    /// The number of values that the statement takes with each call.
    public let parameterCount: Int

    init(sql: SQL, description: SQLStatementDescription) throws {
        guard sql.binds.isEmpty || sql.binds.count == description.parameterCount else {
            throw SQLStatementError.mixedPlaceholders(
                interpolated: sql.binds.count, total: description.parameterCount)
        }
        self.sql = sql
        columnNames = description.columnNames
        parameterCount = sql.binds.isEmpty ? description.parameterCount : sql.marks.openParameterCount
    }

    /// The statement with `values` for its parameters, in order.
    ///
    /// - Throws: ``SQLStatementError`` with ``SQLStatementError/Code/bindCount`` if there are too few or too many
    ///   values.
    public func binding<each Value: SQLEncodable>(_ values: repeat each Value) throws -> SQL {
        var binds: [SQLValue] = []
        binds.reserveCapacity(parameterCount)
        repeat binds.append((each values).sqlValue)
        guard binds.count == parameterCount else {
            throw SQLStatementError.bindCount(expected: parameterCount, given: binds.count)
        }
        return sql.replacingBinds(try sql.filled(with: binds))
    }
}
