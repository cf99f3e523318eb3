@_spi(Driver) public import PoolCore

/// An open transaction.
///
/// A transaction exists within the body that it is handed to, and there it is the only way to the connection: the
/// compiler rejects the use of the lease, or of an outer transaction, while it is open.
public struct SQLTransaction<Driver: SQLDriver>: ~Copyable, SQLSession {
    /// The connection, for the functions of ``SQLSession``; opaque to applications.
    public let handle: ConnectionHandle<Driver>
    /// 0 for a transaction, 1 and more for the savepoints within it.
    private let depth: Int
    private var mustRollBack = false

    fileprivate init(handle: consuming ConnectionHandle<Driver>, depth: Int) {
        self.handle = handle
        self.depth = depth
    }

    /// Makes the transaction roll back when its body returns; the body's result is returned nevertheless.
    ///
    /// In a nested transaction, only the changes made there are rolled back.
    public mutating func setRollbackOnly() {
        mustRollBack = true
    }

    /// Runs `body` in a savepoint: its changes are kept when it returns, and undone when it throws, while the
    /// transaction around it goes on.
    ///
    /// - Throws: the error of `body`, or the driver's error if the savepoint cannot be set or released.
    @discardableResult
    public mutating func transaction<Result>(
        _ body: (inout SQLTransaction<Driver>) async throws -> Result
    ) async throws -> Result {
        try await Self.run(on: handle, depth: depth + 1, options: SQLTransactionOptions(), body)
    }
}

extension Lease where Driver: SQLDriver {
    /// Runs `body` in a transaction, which is committed when `body` returns, and rolled back when it throws.
    ///
    /// The rollback is done although the task may be cancelled. The error of `body` is the one thrown, also if the
    /// rollback fails; the pool then closes the connection.
    ///
    /// If the body returns, the transaction is committed, also if the task has been cancelled meanwhile: to avoid that,
    /// call `Task.checkCancellation()` in the body.
    ///
    /// - Parameter options: isolation, access and retries. By default the transaction has the database's own settings
    ///   and runs once.
    /// - Throws: the error of `body`, or the driver's error if the transaction cannot begin or be committed;
    ///   ``PoolConfigurationError`` for a value of `options` that makes no sense.
    @discardableResult
    public mutating func transaction<Result>(
        _ options: SQLTransactionOptions = SQLTransactionOptions(),
        _ body: (inout SQLTransaction<Driver>) async throws -> Result
    ) async throws -> Result {
        try await SQLTransaction.runWithRetries(on: handle, options: options, body)
    }
}

extension SQLTransaction {
    static func runWithRetries<Result>(
        on handle: borrowing ConnectionHandle<Driver>, options: SQLTransactionOptions,
        _ body: (inout SQLTransaction<Driver>) async throws -> Result
    ) async throws -> Result {
        try options.check()
        var retries = 0
        while true {
            do {
                return try await run(on: handle, depth: 0, options: options, body)
            } catch {
                guard retries < options.maximumRetries, !Task.isCancelled,
                    handle.driver.canRetryTransaction(after: error)
                else { throw error }
                retries += 1
            }
        }
    }

    private static func run<Result>(
        on handle: borrowing ConnectionHandle<Driver>, depth: Int, options: SQLTransactionOptions,
        _ body: (inout SQLTransaction<Driver>) async throws -> Result
    ) async throws -> Result {
        let connection = handle.connection
        try await connection.transaction(depth == 0 ? .begin(options) : .savepoint(depth: depth))
        do {
            var transaction = SQLTransaction(handle: handle.shared, depth: depth)
            let result: Result
            do {
                result = try await body(&transaction)
            } catch {
                transaction.requireStillOf(connection, depth)
                throw error
            }
            transaction.requireStillOf(connection, depth)
            if transaction.mustRollBack {
                try await rollBack(connection, depth: depth)
            } else {
                try await connection.transaction(depth == 0 ? .commit : .releaseSavepoint(depth: depth))
            }
            return result
        } catch {
            // A failure here leaves the connection broken, as drivers promise: the first error says more.
            try? await rollBack(connection, depth: depth)
            throw error
        }
    }

    /// Guards against the one misuse that the compiler allows: `swap` of two transactions would let each be used after
    /// its end.
    private func requireStillOf(_ connection: Driver.Connection, _ depth: Int) {
        precondition(
            handle.connection === connection && self.depth == depth, "A transaction was swapped with another one.")
    }

    private static func rollBack(_ connection: Driver.Connection, depth: Int) async throws {
        try await connection.transaction(depth == 0 ? .rollback : .rollbackToSavepoint(depth: depth))
    }
}
