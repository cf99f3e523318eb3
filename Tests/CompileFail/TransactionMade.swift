import PoolCore

func misuse<Driver: SQLDriver>(_ handle: ConnectionHandle<Driver>) async throws {
    var transaction = Transaction(handle: handle)  // expect-error: cannot be constructed
    try await transaction.execute("DELETE FROM t")
}
