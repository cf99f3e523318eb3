@_spi(Driver) public import PoolSQL

/// The progress of a backup.
public struct SQLiteBackupProgress: Sendable, Hashable {
    /// The number of pages of the database.
    public let totalPages: Int
    /// The number of pages that remain to be copied; 0 at the end.
    public let remainingPages: Int
}

extension Lease where Driver == SQLiteDriver {
    /// Copies the whole database to the file at `path` while other connections continue to use it.
    ///
    /// The copy shows the database at the beginning of the backup, whatever is written meanwhile. It replaces the
    /// contents of the file, in one transaction; if the backup fails or its task is cancelled, the file is left
    /// unchanged (or removed again, if it is new). A lease for ``PoolAccess/readOnly`` is enough, and does not block
    /// writers; until the end the WAL cannot shrink.
    ///
    /// The backup waits up to ``SQLiteConfiguration/busyTimeout`` for a lock that another process holds on the file
    /// at `path`; cancelling the task ends the wait. Errors of that file leave the connection unchanged.
    ///
    /// - Parameters:
    ///   - path: The path of a file; neither empty nor `":memory:"`, which would keep nothing.
    ///   - pagesPerStep: The number of pages to copy between two calls of `progress`, at which a cancellation is
    ///     noticed. At least 1; the default is 256.
    ///   - progress: Called after each step. An error that it throws ends the backup.
    /// - Throws: ``SQLiteError``, `CancellationError`, and what `progress` throws.
    public mutating func backup(
        to path: String, pagesPerStep: Int = 256, progress: (SQLiteBackupProgress) throws -> Void = { _ in }
    ) async throws {
        try await handle.connection.backup(to: path, pagesPerStep: pagesPerStep, progress: progress)
    }
}

extension SQLiteConnection {
    func backup(
        to path: String, pagesPerStep: Int, progress: (SQLiteBackupProgress) throws -> Void
    ) async throws {
        if pagesPerStep < 1 {
            throw SQLiteError(
                .misuse, "A backup cannot copy \(pagesPerStep) pages in a step", remedy: "Copy at least 1")
        }
        let number = try await perform { try $0.beginBackup(to: path) }
        do {
            var state: SQLiteBackupProgress
            repeat {
                state = try await perform { try $0.stepBackup(number, pages: pagesPerStep) }
                try progress(state)
            } while state.remainingPages > 0
        } catch {
            // The first error says more.
            try? await perform(isCancellable: false) { try $0.abandonBackup(number) }
            throw error
        }
    }
}
