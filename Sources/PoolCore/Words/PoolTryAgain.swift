/// Thrown by a hook, to say that another connection may do: the pool closes this one, and goes on for the acquires that
/// wait, within their deadlines and no faster than after failed connects. Any other error of a hook fails them
/// immediately.
///
///     let hooks = PoolHooks<PostgresDriver>(connect: { connection in
///         let isReplica = try await connection.query("SELECT pg_is_in_recovery()").decode(Bool.self).first
///         if isReplica == true { throw PoolTryAgain(reason: "this server is a replica") }
///     })
///
/// A hook that discards its connection has the same effect, with this error.
public struct PoolTryAgain: Error, Sendable, Hashable, CustomStringConvertible {
    /// The fault of the connection: for errors, events and the log.
    public let reason: String

    /// Makes the error with a reason for errors, events and the log.
    public init(reason: String) {
        self.reason = reason
    }

    public var description: String { "try again: \(reason)" }
}
