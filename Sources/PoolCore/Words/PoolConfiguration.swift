/// The limits and times of a pool. A value that makes no sense throws; nothing is clamped. No duration may be longer
/// than ``longestDuration``, which also means "no limit" for a property that cannot be nil.
///
/// A property that is set later is checked by ``check()``, which ``Pool`` calls when it is made and when it is
/// reconfigured.
public struct PoolConfiguration: Sendable, Hashable {
    /// The order in which idle connections are taken by acquires.
    @nonexhaustive
    public enum IdleOrder: Sendable, Hashable {
        /// The connection released last: the rest can expire, and caches stay warm.
        case lastInFirstOut
        /// The connection unused for longest: all are kept in use, which suits load balancers.
        case firstInFirstOut
    }

    /// The pool's name in logs, errors, metrics and events. The default is `"pool"`; it may not be empty, and a pool
    /// keeps it for life.
    public var name: String
    /// The most connections open at the same time, in all lanes, including those being opened and closed. The default
    /// is 10, at least 1.
    public var maximumConnections: Int
    /// Connections kept open without being used. The default is 0, at most ``maximumConnections``.
    public var minimumConnections: Int
    /// Connections kept idle beyond those that are leased, as far as ``maximumConnections`` allows. They are opened
    /// ahead of the acquires that will want them. The default is 0, at most ``maximumConnections``.
    public var minimumIdle: Int
    /// How many connections an acquire that finds none opens, as far as ``maximumConnections`` allows; the acquire
    /// waits for the first that is ready. The extra connects stop at the first failure. The default is 1, at most
    /// 1,000,000: all that the pool may have.
    public var growthIncrement: Int
    /// How many of the pool's connections may belong to one shard; connections of each ``AcquireOptions/identity``
    /// count separately. The default is nil: as many as the pool may have.
    public var maximumConnectionsPerShard: Int?
    /// The longest queue of acquires that can only be served by a release; the next one fails immediately with
    /// ``PoolError/Code/tooManyWaiters``. Acquires for which a connection is being opened, validated or reset, or can
    /// be opened, do not count: with 0 an acquire fails if all connections that the pool may have are leased. The
    /// default is 500; nil: any number.
    public var maximumWaiters: Int?
    /// The longest time an acquire takes, including waiting, connecting, validating and hooks. The default is 30 s.
    /// ``AcquireOptions/timeout`` overrides it.
    public var acquireTimeout: Duration
    /// How long one connect may take, the connect hook included. The default is 10 s. When it is longer than
    /// ``acquireTimeout`` a waiter may give up first; the connect goes on, and its connection serves another.
    public var connectTimeout: Duration
    /// Connects under way at the same time to one server: each shard, and each lane of the driver, counts separately,
    /// and connects for an ``AcquireOptions/identity`` count with the lane that they are modelled on. The default is
    /// 2, so that a restart of the server is not met by a storm; at most 1,000,000. A connect that goes without an
    /// answer for 4 s (or two fifths of ``connectTimeout``, if that is more) no longer counts, and others are tried
    /// beside it, one at a time.
    public var concurrentConnects: Int
    /// A connection unused for this long is validated before it is granted. The default is 30 s; `.zero`: always, nil:
    /// never.
    public var validateAfterIdle: Duration?
    /// How long a validation may take, the acquire hook included, before the connection counts as dead. The default is
    /// 5 s.
    public var validationTimeout: Duration
    /// How long the reset after a release may take, the release hook included, before the connection is closed. The
    /// default is 5 s.
    public var resetTimeout: Duration
    /// A connection unused for this long is closed, down to ``minimumConnections``. The default is 10 min; nil: never.
    public var idleTimeout: Duration?
    /// The age at which a connection is closed, while idle or at its next release. The default is 30 min; nil: never.
    public var maximumLifetime: Duration?
    /// How many leases a connection serves before it is closed. The default is nil: any number. With 1 every lease has
    /// a connection of its own, and only the limits are shared.
    public var maximumUses: Int?
    /// How many prepared statements each connection keeps, at most 1,000,000; 0: none. The default is nil: the number
    /// of the driver's own configuration. Drivers that keep no statements ignore it.
    public var statementCacheCapacity: Int?
    /// The part of ``maximumLifetime`` by which each connection's life is shortened at random, so that connections
    /// opened together do not end together. The default is 0.1; from 0 up to 0.5.
    public var lifetimeJitter: Double
    /// The longest pause before the second connect after a failure; it doubles with each failure that follows, and each
    /// pause is chosen at random between nothing and that ("full jitter"). The default is 100 ms.
    public var initialBackoff: Duration
    /// The longest pause between connects that fail, one at a time. The default is 30 s, at least ``initialBackoff``.
    ///
    /// While an acquire waits, no pause is longer than 3 s, or a tenth of ``acquireTimeout`` if that is less; and an
    /// acquire that comes a second after the last failure starts a connect immediately. So with the defaults no acquire
    /// waits for more than 5 s once the server is back. Only failures that waiting does not mend
    /// (``PoolError/Code/connectRefused``) keep the whole pause, since some servers lock an account that is refused too
    /// often. Connections that connect successfully, and break at their first use one after the other, count as failed
    /// connects.
    public var maximumBackoff: Duration
    /// The order in which idle connections are taken. The default is ``IdleOrder/lastInFirstOut``.
    public var idleOrder: IdleOrder
    /// A lease held for longer is logged and reported, once, with the place of its acquire. The default is nil: never.
    public var leakWarning: Duration?

    /// Makes a configuration; each argument's default is the one that its property names.
    ///
    /// - Throws: ``PoolConfigurationError`` for the first value that breaks its rule.
    public init(
        name: String = "pool", maximumConnections: Int = 10, minimumConnections: Int = 0, minimumIdle: Int = 0,
        growthIncrement: Int = 1, maximumConnectionsPerShard: Int? = nil, maximumWaiters: Int? = 500,
        acquireTimeout: Duration = .seconds(30), connectTimeout: Duration = .seconds(10), concurrentConnects: Int = 2,
        validateAfterIdle: Duration? = .seconds(30), validationTimeout: Duration = .seconds(5),
        resetTimeout: Duration = .seconds(5), idleTimeout: Duration? = .seconds(600),
        maximumLifetime: Duration? = .seconds(1800), maximumUses: Int? = nil, statementCacheCapacity: Int? = nil,
        lifetimeJitter: Double = 0.1,
        initialBackoff: Duration = .milliseconds(100), maximumBackoff: Duration = .seconds(30),
        idleOrder: IdleOrder = .lastInFirstOut, leakWarning: Duration? = nil
    ) throws {
        self.name = name
        self.maximumConnections = maximumConnections
        self.minimumConnections = minimumConnections
        self.minimumIdle = minimumIdle
        self.growthIncrement = growthIncrement
        self.maximumConnectionsPerShard = maximumConnectionsPerShard
        self.maximumWaiters = maximumWaiters
        self.acquireTimeout = acquireTimeout
        self.connectTimeout = connectTimeout
        self.concurrentConnects = concurrentConnects
        self.validateAfterIdle = validateAfterIdle
        self.validationTimeout = validationTimeout
        self.resetTimeout = resetTimeout
        self.idleTimeout = idleTimeout
        self.maximumLifetime = maximumLifetime
        self.maximumUses = maximumUses
        self.statementCacheCapacity = statementCacheCapacity
        self.lifetimeJitter = lifetimeJitter
        self.initialBackoff = initialBackoff
        self.maximumBackoff = maximumBackoff
        self.idleOrder = idleOrder
        self.leakWarning = leakWarning
        try check()
    }

    /// Checks the values against their rules, as the initializer does.
    ///
    /// - Throws: ``PoolConfigurationError`` for the first value that breaks its rule.
    public func check() throws(PoolConfigurationError) {
        try checkCounts()
        try checkOptionalCounts()
        try checkDurations()
    }

    private func checkCounts() throws(PoolConfigurationError) {
        if name.isEmpty { throw PoolConfigurationError(property: "name", value: name, rule: "must not be empty") }
        try PoolConfigurationError.check("maximumConnections", maximumConnections, 1...1_000_000)
        let upTo = 0...maximumConnections
        try PoolConfigurationError.check(
            "minimumConnections", minimumConnections, upTo, advice: ", which is maximumConnections")
        try PoolConfigurationError.check("minimumIdle", minimumIdle, upTo, advice: ", which is maximumConnections")
        try PoolConfigurationError.check("growthIncrement", growthIncrement, 1...1_000_000)
        try PoolConfigurationError.check("concurrentConnects", concurrentConnects, 1...1_000_000)
        guard 0...0.5 ~= lifetimeJitter else {
            throw PoolConfigurationError(
                property: "lifetimeJitter", value: "\(lifetimeJitter)", rule: "must be from 0 to 0.5")
        }
    }

    private func checkOptionalCounts() throws(PoolConfigurationError) {
        if let maximumConnectionsPerShard {
            try PoolConfigurationError.check(
                "maximumConnectionsPerShard", maximumConnectionsPerShard, 1...maximumConnections,
                advice: ", which is maximumConnections; nil sets no limit")
        }
        if let maximumWaiters {
            try PoolConfigurationError.check(
                "maximumWaiters", maximumWaiters, 0...10_000_000, advice: "; nil sets no limit")
        }
        if let maximumUses {
            try PoolConfigurationError.check(
                "maximumUses", maximumUses, 1...1_000_000_000, advice: "; nil sets no limit")
        }
        if let statementCacheCapacity {
            try PoolConfigurationError.check(
                "statementCacheCapacity", statementCacheCapacity, 0...1_000_000,
                advice: "; nil leaves the driver's own setting")
        }
    }

    private func checkDurations() throws(PoolConfigurationError) {
        try PoolConfigurationError.check("acquireTimeout", acquireTimeout)
        try PoolConfigurationError.check("connectTimeout", connectTimeout)
        try PoolConfigurationError.check("validationTimeout", validationTimeout)
        try PoolConfigurationError.check("resetTimeout", resetTimeout)
        try PoolConfigurationError.check("initialBackoff", initialBackoff)
        let optional = [
            ("idleTimeout", idleTimeout), ("maximumLifetime", maximumLifetime), ("leakWarning", leakWarning),
        ]
        for case (let property, let value?) in optional {
            try PoolConfigurationError.check(property, value, advice: "; nil turns it off")
        }
        if let validateAfterIdle {
            try PoolConfigurationError.check(
                "validateAfterIdle", validateAfterIdle, allowsZero: true, advice: "; nil turns it off")
        }
        try PoolConfigurationError.check("maximumBackoff", maximumBackoff)
        guard maximumBackoff >= initialBackoff else {
            throw PoolConfigurationError(
                property: "maximumBackoff", value: maximumBackoff.description,
                rule: "must be at least initialBackoff (\(initialBackoff))")
        }
    }
}

extension PoolConfiguration {
    /// The longest duration that a pool takes, in its configuration and its calls alike: 36,500 days, about 100 years.
    /// A longer or a negative one is refused with ``PoolConfigurationError``.
    ///
    /// An optional duration is turned off by nil. For one that is not optional, this means "no limit":
    ///
    ///     configuration.acquireTimeout = PoolConfiguration.longestDuration
    public static let longestDuration = Duration.seconds(36_500 * 86_400)
}

extension PoolConfiguration {
    /// The limits and times by name, for people: each property but the ``name``.
    var lines: [(String, String)] {
        [
            ("maximumConnections", "\(maximumConnections)"), ("minimumConnections", "\(minimumConnections)"),
            ("minimumIdle", "\(minimumIdle)"), ("growthIncrement", "\(growthIncrement)"),
            ("maximumConnectionsPerShard", maximumConnectionsPerShard.text), ("maximumWaiters", maximumWaiters.text),
            ("acquireTimeout", acquireTimeout.text), ("connectTimeout", connectTimeout.text),
            ("concurrentConnects", "\(concurrentConnects)"), ("validateAfterIdle", validateAfterIdle.text),
            ("validationTimeout", validationTimeout.text), ("resetTimeout", resetTimeout.text),
            ("idleTimeout", idleTimeout.text), ("maximumLifetime", maximumLifetime.text),
            ("lifetimeJitter", "\(lifetimeJitter)"), ("maximumUses", maximumUses.text),
            ("statementCacheCapacity", statementCacheCapacity.map { "\($0)" } ?? "the driver's"),
            ("initialBackoff", initialBackoff.text), ("maximumBackoff", maximumBackoff.text),
            ("leakWarning", leakWarning.text), ("idleOrder", "\(idleOrder)"),
        ]
    }
}

extension Int? {
    fileprivate var text: String { map { "\($0)" } ?? "no limit" }
}

extension Duration? {
    fileprivate var text: String { map(\.text) ?? "never" }
}
