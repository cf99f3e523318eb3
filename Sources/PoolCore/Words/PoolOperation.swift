/// An operation that takes time: its beginning and its end are reported with the same ``id``.
public struct PoolOperation: Sendable, Hashable {
    /// The kinds of operations.
    @nonexhaustive
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// An acquire: from the call to the grant.
        case acquire
        /// A lease: from the grant to the release.
        case lease
        /// A connect, and the connect hook after it.
        case connect
        /// The validation and the acquire hook.
        case validate
        /// The reset after a lease and the release hook before it; or the reset of a session that is set up for a tag
        /// other than the wanted one.
        case reset
        /// The work that ends what a lease with a ``Lease/tag`` left open, and the release hook before it.
        case endUnfinishedWork
        /// The session hook.
        case session
        /// The close of a connection, and the close hook before it.
        case close
    }

    /// The kind of the operation.
    public let kind: Kind
    /// The number of the operation: unique within the pool.
    public let id: UInt64
    /// The name of the lane.
    public let lane: String
    /// The connection; nil if the operation has none yet.
    public let connection: ConnectionID?
}
