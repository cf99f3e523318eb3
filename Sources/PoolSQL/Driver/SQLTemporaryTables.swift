/// The treatment of temporary tables by a reset.
@nonexhaustive
public enum SQLTemporaryTables: Sendable, Hashable {
    /// Temporary tables are dropped, with every other temporary object.
    case dropped
    /// Temporary tables stay: the next lease of the connection finds them.
    case kept
}
