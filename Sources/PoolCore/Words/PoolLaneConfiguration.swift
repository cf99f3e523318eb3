/// A set of connections that are interchangeable with each other, and its limits.
public struct PoolLaneConfiguration: Sendable, Hashable {
    /// The name in statistics, logs and errors: `"writer"`.
    public var name: String
    /// A text by which the driver tells one lane's connections from another's: an identity, a role, an endpoint. The
    /// pool passes it on unread.
    public var target: String
    /// The shard, or endpoint, that acquires ask for by this name in ``AcquireOptions/shard``; nil for a lane without a
    /// shard.
    public var shard: String?
    /// The most connections that the lane may have, within the pool's own maximum.
    public var maximumConnections: Int
    /// The number of connections that the pool keeps open in this lane at least.
    public var minimumConnections: Int
    /// The kinds of access that the lane serves.
    public var serves: Set<PoolAccess>
    /// True if connections of this lane close after those of all others when the pool closes.
    public var closesLast: Bool

    /// Describes a lane. By default it has no target and no shard, keeps no connection open, serves both kinds of
    /// access, and closes with the others.
    public init(
        name: String, target: String = "", shard: String? = nil, maximumConnections: Int, minimumConnections: Int = 0,
        serves: Set<PoolAccess> = [.readOnly, .readWrite], closesLast: Bool = false
    ) {
        self.name = name
        self.target = target
        self.shard = shard
        self.maximumConnections = maximumConnections
        self.minimumConnections = minimumConnections
        self.serves = serves
        self.closesLast = closesLast
    }

    /// One lane `main` without a shard, and one `shard …` for each name, in the order of the names. Each may have
    /// `maximumConnections`, and serves both kinds of access.
    @_spi(Driver)
    public static func mainAndShards(_ shards: some Sequence<String>, maximumConnections: Int) -> [Self] {
        [Self(name: "main", maximumConnections: maximumConnections)]
            + shards.sorted().map { shard in
                Self(name: "shard \(shard)", target: shard, shard: shard, maximumConnections: maximumConnections)
            }
    }
}

extension [PoolLaneConfiguration] {
    /// The lanes, if a pool can work with them; throws otherwise.
    func checked() throws(PoolConfigurationError) -> Self {
        if isEmpty {
            throw PoolConfigurationError(property: "lanes", value: "[]", rule: "the driver must name at least one")
        }
        for access in [PoolAccess.readOnly, .readWrite] {
            let shards = Dictionary(grouping: filter { $0.serves.contains(access) }, by: \.shard)
            for lanes in shards.values where lanes.count > 1 {
                throw PoolConfigurationError(
                    property: "lanes", value: lanes.map(\.name).joined(separator: ", "),
                    rule: "only one lane of a shard may serve \(access)")
            }
        }
        for lane in self {
            try PoolConfigurationError.check(
                "lane \(lane.name).maximumConnections", lane.maximumConnections, 1...1_000_000)
            try PoolConfigurationError.check(
                "lane \(lane.name).minimumConnections", lane.minimumConnections, 0...lane.maximumConnections)
        }
        return self
    }
}
