internal import PoolSQL

/// A running backup, and what must be undone at its end.
struct OpenBackup {
    let handle: BackupHandle
    /// True if the backup began the transaction that holds its snapshot.
    let ownsTransaction: Bool
    let path: String
    /// True if there was no file at the path before the backup.
    let isNewFile: Bool
}

extension Session {
    // MARK: Backup

    mutating func beginBackup(to path: String) throws -> UInt64 {
        try requireTransactionAlive()
        let source = try open()
        if path.isEmpty || path == ":memory:" || path.utf8.contains(0) {
            throw SQLiteError(
                .misuse, "A backup to \"\(path)\" would be lost at its end", remedy: "Name the file that is to keep it")
        }
        if Database.isSameFile(source.path(of: "main"), path) {
            throw SQLiteError(
                .misuse, "The backup's path \"\(path)\" is the database itself", remedy: "Name another file")
        }
        let isNewFile = !Database.fileExists(path)
        // One transaction for the whole copy: a writer would otherwise make it start again and again.
        let ownsTransaction = source.isAutocommit
        if ownsTransaction {
            try source.run("BEGIN")
        }
        do {
            try source.run("SELECT 1 FROM sqlite_master LIMIT 1")
            let handle = try BackupHandle(from: source, to: openDestination(path), path: path)
            let number = nextNumber()
            backups[number] = OpenBackup(
                handle: handle, ownsTransaction: ownsTransaction, path: path, isNewFile: isNewFile)
            return number
        } catch {
            if isNewFile { Database.removeFile(path) }
            if ownsTransaction { try source.run("ROLLBACK") }
            throw error
        }
    }

    private func openDestination(_ path: String) throws -> Database {
        do {
            return try Database(
                path, isURI: false, .creating, busyTimeout: configuration.busyTimeout, interrupter: interrupter,
                isSecondary: true)
        } catch let error as SQLiteError {
            throw BackupFailure(cause: error)
        }
    }

    /// Copies some pages; the last step also makes the copy durable.
    mutating func stepBackup(_ number: UInt64, pages: Int) throws -> SQLiteBackupProgress {
        guard let backup = backups[number] else { throw SQLiteError(.misuse, "The backup has ended") }
        let isDone = try backup.handle.step(pages: pages)
        let progress = SQLiteBackupProgress(
            totalPages: backup.handle.totalPages, remainingPages: isDone ? 0 : backup.handle.remainingPages)
        if isDone {
            try backup.handle.finish()
            backups[number] = nil
            if backup.ownsTransaction { try open().run("ROLLBACK") }
        }
        return progress
    }

    /// Undoes an incomplete copy.
    mutating func abandonBackup(_ number: UInt64) throws {
        guard let backup = backups.removeValue(forKey: number) else { return }
        // Repeats the error that ended the copy. No effect if the handle was finished with an error.
        _ = try? backup.handle.finish()
        if backup.isNewFile { Database.removeFile(backup.path) }
        if backup.ownsTransaction, let database, !database.isAutocommit { try database.run("ROLLBACK") }
    }

    // MARK: Blobs

    mutating func openBlob(_ address: SQLiteBlobAddress, isWritable: Bool) throws -> (number: UInt64, size: Int) {
        try requireTransactionAlive()
        if isForReading, isWritable { throw Self.readingError() }
        let blob = try BlobHandle(
            open(), schema: address.schema, table: address.table, column: address.column, row: address.row,
            isWritable: isWritable)
        let number = nextNumber()
        blobs[number] = blob
        return (number, blob.size)
    }

    func readBlob(_ number: UInt64, at offset: Int, count: Int) throws -> [UInt8] {
        try requireTransactionAlive()
        return try blob(number).read(at: offset, count: count, of: open())
    }

    func writeBlob(_ number: UInt64, _ bytes: [UInt8], at offset: Int) throws {
        try requireTransactionAlive()
        try blob(number).write(bytes, at: offset, of: open())
    }

    /// Closes a blob. Outside a transaction this commits the writes, and can fail. Throws, too, if the connection
    /// closed the blob before, and writes may be lost.
    mutating func closeBlob(_ number: UInt64, isWritable: Bool) throws {
        guard let blob = blobs.removeValue(forKey: number), let database else {
            if !isWritable { return }
            throw SQLiteError(.abort, "The blob was closed before its end, and what was written to it may be lost")
        }
        try blob.close(database)
    }

    private func blob(_ number: UInt64) throws -> BlobHandle {
        guard let blob = blobs[number] else { throw SQLiteError(.misuse, "The blob is closed") }
        return blob
    }
}
