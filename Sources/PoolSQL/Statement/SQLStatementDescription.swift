/// The parameters and columns of a prepared statement.
public struct SQLStatementDescription: Sendable, Hashable {
    /// The number of bind values that the statement takes.
    public let parameterCount: Int
    /// The names of the columns that the statement returns, in order.
    public let columnNames: [String]

    /// Describes a prepared statement.
    public init(parameterCount: Int, columnNames: [String]) {
        self.parameterCount = parameterCount
        self.columnNames = columnNames
    }
}
