@_spi(Driver) public import PoolSQL

/// The place of a blob in the database.
struct SQLiteBlobAddress: Sendable {
    let schema: String
    let table: String
    let column: String
    let row: Int64
}

/// One value of a table, a blob or a text, that is read and written in parts because it is too large for memory.
public struct SQLiteBlob: ~Copyable, Sendable {
    /// The size in bytes. Fixed while the blob is open: make room with `zeroblob()` before.
    public let size: Int
    private let connection: SQLiteConnection
    private let number: UInt64

    init(_ connection: SQLiteConnection, number: UInt64, size: Int) {
        self.connection = connection
        self.number = number
        self.size = size
    }

    /// The bytes from `offset` to `offset + count`.
    ///
    /// - Throws: ``SQLiteError`` with ``SQLiteError/Code/range`` if they are not all inside the blob, and with
    ///   ``SQLiteError/Code/abort`` if the row was changed since the blob was opened; `CancellationError`.
    public mutating func read(at offset: Int, count: Int) async throws -> [UInt8] {
        let number = number
        return try await connection.perform { try $0.readBlob(number, at: offset, count: count) }
    }

    /// Replaces the bytes from `offset` on.
    ///
    /// - Throws: the errors of ``read(at:count:)``, and ``SQLiteError/Code/readOnly`` if the blob was not opened for
    ///   writing.
    public mutating func write(_ bytes: [UInt8], at offset: Int) async throws {
        let number = number
        try await connection.perform { try $0.writeBlob(number, bytes, at: offset) }
    }
}

extension Lease where Driver == SQLiteDriver {
    /// Opens one value of a table for reading and writing in parts, for as long as `body` runs.
    ///
    /// - Parameters:
    ///   - row: The row's `rowid`, which is also its `INTEGER PRIMARY KEY`.
    ///   - schema: `"main"`, the default, or the name of an attached database.
    ///   - access: ``PoolAccess/readWrite`` needs a lease that writes. Writes are committed when `body` returns, and
    ///     also when it throws; to undo them, use ``SQLTransaction/withBlob(table:column:row:schema:access:_:)``. The
    ///     default is ``PoolAccess/readOnly``.
    /// - Throws: ``SQLiteError`` if there is no such value, or it is neither a blob nor a text; what `body` throws.
    public mutating func withBlob<Result>(
        table: String, column: String, row: Int64, schema: String = "main", access: PoolAccess = .readOnly,
        _ body: (inout SQLiteBlob) async throws -> Result
    ) async throws -> Result {
        let address = SQLiteBlobAddress(schema: schema, table: table, column: column, row: row)
        return try await handle.connection.withBlob(address, access: access, body)
    }
}

extension SQLTransaction where Driver == SQLiteDriver {
    /// Opens one value of a table for reading and writing in parts, for as long as `body` runs.
    ///
    /// Writes are part of the transaction: they are undone if it, or a nested one around this call, rolls back. For
    /// the parameters and errors see ``Lease/withBlob(table:column:row:schema:access:_:)``.
    public mutating func withBlob<Result>(
        table: String, column: String, row: Int64, schema: String = "main", access: PoolAccess = .readOnly,
        _ body: (inout SQLiteBlob) async throws -> Result
    ) async throws -> Result {
        let address = SQLiteBlobAddress(schema: schema, table: table, column: column, row: row)
        return try await handle.connection.withBlob(address, access: access, body)
    }
}

extension SQLiteConnection {
    func withBlob<Result>(
        _ address: SQLiteBlobAddress, access: PoolAccess, _ body: (inout SQLiteBlob) async throws -> Result
    ) async throws -> Result {
        let isWritable = access == .readWrite
        let (number, size) = try await perform { try $0.openBlob(address, isWritable: isWritable) }
        var blob = SQLiteBlob(self, number: number, size: size)
        let result: Result
        do {
            result = try await body(&blob)
        } catch {
            // The first error says more.
            try? await perform(isCancellable: false) { try $0.closeBlob(number, isWritable: isWritable) }
            throw error
        }
        try await perform(isCancellable: false) { try $0.closeBlob(number, isWritable: isWritable) }
        return result
    }
}
