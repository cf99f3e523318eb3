/// The identity of a connection in events and reports: unique within the pool while the connection lives.
public struct ConnectionID: Sendable, Hashable, CustomStringConvertible {
    /// The connection's place in the pool.
    let index: Int32
    /// The connection's number among those that have had the place: it tells a stale identity from the present one.
    let generation: UInt32

    /// The connection's place and its number there: `3.7` is the seventh connection in the third place.
    public var description: String { "\(index).\(generation)" }
}
