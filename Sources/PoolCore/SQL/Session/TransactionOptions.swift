/// How a transaction begins, and whether it is run again.
public struct TransactionOptions: Sendable, Hashable {
    /// What a transaction sees of those that run beside it, as the SQL standard defines it. A database that does not
    /// know a level uses the next stricter one.
    public enum Isolation: Sendable, Hashable { case readUncommitted, readCommitted, repeatableRead, serializable }

    /// Nil, the default, is the database's own default.
    public var isolation: Isolation?
    /// Nil, the default, is as the lease was acquired.
    public var access: Access?
    /// How often to run the body again, at once, after a serialization failure or a deadlock. The default is 0.
    ///
    /// Above 0, the body must do nothing outside the database that must not happen twice. It counts for the outermost
    /// transaction only: a database gives up a transaction as a whole.
    public var maximumRetries: Int

    /// Options that differ from the defaults in what is given.
    public init(isolation: Isolation? = nil, access: Access? = nil, maximumRetries: Int = 0) {
        self.isolation = isolation
        self.access = access
        self.maximumRetries = maximumRetries
    }
}
