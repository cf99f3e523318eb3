/// How a transaction begins, and whether it is run again.
public struct TransactionOptions: Sendable, Hashable {
    public enum Isolation: Sendable, Hashable { case readUncommitted, readCommitted, repeatableRead, serializable }

    /// Nil: the database's default.
    public var isolation: Isolation?
    /// Nil: as the lease was acquired.
    public var access: Access?
    /// How often to run the body again after a serialization failure or a deadlock. The default is 0.
    public var maximumRetries: Int

    public init(isolation: Isolation? = nil, access: Access? = nil, maximumRetries: Int = 0) {
        self.isolation = isolation
        self.access = access
        self.maximumRetries = maximumRetries
    }
}
