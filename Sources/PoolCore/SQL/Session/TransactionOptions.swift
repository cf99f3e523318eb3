/// How a transaction begins, and whether it is run again.
public struct TransactionOptions: Sendable, Hashable {
    /// What a transaction sees of those that run beside it, as the SQL standard defines it. A database that does not
    /// know a level uses the next stricter one.
    public enum Isolation: Sendable, Hashable { case readUncommitted, readCommitted, repeatableRead, serializable }

    /// Nil, the default, is the database's own default.
    public var isolation: Isolation?
    /// Nil, the default, is as the lease was acquired.
    public var access: Access?
    /// True to let the transaction wait as it begins until it can be sure that no other will make it fail, and that it
    /// makes no other fail: for long reports and backups beside a busy application. The default is false.
    ///
    /// It has a meaning only where ``isolation`` is ``Isolation/serializable`` and ``access`` is ``Access/readOnly``,
    /// both given here. A driver throws where they are not, and a driver whose database has no such wait, and whose
    /// readers can fail without it, throws always.
    public var isDeferrable: Bool
    /// How often to run the body again, at once, after a serialization failure or a deadlock. The default is 0, at most
    /// 1,000,000; a transaction throws ``PoolConfigurationError`` for any other number before it begins.
    ///
    /// Above 0, the body must do nothing outside the database that must not happen twice. It counts for the outermost
    /// transaction only: a database gives up a transaction as a whole.
    public var maximumRetries: Int

    /// Options that differ from the defaults in what is given.
    public init(
        isolation: Isolation? = nil, access: Access? = nil, isDeferrable: Bool = false, maximumRetries: Int = 0
    ) {
        self.isolation = isolation
        self.access = access
        self.isDeferrable = isDeferrable
        self.maximumRetries = maximumRetries
    }
}
