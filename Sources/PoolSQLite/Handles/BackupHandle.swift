internal import CSQLite

/// Owns one `sqlite3_backup *`, and with it the database that it writes to. Used only where its source is.
@safe
final class BackupHandle {
    private var pointer: OpaquePointer?
    private let destination: Database

    /// Copies `source` over what `destination` holds.
    init(from source: Database, to destination: Database) throws {
        self.destination = destination
        unsafe pointer = unsafe sqlite3_backup_init(destination.pointer, "main", source.pointer, "main")
        if unsafe pointer == nil {
            throw unsafe Database.error(sqlite3_extended_errcode(destination.pointer), of: destination.pointer)
        }
    }

    deinit {
        // Undoes an unfinished copy. After `finish` this does nothing: SQLite takes nil.
        unsafe sqlite3_backup_finish(pointer)
        destination.close()
    }

    /// Copies up to `pages` more pages; true at the end.
    func step(pages: Int) throws -> Bool {
        let result = unsafe sqlite3_backup_step(pointer, Int32(clamping: pages))
        switch result {
        case SQLITE_DONE: return true
        case SQLITE_OK: return false
        default: throw unsafe Database.error(result, of: destination.pointer)
        }
    }

    var totalPages: Int { unsafe Int(sqlite3_backup_pagecount(pointer)) }
    var remainingPages: Int { unsafe Int(sqlite3_backup_remaining(pointer)) }

    /// Makes a complete copy durable, and frees the handle.
    func finish() throws {
        let finishing = unsafe pointer
        unsafe pointer = nil
        let result = unsafe sqlite3_backup_finish(finishing)
        if result != SQLITE_OK { throw unsafe Database.error(result, of: destination.pointer) }
        destination.close()
    }
}
