/// The substitutes for an acquire that asks for a tag, if no idle connection has just this tag.
@nonexhaustive
public enum PoolTagMatch: Sendable, Hashable {
    /// A connection without a tag, or a new one. Only if the pool has no room for another connection, or connects fail,
    /// is one with another tag reset: the one that was unused for longest.
    case exact
    /// A connection without a tag, or else one with another tag and the session that belongs to it.
    case any
    /// The connection whose tag differs in the fewest properties, with the session that belongs to it.
    case cheapest
}
