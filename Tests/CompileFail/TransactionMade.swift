import PoolCore

func misuse<Driver: SQLDriver>(_ handle: ConnectionHandle<Driver>) async throws {
    var transaction = Transaction(handle: handle)  // expect-error: inaccessible due to
    try await transaction.execute("DELETE FROM t")
}
