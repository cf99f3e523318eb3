/// How many connections a pool has, by what they are doing, and how many acquires wait.
public struct PoolCounts: Sendable, Hashable, CustomStringConvertible {
    /// Connections that are ready for a lease.
    public var idle = 0
    /// Connections that are leased.
    public var leased = 0
    /// Connections whose connect is under way.
    public var opening = 0
    /// Connections that are being validated.
    public var validating = 0
    /// Connections that are being reset.
    public var resetting = 0
    /// Connections that are being closed.
    public var closing = 0
    /// Acquires that wait.
    public var waiting = 0
    /// The most connections that the pool, or the lane, may have.
    public var maximum = 0

    /// All connections, including those that are being opened or closed.
    public var total: Int { idle + leased + opening + validating + resetting + closing }

    public var description: String {
        "\(leased) leased, \(idle) idle, \(opening) opening, \(validating) validating, \(resetting) resetting, "
            + "\(closing) closing of \(maximum); \(waiting) waiting"
    }
}
