internal import PoolCore

/// A statement that is in the middle of its rows.
final class OpenCursor {
    let statement: Statement
    /// True if the statement stands on a row that was not read yet.
    var hasRow: Bool

    /// Takes `statement` over until it is freed.
    init(_ statement: Statement, hasRow: Bool) {
        self.statement = statement
        self.hasRow = hasRow
        statement.isInUse = true
    }

    deinit {
        statement.finish()
        statement.isInUse = false
    }
}

extension Session {
    mutating func openCursor(_ text: String, _ binds: [SQLValue]) throws -> (number: UInt64, columns: Columns) {
        let statement = try statement(for: text)
        let hasRow: Bool
        do {
            try statement.bind(binds)
            // The first step settles the columns, and shows errors where the statement is opened.
            hasRow = try statement.firstStep()
        } catch {
            statement.finish()
            throw error
        }
        let number = nextNumber()
        cursors[number] = OpenCursor(statement, hasRow: hasRow)
        return (number, statement.columns)
    }

    /// Up to `maximumRows` rows, or nil at the end.
    mutating func fetch(_ number: UInt64, maximumRows: Int) throws -> Rows? {
        try requireTransactionAlive()
        guard let cursor = cursors[number] else {
            throw SQLiteError(.misuse, "The cursor is closed: its transaction or its lease has ended, or it was closed")
        }
        let statement = cursor.statement
        if !cursor.hasRow {
            cursors[number] = nil
            return nil
        }
        var values: [SQLValue] = []
        values.reserveCapacity(min(maximumRows, 1_024) * statement.columns.names.count)
        var count = 0
        do {
            while cursor.hasRow, count < max(1, maximumRows) {
                statement.readRow(into: &values)
                count += 1
                cursor.hasRow = try statement.step()
            }
            try checkSignal()
        } catch {
            cursors[number] = nil
            throw error
        }
        return Rows(columns: statement.columns, values: values)
    }
}
