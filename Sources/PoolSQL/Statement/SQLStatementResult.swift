/// The effect of a statement whose rows are not collected.
public struct SQLStatementResult: Sendable, Hashable {
    /// The rows inserted, updated or deleted; 0 for statements of other kinds.
    public let affectedRows: Int
    /// The key of the row that this statement inserted last, if the database reports one. Nil if it inserted none or
    /// the key is not known: MariaDB and MySQL report the key of the first row only, and nothing certain with `ON
    /// DUPLICATE KEY UPDATE`.
    public let lastInsertedID: Int64?

    /// Reports the effect of a statement. By default no key is known.
    public init(affectedRows: Int, lastInsertedID: Int64? = nil) {
        self.affectedRows = affectedRows
        self.lastInsertedID = lastInsertedID
    }
}
