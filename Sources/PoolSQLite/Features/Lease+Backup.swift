@_spi(Driver) public import PoolCore

/// How far a backup is.
public struct SQLiteBackupProgress: Sendable, Hashable {
    public let totalPages: Int
    /// 0 at the end.
    public let remainingPages: Int
}

extension Lease where Driver == SQLiteDriver {
    /// Copies the whole database to the file at `path` while others go on using it.
    ///
    /// The copy shows the database at one moment, the begin of the backup, whatever is written meanwhile. It replaces
    /// what the file held, in one transaction; the file is left as it was (or removed again, if it is new) where the
    /// backup fails or its task is cancelled. A lease for ``Access/readOnly`` is enough, and keeps no writer waiting;
    /// until the end the WAL cannot shrink.
    ///
    /// A lock that another process holds on the file at `path` is waited for as long as
    /// ``SQLiteConfiguration/busyTimeout``; cancelling the task ends the wait. What goes wrong with that file leaves
    /// the connection as it was.
    ///
    /// - Parameters:
    ///   - path: A file; neither empty nor `":memory:"`, which would keep nothing.
    ///   - pagesPerStep: How many pages to copy between two calls of `progress`, at which a cancellation is noticed.
    ///     At least 1; the default is 256.
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
