extension PoolStatistics {
    /// All connections, those that are being opened or closed included.
    public var total: Int { counts.total }

    /// Connections that nobody uses.
    public var idle: Int { counts.idle }

    /// Acquires that wait.
    public var waiting: Int { counts.waiting }

    /// Connections that were closed for their age.
    public var expired: Int { connectionsClosed[.lifetime] ?? 0 }
}
