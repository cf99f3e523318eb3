/// Thrown by a hook, to say that another connection may do: the pool closes this one, and goes on for those who wait,
/// within their deadlines and no faster than after failed connects. What else a hook throws fails them at once.
///
///     let hooks = PoolHooks<PostgresDriver>(connect: { connection in
///         let isReplica = try await connection.query("SELECT pg_is_in_recovery()").decode(Bool.self).first
///         if isReplica == true { throw PoolTryAgain(reason: "this server is a replica") }
///     })
///
/// A hook that discards its connection does the same, with this error.
public struct PoolTryAgain: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong with the connection: for errors, events and the log.
    public let reason: String

    public init(reason: String) {
        self.reason = reason
    }

    public var description: String { "try again: \(reason)" }
}

/// A hook has ended and left a transaction open, in which every lease would begin, and lose what it writes. The
/// connection was closed.
public struct HookLeftTransactionOpen: Error, Sendable, Hashable, CustomStringConvertible {
    /// Which of ``PoolHooks``: `connect`, `acquire` or `session`.
    public let hook: String

    public var description: String {
        "the \(hook) hook has left a transaction open, in which every lease would begin: end it within the hook"
    }
}
