public import PoolCore

/// One of the results of a statement: a `CALL` may have several.
public struct MySQLResultSet: Sendable {
    /// Empty, and without columns, for a result that has none.
    public let rows: Rows
    /// The rows inserted, updated or deleted, and those that an `INSERT`, `REPLACE` or `DELETE … RETURNING` has
    /// returned; 0 for any other result with rows. An `UPDATE` counts the rows that it found, also those that it left
    /// as they were; `REPLACE` and `ON DUPLICATE KEY UPDATE` count a row that they changed twice.
    /// https://mariadb.com/kb/en/insertreturning/
    public let affectedRows: Int
    /// What the server tells as the statement's key: the one generated for the first row that was inserted, or what
    /// `LAST_INSERT_ID(…)` has set in it. Nil if there is none. https://mariadb.com/kb/en/last_insert_id/
    public let lastInsertedID: UInt64?
    /// How many there are to read with ``PoolCore/SQLSession/warnings()``.
    public let warningCount: Int
    /// True if the only row has the values of the procedure's `OUT` and `INOUT` parameters whose arguments were bind
    /// values.
    public let areOutParameters: Bool

    /// The key of the only row that was inserted; nil where there is none, or it is not known.
    let keyOfOnlyRow: Int64?

    var columnCount: Int { rows.columns.count }
}

extension MySQLResultSet {
    /// A result that has rows, of which there were `count`, whether they are kept or not.
    init(
        _ rows: consuming Rows, count: Int, of link: Link, _ traits: StatementTraits, areOutParameters: Bool
    ) {
        self.rows = rows
        affectedRows = traits.contains(.returnsWritten) ? count : 0
        lastInsertedID = nil
        keyOfOnlyRow = nil
        warningCount = link.warningCount
        self.areOutParameters = areOutParameters
    }

    /// A result that has none.
    init(of link: Link, _ traits: StatementTraits, areOutParameters: Bool) {
        rows = Rows(columns: Columns(names: []), values: [])
        affectedRows = link.affectedRows
        let id = link.lastInsertedID
        lastInsertedID = id == 0 ? nil : id
        // With several rows it is the first one's.
        keyOfOnlyRow = traits.contains(.tellsKey) && affectedRows == 1 && id != 0 ? Int64(exactly: id) : nil
        warningCount = link.warningCount
        self.areOutParameters = areOutParameters
    }
}

extension MySQLResultSet {
    /// The same with the times of a wall clock in the place of moments.
    var withoutMoments: MySQLResultSet {
        let values = rows.flatMap { Array($0.values) }.map { value -> SQLValue in
            guard case .zonedTimestamp(let moment) = value else { return value }
            return .timestamp(SQLTimestamp(inUTC: moment))
        }
        return MySQLResultSet(
            rows: Rows(columns: rows.columns, values: values), affectedRows: affectedRows,
            lastInsertedID: lastInsertedID, warningCount: warningCount, areOutParameters: areOutParameters,
            keyOfOnlyRow: keyOfOnlyRow)
    }
}

/// What the server remarked about a statement that it has run.
public struct MySQLWarning: Sendable, Hashable, CustomStringConvertible {
    /// `Note`, `Warning` or `Error`.
    public let level: String
    public let code: MySQLError.Code
    public let message: String

    public var description: String { "\(level) \(code): \(message)" }
}
