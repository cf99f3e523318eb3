public import Logging
public import PoolSQL

extension Pool where Driver == SQLiteDriver {
    /// Makes a pool for the database file at `path`, which is created if it is missing, with a WAL and all other
    /// settings at their defaults. `":memory:"` means a database in memory.
    ///
    /// - Throws: ``PoolConfigurationError`` for an invalid path, and what ``Pool``'s own initializer throws.
    public convenience init(
        path: String, configuration: PoolConfiguration? = nil, hooks: PoolHooks<SQLiteDriver> = PoolHooks(),
        observer: (any PoolObserver)? = nil, logger: Logger? = nil, budget: PoolBudget? = nil
    ) throws {
        try self.init(
            database: SQLiteConfiguration(path: path), configuration: configuration, hooks: hooks, observer: observer,
            logger: logger, budget: budget)
    }

    /// Makes a pool for the database that `database` describes.
    ///
    /// - Throws: what ``Pool``'s own initializer throws.
    public convenience init(
        database: SQLiteConfiguration, configuration: PoolConfiguration? = nil,
        hooks: PoolHooks<SQLiteDriver> = PoolHooks(), observer: (any PoolObserver)? = nil, logger: Logger? = nil,
        budget: PoolBudget? = nil
    ) throws {
        try self.init(
            driver: SQLiteDriver(configuration: database), configuration: configuration, hooks: hooks,
            observer: observer, logger: logger, budget: budget)
    }
}
