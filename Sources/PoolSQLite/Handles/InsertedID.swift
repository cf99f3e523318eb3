internal import CSQLite

/// Tells whether a statement has inserted a row that has a rowid.
///
/// SQLite knows the latest such row of the connection's whole life, and nothing of the statement that it came from:
/// after an UPSERT that only updated it is the row of an earlier INSERT. So its number is replaced before a statement,
/// and a statement that inserts none leaves the replacement. What triggers insert does not count: SQLite forgets it
/// itself.
/// https://www.sqlite.org/c3ref/last_insert_rowid.html
final class InsertedID {
    /// What is there if the statement has inserted nothing. Nobody has such a row: SQLite counts up from 1, and this is
    /// in the middle of the numbers below zero.
    private static let none: Int64 = -0x4C61_7374_4944_2121
    /// The number that was replaced.
    private var previous: Int64 = 0

    /// Runs `body`, and returns the row that it inserted last, if it inserted any.
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

    /// What SQL's `last_insert_rowid()` is for the statement that runs now.
    fileprivate func current(_ context: OpaquePointer?) -> Int64 {
        let latest = unsafe sqlite3_last_insert_rowid(sqlite3_context_db_handle(context))
        return latest == Self.none ? previous : latest
    }
}

extension Database {
    /// Puts a function in the place of SQL's `last_insert_rowid()` that does not see what ``InsertedID`` does.
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
