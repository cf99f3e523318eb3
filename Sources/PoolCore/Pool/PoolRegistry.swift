internal import Synchronization

/// Pools by name, for an application with several. Make one registry when the application starts, and pass it to the
/// code that needs it.
///
/// ```swift
/// import PoolPostgres
/// import PoolSQLite
///
/// let pools = PoolRegistry()
/// try pools.register(PostgresPool(url: "postgres://app@db.local/shop"))
/// try pools.register(SQLitePool(path: "cache.db"), alias: "cache")
/// let cache = try pools.pool("cache", of: SQLiteDriver.self)
/// try await pools.closeAll(drain: .seconds(10))
/// ```
///
/// The registry keeps its pools alive. A pool leaves it when it is closed.
public final class PoolRegistry: Sendable {
    /// The alias of a pool that is registered without one.
    public static let defaultAlias = "default"

    private let pools = Mutex<[String: any PoolOfAnyDriver]>([:])

    /// Makes an empty registry.
    public init() {}

    /// Adds a pool. A pool that is already closed is not kept.
    ///
    /// - Parameter alias: unique in this registry, and not empty; a pool may have several.
    /// - Throws: ``PoolRegistryError`` with ``PoolRegistryError/Code/aliasInUse`` or
    ///   ``PoolRegistryError/Code/emptyAlias``.
    public func register(_ pool: any PoolOfAnyDriver, alias: String = defaultAlias) throws(PoolRegistryError) {
        if alias.isEmpty { throw PoolRegistryError(.emptyAlias, alias, known: names) }
        let others: [String]? = pools.withLock { pools in
            if pools[alias] != nil { return pools.keys.sorted() }
            pools[alias] = pool
            return nil
        }
        if let others { throw PoolRegistryError(.aliasInUse, alias, known: others) }
        let identity = ObjectIdentifier(pool)
        pool.whenClosed { [weak self] in self?.remove(alias, of: identity) }
    }

    /// The pool that was registered with `alias`.
    ///
    /// - Throws: ``PoolRegistryError`` with ``PoolRegistryError/Code/unknownAlias``.
    public func pool(_ alias: String = defaultAlias) throws(PoolRegistryError) -> any PoolOfAnyDriver {
        let (pool, known) = pools.withLock { ($0[alias], $0.keys.sorted()) }
        guard let pool else { throw PoolRegistryError(.unknownAlias, alias, known: known) }
        return pool
    }

    /// The pool that was registered with `alias`, by its type.
    ///
    /// - Throws: ``PoolRegistryError`` with ``PoolRegistryError/Code/unknownAlias`` or
    ///   ``PoolRegistryError/Code/otherDriver``.
    public func pool<Driver: PoolDriver>(
        _ alias: String = defaultAlias, of driver: Driver.Type
    ) throws(PoolRegistryError) -> Pool<Driver> {
        let pool = try pool(alias)
        guard let typed = pool as? Pool<Driver> else {
            throw PoolRegistryError(.otherDriver, alias, known: names, actual: pool.information.name)
        }
        return typed
    }

    /// The aliases, sorted.
    public var names: [String] { pools.withLock { $0.keys.sorted() } }

    /// All pools, each once, in the order of their aliases.
    public var all: [any PoolOfAnyDriver] {
        let entries = pools.withLock { $0.sorted { $0.key < $1.key } }
        var seen = Set<ObjectIdentifier>()
        return entries.map(\.value).filter { seen.insert(ObjectIdentifier($0)).inserted }
    }

    /// Forgets an alias; the pool stays open.
    ///
    /// - Returns: the pool, or nil if there was none.
    @discardableResult
    public func remove(_ alias: String) -> (any PoolOfAnyDriver)? {
        pools.withLock { $0.removeValue(forKey: alias) }
    }

    private func remove(_ alias: String, of identity: ObjectIdentifier) {
        pools.withLock { pools in
            if let pool = pools[alias], ObjectIdentifier(pool) == identity { pools[alias] = nil }
        }
    }

    /// Closes all pools at the same time, each as ``Pool/close(drain:)`` does, and returns when they are closed.
    ///
    /// - Parameter drain: how long leases may go on; `.zero` interrupts them now.
    /// - Throws: ``PoolConfigurationError`` if `drain` is negative or longer than
    ///   ``PoolConfiguration/longestDuration``; then nothing is closed.
    public func closeAll(drain: Duration) async throws {
        try PoolShell.check(drain: drain)
        try await withThrowingTaskGroup { group in
            for pool in all { group.addTask { try await pool.close(drain: drain) } }
            try await group.waitForAll()
        }
    }
}

/// The reason why a ``PoolRegistry`` refused a call.
public struct PoolRegistryError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of mistake. New codes may be added: compare with those that matter, and have a default.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private let name: String
        public var description: String { name }

        /// Another pool has the alias.
        public static let aliasInUse = Code(name: "aliasInUse")
        /// The alias is an empty text.
        public static let emptyAlias = Code(name: "emptyAlias")
        /// No pool has the alias, or no longer.
        public static let unknownAlias = Code(name: "unknownAlias")
        /// The pool with the alias has another driver.
        public static let otherDriver = Code(name: "otherDriver")
    }

    /// The kind of mistake.
    public let code: Code
    /// The alias that the call named.
    public let alias: String
    /// The aliases in use at that moment, sorted.
    public let known: [String]
    /// The driver of the pool that has the alias, with ``Code/otherDriver``.
    public let actualDriver: String?

    init(_ code: Code, _ alias: String, known: [String], actual: String? = nil) {
        self.code = code
        self.alias = alias
        self.known = known
        actualDriver = actual
    }

    public var description: String {
        switch code {
        case .aliasInUse:
            "a pool is registered as \"\(alias)\" already: choose another alias, or remove or close that pool first"
        case .emptyAlias: "an alias may not be empty"
        case .unknownAlias:
            "no pool is registered as \"\(alias)\"; there \(known.isEmpty ? "is none" : "are: " + known.joined(separator: ", "))"
        case .otherDriver: "the pool registered as \"\(alias)\" has the driver \(actualDriver ?? "of another type")"
        default: code.description
        }
    }
}
