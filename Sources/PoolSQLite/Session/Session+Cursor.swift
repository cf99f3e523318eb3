@_spi(Driver) internal import PoolSQL

/// The part of a cursor that its owner knows.
struct OpenedCursor: Sendable {
    let number: UInt64
    let columns: SQLColumns
    let isReadOnly: Bool
}

extension Session {
    mutating func openCursor(_ text: String, _ binds: [SQLValue]) throws -> OpenedCursor {
        let statement = try statementToRun(text)
        let hasRow: Bool
        do {
            try statement.bind(binds, configuration.timestampText)
            // The first step determines the columns, and reports errors when the statement is opened.
            hasRow = try statement.firstStep()
        } catch {
            statement.finish()
            throw error
        }
        let number = nextNumber()
        cursors[number] = OpenCursor(statement, hasRow: hasRow)
        return OpenedCursor(number: number, columns: statement.columns, isReadOnly: statement.isReadOnly)
    }

    /// Fetches up to `maximumRows` rows; nil at the end.
    mutating func fetch(_ number: UInt64, maximumRows: Int) throws -> SQLRows? {
        try requireTransactionAlive()
        guard let cursor = cursors[number] else {
            throw SQLiteError(.misuse, "The cursor is closed: its transaction or its lease has ended, or it was closed")
        }
        let statement = cursor.statement
        if !cursor.hasRow {
            cursors[number] = nil
            return nil
        }
        var rows = SQLRowsBuilder(expectedSize: cursor.expectedSize)
        var count = 0
        do {
            while cursor.hasRow, count < max(1, maximumRows) {
                statement.readRow(into: &rows)
                count += 1
                cursor.hasRow = try statement.step()
            }
            try checkSignal()
        } catch {
            cursors[number] = nil
            throw error
        }
        cursor.expectedSize = rows.size
        return rows.take(statement.columns)
    }

    /// Ends a cursor's statement. Throws if that fails, and if a statement that writes was ended by something else: a
    /// rollback, or the close of the connection.
    ///
    /// - Parameter mayHaveEnded: True if the caller knows that the statement has failed, or may have.
    mutating func closeCursor(_ opened: OpenedCursor, mayHaveEnded: Bool) throws {
        guard let cursor = cursors.removeValue(forKey: opened.number) else {
            if opened.isReadOnly || mayHaveEnded { return }
            throw SQLiteError(
                .abort, "The statement was ended before its cursor was closed, and what it wrote may be lost")
        }
        try cursor.close()
    }
}
