/// A statement in the middle of its rows.
final class OpenCursor {
    let statement: Statement
    /// True if the statement is on a row that was not read yet.
    var hasRow: Bool
    /// The size of the latest rows, to reserve memory for the next.
    var expectedSize = 0

    /// Reserves `statement` until the cursor is freed.
    init(_ statement: Statement, hasRow: Bool) {
        self.statement = statement
        self.hasRow = hasRow
        statement.isInUse = true
    }

    /// Ends the statement. One that writes has written everything by its first row, and commits now.
    func close() throws {
        try statement.stop()
    }

    deinit {
        // After `close` this has no effect.
        statement.finish()
        statement.isInUse = false
    }
}
