/// The kind of use a lease is for.
@nonexhaustive
public enum PoolAccess: Sendable, Hashable {
    /// The lease may write.
    case readWrite
    /// The lease only reads.
    case readOnly
}
