public import Logging
public import PoolSQL

extension Pool where Driver == MySQLDriver {
    /// Makes a pool for the server and database that `url` names: `mysql://user:password@host:3306/database`. See
    /// ``MySQLConfiguration/init(url:)``.
    ///
    /// - Throws: ``PoolConfigurationError`` for a URL that cannot be read, and what ``Pool``'s own initializer throws.
    public convenience init(
        url: String, configuration: PoolConfiguration? = nil, hooks: PoolHooks<MySQLDriver> = PoolHooks(),
        credentials: PoolCredentialProvider? = nil, observer: (any PoolObserver)? = nil, logger: Logger? = nil,
        budget: PoolBudget? = nil
    ) throws {
        try self.init(
            database: MySQLConfiguration(url: url), configuration: configuration, hooks: hooks,
            credentials: credentials, observer: observer, logger: logger, budget: budget)
    }

    /// Makes a pool for the server and database that `database` describes.
    ///
    /// - Throws: what ``Pool``'s own initializer throws.
    public convenience init(
        database: MySQLConfiguration, configuration: PoolConfiguration? = nil,
        hooks: PoolHooks<MySQLDriver> = PoolHooks(), credentials: PoolCredentialProvider? = nil,
        observer: (any PoolObserver)? = nil, logger: Logger? = nil, budget: PoolBudget? = nil
    ) throws {
        try self.init(
            driver: MySQLDriver(configuration: database), configuration: configuration, hooks: hooks,
            credentials: credentials, observer: observer, logger: logger, budget: budget)
    }
}
