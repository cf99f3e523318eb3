internal import CSQLite

/// An error of the file that a backup is written to, or of the copying itself, which does not concern the connection.
struct BackupFailure: Error {
    let cause: SQLiteError
}

/// Owns one `sqlite3_backup *` and the database that it writes to. Used only on its source's thread.
@safe
final class BackupHandle {
    private var pointer: OpaquePointer?
    private let destination: Database
    private let path: String

    /// Begins to copy `source` over the contents of `destination`, the file at `path`.
    init(from source: Database, to destination: Database, path: String) throws {
        self.destination = destination
        self.path = path
        unsafe pointer = unsafe sqlite3_backup_init(destination.pointer, "main", source.pointer, "main")
        if unsafe pointer == nil {
            throw unsafe failure(sqlite3_extended_errcode(destination.pointer))
        }
    }

    deinit {
        // Undoes an unfinished copy. After `finish` this has no effect: SQLite accepts nil.
        unsafe sqlite3_backup_finish(pointer)
        destination.close()
    }

    /// Copies up to `pages` more pages. True at the end.
    func step(pages: Int) throws -> Bool {
        let result = unsafe sqlite3_backup_step(pointer, Int32(clamping: pages))
        switch result {
        case SQLITE_DONE: return true
        case SQLITE_OK: return false
        default: throw failure(result)
        }
    }

    var totalPages: Int { unsafe Int(sqlite3_backup_pagecount(pointer)) }
    var remainingPages: Int { unsafe Int(sqlite3_backup_remaining(pointer)) }

    /// Makes a complete copy durable, and frees the handle.
    func finish() throws {
        let finishing = unsafe pointer
        unsafe pointer = nil
        let result = unsafe sqlite3_backup_finish(finishing)
        if result != SQLITE_OK { throw failure(result) }
        destination.close()
    }

    private func failure(_ result: Int32) -> BackupFailure {
        let error = unsafe Database.error(result, of: destination.pointer)
        return BackupFailure(
            cause: SQLiteError(error.code, "The backup to \"\(path)\" failed: \(error.message)", remedy: error.remedy))
    }
}
