/// The columns of a result, shared by all its rows.
public final class Columns: Sendable {
    public let names: [String]
    public init(names: [String]) { self.names = names }
}

/// The rows of a result.
public struct Rows: Sendable {
    public let columns: Columns
    let values: [SQLValue]

    /// `values` holds the rows one after the other, `columns.names.count` values each.
    public init(columns: Columns, values: [SQLValue]) {
        self.columns = columns
        self.values = values
    }
}
