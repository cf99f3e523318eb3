internal import CSQLite

/// Owns one `sqlite3_blob *`. Used only on its `Database`'s thread.
@safe
final class BlobHandle {
    private var pointer: OpaquePointer?
    /// The size in bytes, fixed while the blob is open.
    private(set) var size: Int

    init(
        _ database: Database, schema: String, table: String, column: String, row: Int64, isWritable: Bool
    ) throws {
        var opened: OpaquePointer?
        let result = unsafe sqlite3_blob_open(database.pointer, schema, table, column, row, isWritable ? 1 : 0, &opened)
        guard result == SQLITE_OK, let opened = unsafe opened else {
            throw unsafe Database.error(result, of: database.pointer)
        }
        unsafe pointer = opened
        size = unsafe Int(sqlite3_blob_bytes(opened))
    }

    deinit {
        // After `close` this has no effect: SQLite accepts nil.
        unsafe sqlite3_blob_close(pointer)
    }

    func read(at offset: Int, count: Int, of database: Database) throws -> [UInt8] {
        try check(offset: offset, count: count)
        return try unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            if count == 0 { return }
            let result = unsafe sqlite3_blob_read(pointer, buffer.baseAddress, Int32(count), Int32(offset))
            if result != SQLITE_OK { throw failure(result, database) }
            initialized = count
        }
    }

    func write(_ bytes: [UInt8], at offset: Int, of database: Database) throws {
        try check(offset: offset, count: bytes.count)
        if bytes.isEmpty { return }
        let result = unsafe bytes.withUnsafeBytes {
            unsafe sqlite3_blob_write(pointer, $0.baseAddress, Int32($0.count), Int32(offset))
        }
        if result != SQLITE_OK { throw failure(result, database) }
    }

    /// Frees the handle. Outside a transaction this commits the writes, and can fail.
    func close(_ database: Database) throws {
        let closing = unsafe pointer
        unsafe pointer = nil
        let result = unsafe sqlite3_blob_close(closing)
        if result != SQLITE_OK { throw unsafe Database.error(result, of: database.pointer) }
    }

    private func check(offset: Int, count: Int) throws {
        if offset < 0 || count < 0 || count > size || offset > size - count {
            throw SQLiteError(
                .range, "The blob has \(size) bytes, but \(count) bytes at offset \(offset) were asked for",
                remedy: "A blob cannot grow while it is open: make room with zeroblob() in an UPDATE first")
        }
    }

    private func failure(_ result: Int32, _ database: Database) -> SQLiteError {
        if result == SQLITE_ABORT {
            return SQLiteError(
                .abort, "The row was changed or deleted while its blob was open", remedy: "Open the blob again")
        }
        return unsafe Database.error(result, of: database.pointer)
    }
}
