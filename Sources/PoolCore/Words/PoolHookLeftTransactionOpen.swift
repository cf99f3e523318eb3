/// A hook has ended and left a transaction open, in which every lease would begin, and lose what it writes. The
/// connection was closed.
public struct PoolHookLeftTransactionOpen: Error, Sendable, Hashable, CustomStringConvertible {
    /// The name of the hook in ``PoolHooks``: `connect`, `acquire` or `session`.
    public let hook: String

    public var description: String {
        "the \(hook) hook has left a transaction open, in which every lease would begin: end it within the hook"
    }
}
