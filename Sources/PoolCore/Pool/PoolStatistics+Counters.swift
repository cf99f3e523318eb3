extension PoolStatistics {
    /// All connections, including those that are being opened or closed.
    public var total: Int { counts.total }

    /// Connections that are ready for a lease.
    public var idle: Int { counts.idle }

    /// Acquires that wait now.
    public var waiting: Int { counts.waiting }

    /// Connections that were closed because of their age.
    public var expired: Int { connectionsClosed[.lifetime] ?? 0 }
}
