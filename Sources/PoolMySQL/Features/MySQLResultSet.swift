@_spi(Driver) public import PoolSQL

/// One of the results of a statement; a `CALL` may have several.
public struct MySQLResultSet: Sendable {
    /// The rows; empty, and without columns, for a result that has none.
    public let rows: SQLRows
    /// The number of rows that the statement inserted, updated or deleted, or that an `INSERT`, `REPLACE` or `DELETE
    /// … RETURNING` returned; 0 for any other result with rows. An `UPDATE` counts the rows that it matched, also
    /// unchanged ones; `REPLACE` and `ON DUPLICATE KEY UPDATE` count a row that they changed twice.
    /// https://mariadb.com/kb/en/insertreturning/
    public let affectedRows: Int
    /// The key that the server reports: the one generated for the first inserted row, or the one that
    /// `LAST_INSERT_ID(…)` set in the statement. Nil if there is none. https://mariadb.com/kb/en/last_insert_id/
    public let lastInsertedID: UInt64?
    /// The number of warnings, which ``PoolCore/SQLSession/warnings()`` reads.
    public let warningCount: Int
    /// True if the only row holds the values of the procedure's `OUT` and `INOUT` parameters whose arguments were
    /// bind values.
    public let areOutParameters: Bool

    /// The key of the only inserted row; nil if there is none, or it is unknown.
    let keyOfOnlyRow: Int64?

    var columnCount: Int { rows.columns.count }
}

extension MySQLResultSet {
    /// Makes a result with rows, of which there were `count`, whether they are kept or not.
    init(
        _ rows: consuming SQLRows, count: Int, of link: Link, _ traits: StatementTraits, areOutParameters: Bool
    ) {
        self.rows = rows
        affectedRows = traits.contains(.returnsWritten) ? count : 0
        lastInsertedID = nil
        keyOfOnlyRow = nil
        warningCount = link.warningCount
        self.areOutParameters = areOutParameters
    }

    /// Makes a result without rows.
    init(of link: Link, _ traits: StatementTraits, areOutParameters: Bool) {
        rows = SQLRows(columns: SQLColumns(names: []), values: [])
        affectedRows = link.affectedRows
        let id = link.lastInsertedID
        lastInsertedID = id == 0 ? nil : id
        // With several rows the reported key is the first row's.
        keyOfOnlyRow = traits.contains(.tellsKey) && affectedRows == 1 && id != 0 ? Int64(exactly: id) : nil
        warningCount = link.warningCount
        self.areOutParameters = areOutParameters
    }
}

extension MySQLResultSet {
    /// A copy of the result with wall-clock times in place of moments.
    var withoutMoments: MySQLResultSet {
        var times = SQLRowsBuilder()
        for value in rows.lazy.flatMap({ Array($0.values) }) {
            let time =
                if case .zonedTimestamp(let moment) = value { SQLTimestamp(inUTC: moment).sqlValue } else { value }
            times.append(time, in: .other)
        }
        return MySQLResultSet(
            rows: times.take(rows.columns), affectedRows: affectedRows,
            lastInsertedID: lastInsertedID, warningCount: warningCount, areOutParameters: areOutParameters,
            keyOfOnlyRow: keyOfOnlyRow)
    }
}

/// A remark of the server about a statement that it has run.
public struct MySQLWarning: Sendable, Hashable, CustomStringConvertible {
    /// The level: `Note`, `Warning` or `Error`.
    public let level: String
    /// The number of the warning.
    public let code: MySQLError.Code
    /// The text of the warning, in the server's language.
    public let message: String

    public var description: String { "\(level) \(code): \(message)" }
}
