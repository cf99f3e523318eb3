/// The settings of a transaction, and the number of times that it may be run again.
public struct SQLTransactionOptions: Sendable, Hashable {
    /// The isolation of a transaction from those that run beside it, as the SQL standard defines it. A database that
    /// does not know a level uses the next stricter one.
    @nonexhaustive
    public enum Isolation: Sendable, Hashable { case readUncommitted, readCommitted, repeatableRead, serializable }

    /// The isolation level. Nil, the default, is the database's own default.
    public var isolation: Isolation?
    /// The kind of use. Nil, the default, is the one that the lease was acquired for.
    public var access: PoolAccess?
    /// True to let the transaction wait as it begins until it can be sure that no other will make it fail, and that it
    /// makes no other fail: for long reports and backups beside a busy application. The default is false.
    ///
    /// The option has a meaning only if ``isolation`` is ``Isolation/serializable`` and ``access`` is
    /// ``PoolAccess/readOnly``, both given here; otherwise a transaction throws ``PoolConfigurationError`` before it
    /// begins. A driver whose database has no such wait, and whose readers can fail without it, always throws.
    public var isDeferrable: Bool
    /// The number of times to run the body again, immediately, after a serialization failure or a deadlock. The default
    /// is 0, at most 1,000,000; a transaction throws ``PoolConfigurationError`` for any other number before it begins.
    ///
    /// Above 0, the body must do nothing outside the database that must not happen twice. The option counts for the
    /// outermost transaction only: a database gives up a transaction as a whole.
    public var maximumRetries: Int

    /// Makes options; arguments left out have their property's default.
    public init(
        isolation: Isolation? = nil, access: PoolAccess? = nil, isDeferrable: Bool = false, maximumRetries: Int = 0
    ) {
        self.isolation = isolation
        self.access = access
        self.isDeferrable = isDeferrable
        self.maximumRetries = maximumRetries
    }

    /// Checks the rules that are the same for each database.
    func check() throws(PoolConfigurationError) {
        try PoolConfigurationError.check("SQLTransactionOptions.maximumRetries", maximumRetries, 0...1_000_000)
        if isDeferrable, isolation != .serializable || access != .readOnly {
            throw PoolConfigurationError(
                property: "SQLTransactionOptions.isDeferrable", value: "true",
                rule: "only a transaction that is serializable and read-only can be deferrable: "
                    + "give both, isolation .serializable and access .readOnly")
        }
    }
}
