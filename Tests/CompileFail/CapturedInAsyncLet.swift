import PoolSQL

func misuse(_ pool: Pool<some SQLDriver>) async throws {
    // A lease is Sendable, so that a limitation of the compiler alone refuses this, in words that sound like a crash. A
    // later compiler that lifts it makes this snippet compile: https://github.com/swiftlang/swift/issues/83100
    try await pool.withConnection { connection in  // expect-error: noncopyable type that compiler can't verify
        async let rows = connection.query("SELECT 1")
        _ = try await rows
    }
}
