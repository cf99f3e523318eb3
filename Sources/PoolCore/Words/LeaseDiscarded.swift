/// The holder of a lease has discarded its connection. See ``Lease/discard(reason:)``.
public struct LeaseDiscarded: Error, Sendable, Hashable, CustomStringConvertible {
    /// The reason that the holder gave.
    public let reason: String

    public var description: String { "discarded by its holder: \(reason)" }
}
