public import Logging
public import PoolSQL

extension Pool where Driver == PostgresDriver {
    /// Makes a pool for the server and database that `url` names: `postgres://user@host/database`, or libpq's form
    /// `host=… dbname=…`.
    ///
    /// `PostgresPool()` follows the environment, as `psql` does: `PGHOST`, `PGUSER`, `PGDATABASE` and so on. For
    /// settings that a URL cannot express, such as session settings, use the initializer with a
    /// ``PostgresConfiguration``.
    ///
    /// - Throws: ``PoolConfigurationError`` for a URL that cannot be read, and what ``Pool``'s own initializer throws.
    public convenience init(
        url: String = "", configuration: PoolConfiguration? = nil, hooks: PoolHooks<PostgresDriver> = PoolHooks(),
        credentials: PoolCredentialProvider? = nil, observer: (any PoolObserver)? = nil, logger: Logger? = nil,
        budget: PoolBudget? = nil
    ) throws {
        try self.init(
            database: PostgresConfiguration(url), configuration: configuration, hooks: hooks, credentials: credentials,
            observer: observer, logger: logger, budget: budget)
    }

    /// Makes a pool for the server and database that `database` describes.
    ///
    /// - Throws: what ``Pool``'s own initializer throws.
    public convenience init(
        database: PostgresConfiguration, configuration: PoolConfiguration? = nil,
        hooks: PoolHooks<PostgresDriver> = PoolHooks(), credentials: PoolCredentialProvider? = nil,
        observer: (any PoolObserver)? = nil, logger: Logger? = nil, budget: PoolBudget? = nil
    ) throws {
        try self.init(
            driver: PostgresDriver(configuration: database, logger: logger), configuration: configuration, hooks: hooks,
            credentials: credentials, observer: observer, logger: logger, budget: budget)
    }
}
