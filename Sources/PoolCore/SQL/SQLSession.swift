/// What a lease and a transaction have in common: statements can be run on it.
public protocol SQLSession: ~Copyable {
    associatedtype Driver: SQLDriver
    /// For the functions of the protocol's extensions; opaque to applications.
    var handle: ConnectionHandle<Driver> { get }
}

extension SQLSession where Self: ~Copyable {
    public mutating func query(_ sql: SQL) async throws -> Rows {
        try await handle.connection.query(sql)
    }

    @discardableResult
    public mutating func execute(_ sql: SQL) async throws -> StatementResult {
        try await handle.connection.execute(sql)
    }
}

extension Lease: SQLSession where Driver: SQLDriver {}
