internal import CSQLite

/// Detects whether a statement has inserted a row that has a rowid.
///
/// SQLite remembers the latest such row of the connection's whole life, without the statement that inserted it: after
/// an UPSERT that only updated, it is a row of an earlier INSERT. So the number is replaced before a statement, and a
/// statement that inserts no row leaves the replacement. Rows that triggers insert do not count: SQLite itself drops
/// them. https://www.sqlite.org/c3ref/last_insert_rowid.html
final class InsertedID {
    /// The replacement, which stays if the statement has inserted nothing. No real row has it: SQLite counts up from
    /// 1, and this is in the middle of the negative numbers.
    private static let none: Int64 = -0x4C61_7374_4944_2121
    /// The number that was replaced.
    private var previous: Int64 = 0

    /// Runs `body`, and returns the rowid of the row that it inserted last; nil if it inserted none.
    func observe(_ database: borrowing Database, _ body: () throws -> Void) rethrows -> Int64? {
        let pointer = unsafe database.pointer
        previous = unsafe sqlite3_last_insert_rowid(pointer)
        unsafe sqlite3_set_last_insert_rowid(pointer, Self.none)
        defer {
            if unsafe sqlite3_last_insert_rowid(pointer) == Self.none {
                unsafe sqlite3_set_last_insert_rowid(pointer, previous)
            }
        }
        try body()
        let latest = unsafe sqlite3_last_insert_rowid(pointer)
        return latest == Self.none ? nil : latest
    }

    /// The value of SQL's `last_insert_rowid()` for the running statement.
    fileprivate func current(_ context: OpaquePointer?) -> Int64 {
        let latest = unsafe sqlite3_last_insert_rowid(sqlite3_context_db_handle(context))
        return latest == Self.none ? previous : latest
    }
}

extension Database {
    /// Replaces SQL's `last_insert_rowid()` by a function that hides ``InsertedID``'s replacement.
    func installInsertedID(on pointer: OpaquePointer) throws {
        // The function borrows an object that this `Database` holds for longer than the handle lives.
        let result = unsafe sqlite3_create_function_v2(
            pointer, "last_insert_rowid", 0, SQLITE_UTF8 | SQLITE_INNOCUOUS,
            Unmanaged.passUnretained(insertedID).toOpaque(),
            { context, _, _ in
                guard let object = unsafe sqlite3_user_data(context) else { return }
                let insertedID = unsafe Unmanaged<InsertedID>.fromOpaque(object).takeUnretainedValue()
                unsafe sqlite3_result_int64(context, insertedID.current(context))
            }, nil, nil, nil)
        if result != SQLITE_OK { throw unsafe Self.error(result, of: pointer) }
    }
}
