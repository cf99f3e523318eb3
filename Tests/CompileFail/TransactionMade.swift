import PoolSQL

func misuse<Driver: SQLDriver>(_ handle: consuming ConnectionHandle<Driver>) async throws {
    var transaction = SQLTransaction(handle: handle, depth: 0)  // expect-error: initializer is inaccessible
    try await transaction.execute("DELETE FROM t")
}
